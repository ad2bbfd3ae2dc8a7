"""`/api/v1/namespaces`: how namespaces stand, and their policies."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from flask import Response

from registry.http import problems
from registry.http.acting import require
from registry.http.answers import json_answer
from registry.http.namespaces.answers import shown_problems
from registry.http.namespaces.examples import DOCUMENT, PAGE, POLICIES
from registry.http.namespaces.last_switch import last_switch
from registry.http.namespaces.places import readable_namespace
from registry.http.namespaces.rights import on_policies, readable, with_policies
from registry.http.namespaces.schemas import NamespaceDocument, NamespacePage, NamespaceQuery, PolicyPage
from registry.http.operations import ClusterOperations
from registry.http.paging import Order, page, paged
from registry.http.queries import PageQuery
from registry.http.requests import backend
from registry.planning.changes import Problem
from registry.planning.names import template_of
from registry.planning.objects import Key, LivePolicy, Namespace
from registry.planning.resolve import applied_from
from registry.world.standing import Standing, outdated, owner_name, standings
from registry.world.standing import problems as pending

Query = Mapping[str, Any]

_BY_NAME: Final = Order[Namespace]("name", lambda one: (one.name,))
_BY_POLICY: Final = Order[tuple[Key | None, LivePolicy]]("policy", lambda one: (one[1].name,))

blueprint: Final = ClusterOperations(
    "namespaces", __name__, url_prefix="/api/v1/namespaces", description="How namespaces stand."
)


@blueprint.route("", methods=["GET"])
@blueprint.operation
@blueprint.problems(problems.INVALID_QUERY)
@blueprint.query(NamespaceQuery)
@blueprint.answer(200, NamespacePage, example=PAGE)
def list_namespaces(query: Query) -> Response:
    """List namespaces.

    Those that the caller may list or get. Counts are null where the caller may not list NetworkPolicies.
    """
    wanted = query.get("managed")
    there = backend().ask(lambda world: list(world.namespaces))
    names = readable(one.name for one in there)
    shown = [one for one in there if one.name in names and wanted in {None, one.managed}]
    counted = with_policies(one.name for one in shown)
    found = paged(shown, _BY_NAME, lambda one: {"name": one.name}, query)
    return json_answer({**found, "items": _summaries([item["name"] for item in found["items"]], counted)})


@blueprint.route("/<namespace>", methods=["GET"])
@blueprint.operation
@blueprint.problems(problems.NAMESPACE_NOT_FOUND)
@blueprint.answer(200, NamespaceDocument, example=DOCUMENT)
def get_namespace(namespace: str) -> Response:
    """Get how a namespace stands.

    With what stands in the way of its references, the first 100, where the caller may list NetworkPolicies,
    and how long it last took to enable or disable it, where the caller may list Events.
    """
    here = readable_namespace(namespace)
    counted = namespace in with_policies([namespace])
    found = pending(here, backend().clock()) if counted else []
    return json_answer(
        {
            **_summary(here, found, counted=counted),
            "problems": shown_problems(found),
            "lastSwitch": last_switch(namespace),
        }
    )


@blueprint.route("/<namespace>/policies", methods=["GET"])
@blueprint.operation
@blueprint.problems(problems.INVALID_QUERY, problems.NAMESPACE_NOT_FOUND)
@blueprint.query(PageQuery)
@blueprint.answer(200, PolicyPage, example=POLICIES)
def list_policies(query: Query, namespace: str) -> Response:
    """List the NetworkPolicies of a namespace.

    Generated ones with template, revision and workload; unmanaged ones with who wrote them.
    """
    require(on_policies("list", namespace))
    here = readable_namespace(namespace)
    found: list[tuple[Key | None, LivePolicy]] = [*here.generated, *((None, live) for live in here.unmanaged)]
    return page(found, _BY_POLICY, _policy, query)


def _summaries(names: Sequence[str], counted: set[str]) -> list[dict[str, Any]]:
    there = backend().ask(lambda world: standings(world, names))
    clock = backend().clock()
    return [
        _summary(here, pending(here, clock) if name in counted else [], counted=name in counted)
        for name, here in there.items()
    ]


COUNTS: Final = ("references", "generated", "outdated", "unmanaged", "pending")


def _summary(here: Standing, found: list[tuple[Key, Problem]], *, counted: bool) -> dict[str, Any]:
    values = (here.references, len(here.generated), outdated(here), len(here.unmanaged), len(found))
    counts = dict(zip(COUNTS, values, strict=True)) if counted else dict.fromkeys(COUNTS)
    managed = here.namespace.managed and not here.excluded
    return {"name": here.namespace.name, "managed": managed, "excluded": here.excluded, **counts}


def _policy(one: tuple[Key | None, LivePolicy]) -> dict[str, Any]:
    key, live = one
    applied = applied_from(live) if key else None
    return {
        "name": live.name,
        "managed": key is not None,
        "template": template_of(live) or None if key else None,
        "revision": applied.revision if applied else None,
        "tracking": applied.tracking if applied else None,
        "workload": owner_name(key) if key else None,
        "managers": sorted({manager.name for manager in live.managers}),
        "spec": msgspec.Raw(live.spec),
    }
