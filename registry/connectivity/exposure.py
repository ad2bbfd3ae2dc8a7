"""What strangers could reach, and be reached from: addresses, and workloads that are not there yet.

It is read from the rules, not from the pods that are there: a selector lets in whatever will match it. What
a stranger's own egress allows is not asked, since nobody knows its policies. Workloads of equal exposure are
one group, so the answer is as small as the policies are few.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from registry.connectivity import ports, selectors
from registry.connectivity.entrances.reaching import Arrival
from registry.connectivity.entrances.routes import leads_to
from registry.connectivity.flows import Flows
from registry.connectivity.intervals import NOTHING, difference, union
from registry.connectivity.members import Members
from registry.connectivity.network import Network
from registry.connectivity.podsets import PodSet, join, meet, without
from registry.connectivity.ports import Ports, resolve
from registry.connectivity.rules import Rule, Term
from registry.connectivity.selectors import EVERYTHING, Selector
from registry.connectivity.sides import Side
from registry.connectivity.zones import Zone, ZoneKind, Zones

StrangerKind = ZoneKind | Literal["pods"]

OWN: Final = "own"
"""Stands for the namespace of the workload itself."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Strangers that a rule lets in, or that it lets the workload reach, and the ports.

    Of addresses: CIDRs, where `IPv4` and `IPv6` stand for all of the kind's. Of pods: selectors as kubectl
    writes them, `all` for every one, `own` for the workload's namespace; `now` tells whether some match.
    """

    kind: StrangerKind
    ports: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    namespaces: str = ""
    pods: str = ""
    now: bool = True


class Exposed(msgspec.Struct, frozen=True):
    """Workloads with the same exposure in one direction. Without isolation it is everyone, at every port."""

    pods: PodSet
    isolated: bool
    reaches: tuple[Reach, ...] = ()


class Exposure(msgspec.Struct, frozen=True):
    """Who can come in, where the workloads can go, and those on the host's network: policies pass them by.

    `entrances` are the ways in from outside that lead to them, by name, with whether policies let that in.
    """

    ingress: tuple[Exposed, ...]
    egress: tuple[Exposed, ...]
    host_network: PodSet
    entrances: tuple[Arrival, ...] = ()


def exposure(
    network: Network,
    flows: Flows,
    pods: PodSet | None = None,
    entrances: Iterable[Arrival] = (),
    zones: Zones | None = None,
) -> Exposure:
    """The exposure of `pods`, None for all; `flows` are of this network alone, `entrances` all ways in."""
    members = flows.members[0]
    asked = members.everyone if pods is None else meet(members.everyone, pods)
    labelled = meet(asked, members.labelled)
    reading = _Reading(network, zones or Zones())
    senders = ((some, _opened(side)) for side, some in _asked(flows.senders, labelled))
    return Exposure(
        ingress=reading.group(_at_receivers(flows.receivers, members, labelled)),
        egress=reading.group(senders),
        host_network=without(asked, labelled),
        entrances=tuple(one for one in entrances if leads_to(one.way, pods)),
    )


class _Addresses(NamedTuple):
    """Strangers by address."""

    zone: Zone

    def includes(self, other: "_Stranger") -> bool:
        """Whether all that the other stands for is meant here too."""
        return isinstance(other, _Addresses) and not difference(other.zone.addresses, self.zone.addresses)


class _Pods(NamedTuple):
    """Strangers by selectors; `namespaces` is None for the workload's own."""

    namespaces: Selector | None
    pods: Selector
    now: bool

    def includes(self, other: "_Stranger") -> bool:
        """Whether all that the other stands for is meant here too."""
        if isinstance(other, _Addresses) or not self.pods <= other.pods:
            return False
        if self.namespaces is None or other.namespaces is None:
            return self.namespaces in (other.namespaces, EVERYTHING)
        return self.namespaces <= other.namespaces


_Stranger = _Addresses | _Pods

_Opened = Sequence[tuple[Rule, Ports]]
"""The rules of some workloads, and the ports that each opens; None where nothing isolates them."""


def _at_receivers(
    receivers: Iterable[Side], members: Members, asked: PodSet
) -> Iterator[tuple[PodSet, _Opened | None]]:
    """Workloads by their rules of ingress, and what these open at the ports that they declare."""
    for side, pods in _asked(receivers, asked):
        opened = _opened(side)
        if opened is None or not any(given.named for _, given in opened):
            yield pods, opened
            continue
        for declared, some in members.by_declared(pods).items():
            yield some, [(rule, Ports(resolve(given, declared))) for rule, given in opened]


def _opened(side: Side) -> _Opened | None:
    return None if side.open else [(rule, rule.ports) for rule in side.rules[0]]


def _asked(sides: Iterable[Side], asked: PodSet) -> Iterator[tuple[Side, PodSet]]:
    for side in sides:
        if pods := meet(side.pods, asked):
            yield side, pods


class _Reading:
    """Reads exposures out of rules, each rule once."""

    def __init__(self, network: Network, zones: Zones) -> None:
        self._network = network
        self._zones = zones
        self._known: dict[Rule, tuple[_Stranger, ...]] = {}
        self._now: dict[Term, bool] = {}

    def group(self, parts: Iterable[tuple[PodSet, _Opened | None]]) -> tuple[Exposed, ...]:
        """Workloads with equal exposure together, those that nothing isolates first."""
        found: dict[tuple[bool, tuple[Reach, ...]], PodSet] = {}
        for pods, opened in parts:
            same = (opened is not None, self._reaches(opened or ()))
            found[same] = join(found.get(same, {}), pods)
        groups = (Exposed(pods, isolated, reaches) for (isolated, reaches), pods in found.items())
        return tuple(sorted(groups, key=_most_exposed_first))

    def _reaches(self, opened: _Opened) -> tuple[Reach, ...]:
        found: dict[_Stranger, Ports] = {}
        for rule, given in opened:
            for stranger in self._strangers(rule):
                found[stranger] = _both(found.get(stranger, Ports(NOTHING)), given)
        left = ((one, _beyond(one, given, found)) for one, given in found.items())
        reaches = (self._reach(one, given) for one, given in left if given.numbered or given.named)
        return tuple(sorted(reaches, key=msgspec.structs.astuple))

    def _strangers(self, rule: Rule) -> tuple[_Stranger, ...]:
        found = self._known.get(rule)
        if found is None:
            found = self._known[rule] = tuple(self._read(rule))
        return found

    def _read(self, rule: Rule) -> Iterator[_Stranger]:
        peers = rule.peers
        if peers.addresses:
            yield from map(_Addresses, self._zones.split(peers.addresses))
        if peers.anyone:
            yield _Pods(EVERYTHING, EVERYTHING, now=True)
        for term in peers.terms:
            yield _Pods(term.namespaces, term.pods, self._is_there(term))

    def _is_there(self, term: Term) -> bool:
        found = self._now.get(term)
        if found is None:
            network = self._network
            names = {term.namespace} if term.namespaces is None else network.names(term.namespaces)
            spaces = (network.namespaces[name] for name in names if name in network.namespaces)
            found = self._now[term] = any(space.index.bits(term.pods) for space in spaces)
        return found

    def _reach(self, stranger: _Stranger, given: Ports) -> Reach:
        shown = (*(ports.shown(given.numbered) if given.numbered else ()), *map(" ".join, given.named))
        if isinstance(stranger, _Addresses):
            zone = stranger.zone
            return Reach(kind=zone.kind, ports=shown, addresses=tuple(self._zones.shown(zone)))
        namespaces = OWN if stranger.namespaces is None else selectors.shown(stranger.namespaces)
        pods = selectors.shown(stranger.pods)
        return Reach(kind="pods", ports=shown, namespaces=namespaces, pods=pods, now=stranger.now)


def _both(one: Ports, other: Ports) -> Ports:
    return Ports(union((*one.numbered, *other.numbered)), tuple(sorted({*one.named, *other.named})))


def _beyond(stranger: _Stranger, given: Ports, all_found: Mapping[_Stranger, Ports]) -> Ports:
    """The ports that are not open anyway to more than these strangers."""
    for other, theirs in all_found.items():
        if other != stranger and other.includes(stranger):
            numbered = difference(given.numbered, theirs.numbered)
            given = Ports(numbered, tuple(one for one in given.named if one not in theirs.named))
    return given


def _most_exposed_first(group: Exposed) -> tuple[bool, list[Any]]:
    return group.isolated, [msgspec.structs.astuple(one) for one in group.reaches]
