"""The ways from outside to workloads, as far as the caller may list the objects that make them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.cluster.resources import Resource
from registry.connectivity.entrances.reaching import Arrival, arrivals
from registry.connectivity.entrances.routes import leads_to, ways
from registry.connectivity.entrances.store import Entrances
from registry.connectivity.formats.completeness import unread_document
from registry.connectivity.podsets import PodSet
from registry.connectivity.rules import Peers, peers_of
from registry.http.access import Access, Caller, Right
from registry.http.requests import backend, caller
from registry.model.facts import INGRESS_CONTROLLERS
from registry.planning.objects import Key
from registry.world.entrances import Known
from registry.world.live_network import Survey

GroupKind = tuple[str, str]

_EVERYWHERE: Final = ""


class Inside(msgspec.Struct, frozen=True):
    """What leads inside, and what of it the caller may be told: kinds by namespace, which "" is all of."""

    entrances: Entrances
    controllers: Peers | None
    listable: frozenset[tuple[GroupKind, str]]

    def arrivals(self, survey: Survey, pods: PodSet | None) -> Iterator[Arrival]:
        """The ways to `pods` that the caller may be told of, and whether policies let in what comes."""
        network, members = survey.network, survey.flows.members[0]
        every = (way for way in ways(network, members, self.entrances) if leads_to(way, pods))
        found = (way for way in every if self._is_listable(way.by))
        return arrivals(network, members, found, self.controllers)

    def left_out(self) -> Iterator[dict[str, Any]]:
        """What answers have to say of kinds that are not known."""
        if self.entrances.missing:
            named = [f"{name}: {state}" for name, state in sorted(self.entrances.missing.items())]
            message = "Ways from outside that objects of these kinds make are not known."
            yield {"reason": "EntrancesUnknown", "message": message, "total": len(named), "objects": named}

        yield from (unread_document(one) for one in self.entrances.others if one.objects != 0)

    def _is_listable(self, key: Key) -> bool:
        kind = key.group, key.kind
        return (kind, _EVERYWHERE) in self.listable or (kind, key.namespace) in self.listable


def inside() -> Inside:
    """All that leads inside now. Raises Refused, or ApiError."""
    here = backend()
    fact = here.cluster.facts.standing.get(INGRESS_CONTROLLERS)
    controllers = peers_of(fact.value) if fact and fact.value is not None else None
    found = here.call(here.entrances.now())
    return Inside(found.entrances, controllers, here.call(_listable(here.access, caller(), found)))


async def _listable(access: Access, who: Caller, found: Known) -> frozenset[tuple[GroupKind, str]]:
    """Asked for each kind in the whole cluster, and where that is denied in each namespace that has any."""
    kinds = {(one.group, one.kind): one for one in found.kinds}
    everywhere = await _granted(access, who, ((kind, _EVERYWHERE) for kind in kinds), kinds)
    all_of = {kind for kind, _ in everywhere}
    places = (((group, kind), name) for group, kind, name in found.entrances.makers())
    return everywhere | await _granted(access, who, (one for one in places if one[0] not in all_of), kinds)


async def _granted(
    access: Access,
    who: Caller,
    wanted: Iterable[tuple[GroupKind, str]],
    kinds: Mapping[GroupKind, Resource],
) -> frozenset[tuple[GroupKind, str]]:
    asked = list(wanted)
    rights = (Right("list", kinds[kind].group, kinds[kind].plural, name) for kind, name in asked)
    may = await asyncio.gather(*(access.may(who, right) for right in rights))
    return frozenset(one for one, allowed in zip(asked, may, strict=True) if allowed)
