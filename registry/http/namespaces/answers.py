"""The members of answers about what enabling or disabling a namespace does."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from registry.connectivity.objects import Policy
from registry.http.namespaces.outlook import Outlook
from registry.http.paging import Order, paged
from registry.http.requests import backend
from registry.planning.catalogue import Catalogue
from registry.planning.changes import Problem
from registry.planning.objects import Key
from registry.world.preview import PolicyChange
from registry.world.reach import Reach, Reached, Told
from registry.world.standing import owner_name
from registry.world.traffic import DIRECTIONS

Query = Mapping[str, Any]

MAX_PROBLEMS: Final = 100
BASIS: Final = (
    "By the policies that are there and those planned, and the pods that workloads say they make: who may "
    "connect, not who does. Existing connections may end. Pods that operators make without a kind of "
    "workload that is followed are not looked at."
)

_BY_POLICY: Final = Order[tuple[Key, PolicyChange]]("policy", lambda one: (one[1].name,))


def outlook_answer(found: Outlook, query: Query, catalogue: Catalogue) -> dict[str, Any]:
    """What changes: policies in pages, unmanaged ones, isolation and traffic."""
    return {
        "policies": found.switch.counts,
        "isolation": _isolation(found, query),
        "traffic": [_told(one, catalogue) for one in found.reach.traffic],
        "connections": found.connections,
        "basis": BASIS,
        "enforced": backend().enforcement.standing.enforced,
        "problems": shown_problems(found.switch.problems),
        **paged(found.switch.changes, _BY_POLICY, _change, query),
    }


def shown_problems(found: Iterable[tuple[Key, Problem]]) -> list[dict[str, Any]]:
    """What stands in the way of references: the first 100."""
    return [
        {
            "group": key.group,
            "kind": key.kind,
            "name": key.name,
            "template": problem.template,
            "reason": problem.reason,
            "message": problem.message,
        }
        for key, problem in itertools.islice(found, MAX_PROBLEMS)
    ]


def _change(one: tuple[Key, PolicyChange]) -> dict[str, Any]:
    key, change = one
    return {**msgspec.structs.asdict(change), "workload": owner_name(key)}


def _isolation(found: Outlook, query: Query) -> dict[str, Any]:
    hit = found.reach.workloads
    return {
        "isolated": {one: sum(one in workload.isolated for workload in hit) for one in DIRECTIONS},
        "freed": {one: sum(one in workload.freed for workload in hit) for one in DIRECTIONS},
        "lookedAt": found.looked_at,
        "complete": found.complete,
        "workloads": _workloads(found.reach) if query["workloads"] else None,
    }


def _workloads(reach: Reach) -> list[dict[str, Any]]:
    return [_workload(one) for one in reach.workloads]


def _workload(one: Reached) -> dict[str, Any]:
    key = one.key
    shown = {"group": key.group, "kind": key.kind, "name": key.name}
    return {**shown, "isolated": one.isolated, "freed": one.freed, "cut": one.cut}


def _told(one: Told, catalogue: Catalogue) -> dict[str, Any]:
    template = one.traffic.template
    return {
        "traffic": one.traffic.name,
        "direction": one.traffic.direction,
        "verdict": one.verdict,
        "cut": one.cut,
        "kept": one.kept,
        "by": [_keeper(policy) for policy in one.by],
        "template": template if catalogue.get(template) else None,
    }


def _keeper(policy: Policy) -> dict[str, Any]:
    return {"policy": policy.name, "template": policy.origin.template if policy.origin else None}
