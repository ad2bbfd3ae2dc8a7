"""The one write that enables or disables a namespace: its labels, with the caller's own token."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from registry import contract
from registry.cluster.client import Requests
from registry.cluster.decode import decode_namespace, decode_policy
from registry.cluster.errors import NotFound
from registry.cluster.listing import listed
from registry.cluster.resources import NAMESPACES, NETWORK_POLICIES
from registry.http import problems
from registry.http.acting import as_caller
from registry.http.namespaces.places import known
from registry.http.problems import Refused
from registry.http.requests import backend
from registry.planning.names import bears_mark, owner_key
from registry.planning.objects import Namespace, Workload
from registry.world.preview import PolicyChange
from registry.world.standing import Standing
from registry.world.switching import Aim, Switch
from registry.world.world import World

PATIENCE_SECONDS: Final = 10.0
"""How long an answer waits for the controller."""
CATCH_UP_SECONDS: Final = 5.0
STEP_SECONDS: Final = 0.02

_FIELD_MANAGER: Final = {"fieldManager": contract.MANAGER}


class Written(msgspec.Struct, frozen=True):
    """Whether what was planned is in force, and how many seconds after the label that was seen."""

    in_force: bool
    seconds: float | None


def fresh_namespace(name: str) -> Standing:
    """The namespace as it stands, as new as the API server says now. Raises Refused, or ApiError."""
    now = as_caller(lambda client: _read(client, name))
    deadline = time.monotonic() + CATCH_UP_SECONDS
    here = known(name)
    while here.namespace.uid != now.uid or _version(here.namespace) < _version(now):
        if time.monotonic() > deadline:
            detail = (
                f"Namespace {name} changed, and the service has not heard of it yet. Try again in a moment."
            )
            raise Refused(problems.OBJECT_CHANGED, detail)
        time.sleep(STEP_SECONDS)
        here = known(name)
    return here


def write(here: Standing, aim: Aim) -> None:
    """Write what the Namespace lacks to be as aimed at: one patch, or none. Raises Refused, or ApiError.

    Refused when the Namespace is no longer the one that the plan was made for.
    """
    metadata = _missing(here, aim)
    if metadata:
        as_caller(lambda client: _patch(client, here.namespace, metadata))


def wait(here: Standing, planned: Switch, started: float) -> Written:
    """Wait until what was planned is in force. Raises Refused."""
    names = {live.name for live in here.unmanaged}
    awaited = [change for _, change in planned.changes if change.name not in names]
    in_force = awaits(
        started, lambda world: all(_holds(world, here.namespace.name, change) for change in awaited)
    )
    return Written(in_force, round(time.monotonic() - started, 3) if in_force else None)


def awaits(started: float, holds: Callable[[World], bool]) -> bool:
    """Whether something came to hold in the watched cluster, in time. Raises Refused."""
    while not backend().ask(holds):
        if time.monotonic() > started + PATIENCE_SECONDS:
            return False
        time.sleep(STEP_SECONDS)
    return True


def end_leaving(here: Standing, started: float) -> bool:
    """Take the wish to leave policies off the Namespace, once they are left. Raises Refused, or ApiError.

    False where some bear our marks still: without the wish, the controller would delete these. The API server
    is asked, since a policy may be newer than what the service has heard of.
    """
    name = here.namespace.name
    while as_caller(lambda client: _any_of_ours(client, name)):
        if time.monotonic() > started + PATIENCE_SECONDS:
            return False
        time.sleep(STEP_SECONDS)
    if known(name).namespace.leaving:
        annotations = {contract.ON_DISABLE_ANNOTATION: None}
        as_caller(lambda client: _merge(client, name, {"annotations": annotations}))
    return True


async def _any_of_ours(client: Requests, namespace: str) -> bool:
    found = [decode_policy(raw) async for raw in listed(client, NETWORK_POLICIES.path(namespace))]
    return any(owner_key(live) for live in found)


def _missing(here: Standing, aim: Aim) -> dict[str, Any]:
    """The members of metadata to patch: labels and annotations that are to change."""
    now = here.namespace
    then = next((one.after for one in aim.labelled if isinstance(one.after, Namespace)), now)
    labels, annotations = differing(now, then)
    if now.managed != aim.managed:
        labels[contract.MANAGED_LABEL] = "true" if aim.managed else None
    if aim.leave and (now.managed or here.generated) and not now.leaving:
        annotations[contract.ON_DISABLE_ANNOTATION] = contract.LEAVE
    elif not aim.leave and now.leaving:
        annotations[contract.ON_DISABLE_ANNOTATION] = None
    parts = {"labels": labels, "annotations": annotations}
    return {name: part for name, part in parts.items() if part}


Entries = dict[str, str | None]


def differing(now: Workload | Namespace, then: Workload | Namespace) -> tuple[Entries, Entries]:
    """The labels and annotations of references that `then` has and `now` lacks."""
    labels: Entries = {
        contract.TEMPLATE_LABEL_PREFIX + name: value
        for name, value in then.references.items()
        if now.references.get(name) != value
    }
    annotations: Entries = {
        contract.PARAMETERS_ANNOTATION_PREFIX + name: text
        for name, text in then.parameters.items()
        if now.parameters.get(name) != text
    }
    return labels, annotations


async def _read(client: Requests, name: str) -> Namespace:
    try:
        return decode_namespace(await client.get(NAMESPACES.path(name=name)))
    except NotFound as error:
        raise Refused(problems.NAMESPACE_NOT_FOUND, f"There is no namespace {name}.") from error


async def _patch(client: Requests, namespace: Namespace, metadata: Mapping[str, Any]) -> None:
    await _merge(client, namespace.name, {"resourceVersion": namespace.resource_version, **metadata})


async def _merge(client: Requests, name: str, metadata: Mapping[str, Any]) -> None:
    await client.merge_patch(NAMESPACES.path(name=name), {"metadata": metadata}, _FIELD_MANAGER)


def _holds(world: World, namespace: str, change: PolicyChange) -> bool:
    live = world.policies.get(namespace, change.name)
    if change.action == "delete":
        return live is None
    there = live is not None and live.spec == bytes(change.after)
    return there and (change.action != "release" or (live is not None and not bears_mark(live)))


def _version(namespace: Namespace) -> int:
    return int(namespace.resource_version)
