"""What enabling or disabling a namespace would do: to its policies, and to its workloads' traffic."""

import asyncio
from collections.abc import Mapping

import msgspec

from registry.cluster.client import Requests
from registry.cluster.errors import Forbidden
from registry.cluster.listing import listed
from registry.cluster.pods import decode_pods
from registry.cluster.resources import DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS, Resource
from registry.http.acting import as_caller
from registry.http.requests import backend
from registry.lint.place import Pods
from registry.planning.objects import Key
from registry.world.isolation import policies
from registry.world.reach import Reach, reach
from registry.world.standing import Standing
from registry.world.switching import Switch

KINDS = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)


class Outlook(msgspec.Struct, frozen=True):
    """What changes. `looked_at` counts the workloads; `complete`: the caller may list all of these kinds."""

    switch: Switch
    reach: Reach
    looked_at: int
    complete: bool


def outlook(here: Standing, changed: Switch) -> Outlook:
    """What a change does to a namespace, as far as the caller may see it. Raises Refused, or ApiError."""
    workloads, complete = as_caller(lambda client: _workloads(client, here.namespace.name))
    found = reach(
        workloads,
        policies(changed.before, here.unmanaged),
        policies(changed.after, here.unmanaged),
        backend().facts,
        _namespaces(),
    )
    return Outlook(changed, found, len(workloads), complete)


def _namespaces() -> list[str] | None:
    """The names of all Namespaces, if this installation looks at all of them."""
    if backend().settings.namespace_selector:
        return None
    return backend().ask(lambda world: [one.name for one in world.namespaces])


async def _workloads(client: Requests, namespace: str) -> tuple[Mapping[Key, Pods], bool]:
    kinds = await asyncio.gather(*(_of_kind(client, resource, namespace) for resource in KINDS))
    return {key: pods for kind in kinds for key, pods in kind or ()}, None not in kinds


async def _of_kind(client: Requests, resource: Resource, namespace: str) -> list[tuple[Key, Pods]] | None:
    try:
        found = [decode_pods(resource, raw) async for raw in listed(client, resource.path(namespace))]
    except Forbidden:
        return None
    return found
