"""The one write that enables or disables a namespace: its label, with the caller's own token."""

import time
from typing import Final

import msgspec

from registry import contract
from registry.cluster.client import Requests
from registry.cluster.decode import decode_namespace
from registry.cluster.errors import NotFound
from registry.cluster.resources import NAMESPACES
from registry.http import problems
from registry.http.acting import as_caller
from registry.http.namespaces.places import known
from registry.http.problems import Refused
from registry.http.requests import backend
from registry.planning.objects import Namespace
from registry.world.preview import PolicyChange
from registry.world.standing import Standing
from registry.world.switching import Switch
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


def label(here: Standing, planned: Switch, *, managed: bool) -> Written:
    """Set or remove the label, if need be, and wait for what was planned. Raises Refused, or ApiError.

    Refused when the Namespace is no longer the one that the plan was made for.
    """
    started = time.monotonic()
    if here.namespace.managed != managed:
        as_caller(lambda client: _patch(client, here.namespace, managed=managed))
    names = {live.name for live in here.unmanaged}
    awaited = [change for _, change in planned.changes if change.name not in names]
    in_force = _await(here.namespace.name, awaited, started + PATIENCE_SECONDS)
    return Written(in_force, round(time.monotonic() - started, 3) if in_force else None)


async def _read(client: Requests, name: str) -> Namespace:
    try:
        return decode_namespace(await client.get(NAMESPACES.path(name=name)))
    except NotFound as error:
        raise Refused(problems.NAMESPACE_NOT_FOUND, f"There is no namespace {name}.") from error


async def _patch(client: Requests, namespace: Namespace, *, managed: bool) -> None:
    labels = {contract.MANAGED_LABEL: "true" if managed else None}
    body = {"metadata": {"resourceVersion": namespace.resource_version, "labels": labels}}
    await client.merge_patch(NAMESPACES.path(name=namespace.name), body, _FIELD_MANAGER)


def _await(namespace: str, changes: list[PolicyChange], deadline: float) -> bool:
    while not backend().ask(lambda world: all(_holds(world, namespace, change) for change in changes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP_SECONDS)
    return True


def _holds(world: World, namespace: str, change: PolicyChange) -> bool:
    live = world.policies.get(namespace, change.name)
    if change.action == "delete":
        return live is None
    return live is not None and live.spec == bytes(change.after)


def _version(namespace: Namespace) -> int:
    return int(namespace.resource_version)
