"""What enabling or disabling a namespace would do: to its policies, and to its workloads' traffic."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from registry.cluster.client import Requests
from registry.cluster.errors import Forbidden
from registry.cluster.pods import living_pods
from registry.http.acting import as_caller
from registry.http.connectivity.outcome import connections_between
from registry.http.requests import backend
from registry.http.workloads.rights import listable
from registry.planning.objects import Key, Workload
from registry.planning.pods import Pods
from registry.world.network_objects import group_with
from registry.world.reach import Cluster, Reach, reach
from registry.world.standing import Standing
from registry.world.supposing import suppose, switched
from registry.world.switching import Switch
from registry.world.workloads import workloads_in


class Outlook(msgspec.Struct, frozen=True):
    """What changes. `looked_at` counts the workloads; `complete`: the caller may list all of these kinds.

    `connections` are those that are added and removed, as an answer tells them.
    """

    switch: Switch
    reach: Reach
    connections: Mapping[str, Any]
    looked_at: int
    complete: bool


def outlook(here: Standing, changed: Switch) -> Outlook:
    """What a change does to a namespace, as far as the caller may see it. Raises Refused, or ApiError."""
    seen = _workloads(here.namespace.name)
    change = switched(changed, (group_with(key, pods) for key, pods in seen.living.items()))
    states = suppose(backend().connections(), change)
    found = reach(states.networks, {*seen.known, *seen.living}, Cluster(backend().facts, _namespaces()))
    told = connections_between(states, change)
    return Outlook(changed, found, told, len(seen.known) + len(seen.living), seen.complete)


class _Seen(NamedTuple):
    """Workloads that the caller may list: those that say which pods they have, and the pods of others."""

    known: Collection[Key]
    living: Mapping[Key, Pods]
    complete: bool


def _namespaces() -> list[str] | None:
    """The names of all Namespaces, if this installation looks at all of them."""
    if backend().settings.namespace_selector:
        return None
    return backend().ask(lambda world: [one.name for one in world.namespaces])


def _workloads(namespace: str) -> _Seen:
    """The workloads that the caller may list, and whether those are all there are."""
    kinds = backend().kinds()
    allowed = listable(kinds, namespace)
    there = backend().ask(lambda world: workloads_in(world, namespace))
    seen = [one for one in there if (one.key.group, one.key.kind) in allowed]
    unknown = [one for one in seen if one.pods is None and one.selector]
    living, complete = as_caller(lambda client: _living(client, unknown)) if unknown else ({}, True)
    known = [one.key for one in seen if one.pods]
    return _Seen(known, living, complete and len(allowed) == len(kinds))


async def _living(client: Requests, workloads: Iterable[Workload]) -> tuple[Mapping[Key, Pods], bool]:
    """The pods of workloads without a pod template, by one that lives, if the caller may list Pods."""
    asked = list(workloads)
    calls = (living_pods(client, one.namespace, one.selector or {}) for one in asked)
    try:
        found = await asyncio.gather(*calls)
    except Forbidden:
        return {}, False
    return {one.key: pods for one, pods in zip(asked, found, strict=True) if pods}, True
