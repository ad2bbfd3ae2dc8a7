"""What a caller may be told of the network: workloads and policies that the caller may list anyway."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from registry.cluster.resources import NETWORK_POLICIES, Resource
from registry.connectivity.index import places
from registry.connectivity.network import Network
from registry.connectivity.podsets import PodSet
from registry.http.access import Access, Caller, Right
from registry.http.acting import require
from registry.http.requests import backend, caller
from registry.http.workloads.rights import listable, listing
from registry.planning.objects import Key

GroupKind = tuple[str, str]
"""API group and kind of a workload."""

EVERYWHERE: Final = ""
"""Stands for all namespaces where a right is asked for."""


class Sight(msgspec.Struct, frozen=True):
    """What a caller may list: kinds of workloads, and policies, everywhere or in some namespaces."""

    everywhere: frozenset[GroupKind]
    kinds: Mapping[str, frozenset[GroupKind]]
    policies_everywhere: bool
    policies: frozenset[str]

    def sees(self, key: Key) -> bool:
        """Whether a workload may be named."""
        kind = key.group, key.kind
        return kind in self.everywhere or kind in self.kinds.get(key.namespace, ())

    def reads(self, namespace: str) -> bool:
        """Whether the policies of a namespace may be shown."""
        return self.policies_everywhere or namespace in self.policies

    def covers(self, present: Mapping[str, Collection[GroupKind]]) -> bool:
        """Whether all workloads may be named in these namespaces, of the kinds that are there."""
        return all(
            kind in self.everywhere or kind in self.kinds.get(name, ())
            for name, some in present.items()
            for kind in some
        )

    def pods(self, network: Network, names: Iterable[str] | None = None) -> PodSet:
        """The pods that may be named: of these namespaces, None for all."""
        found: dict[str, int] = {}
        for name in network.namespaces if names is None else names:
            index = network.namespaces[name].index
            seen = 0
            for place in places(index.present):
                if self.sees(index.group(place).key.workload):
                    seen |= 1 << place
            if seen:
                found[name] = seen
        return found


def sight(present: Mapping[str, Collection[GroupKind]]) -> Sight:
    """What the caller may see in these namespaces, of the kinds there. Raises Refused, or ApiError."""
    here = backend()
    resources = {(one.group, one.kind): one for one in here.kinds()}
    return here.call(_look(here.access, caller(), present, resources))


def kinds_in(network: Network, names: Iterable[str] | None = None) -> dict[str, set[GroupKind]]:
    """The kinds of the workloads in these namespaces, None for all that have any."""
    found = {}
    for name in network.namespaces if names is None else names:
        if space := network.namespaces.get(name):
            found[name] = {(key.workload.group, key.workload.kind) for key in space.index.places}
    return found


def require_namespaces(names: Iterable[str]) -> None:
    """Refuse a caller who may list no kind of workloads in one of these. Raises Refused, or ApiError."""
    resources = backend().kinds()
    for name in names:
        if not listable(resources, name):
            require(listing(resources[0], name))


async def _look(
    access: Access,
    who: Caller,
    present: Mapping[str, Collection[GroupKind]],
    resources: Mapping[GroupKind, Resource],
) -> Sight:
    kinds = sorted({kind for some in present.values() for kind in some} & resources.keys())
    wanted = [(kind, EVERYWHERE) for kind in kinds]
    everywhere = frozenset(kind for kind, _ in await _granted(access, who, wanted, resources))
    wanted = [
        (kind, name)
        for name, some in present.items()
        for kind in some
        if kind in resources.keys() - everywhere
    ]
    found: dict[str, set[GroupKind]] = {}
    for kind, name in await _granted(access, who, wanted, resources):
        found.setdefault(name, set()).add(kind)
    all_policies = await access.may(who, _policies(EVERYWHERE))
    names = [] if all_policies else sorted(present)
    may = await asyncio.gather(*(access.may(who, _policies(name)) for name in names))
    return Sight(
        everywhere,
        {name: frozenset(some) for name, some in found.items()},
        all_policies,
        frozenset(name for name, allowed in zip(names, may, strict=True) if allowed),
    )


async def _granted(
    access: Access,
    who: Caller,
    wanted: Collection[tuple[GroupKind, str]],
    resources: Mapping[GroupKind, Resource],
) -> list[tuple[GroupKind, str]]:
    may = await asyncio.gather(*(access.may(who, listing(resources[kind], name)) for kind, name in wanted))
    return [one for one, allowed in zip(wanted, may, strict=True) if allowed]


def _policies(namespace: str) -> Right:
    return Right("list", NETWORK_POLICIES.group, NETWORK_POLICIES.plural, namespace)
