"""All connections of a cluster, as blocks: each of these sources may reach each of these destinations.

Nothing here goes through pairs of pods. Pods with the same rules are one side, the peers of a side's rules
fall into cells, and a block is a cell of the receivers' rules laid over a cell of the senders'. Several
states of one cluster can be laid over each other, as before and after a change: then a block has its ports in
each.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from registry.connectivity.index import Bits
from registry.connectivity.intervals import NOTHING, Intervals, intersection
from registry.connectivity.lanes import Lanes
from registry.connectivity.members import states_of
from registry.connectivity.network import Network
from registry.connectivity.podsets import NOBODY, PodSet, meet
from registry.connectivity.ports import Ports, resolve
from registry.connectivity.sides import Allowed, Cell, Side, cells, sides
from registry.planning.pods import Port

States = tuple[Intervals, ...]
"""Ports in each state."""

Declared = tuple[frozenset[Port], ...]
"""What containers declare in each state."""


class Block(NamedTuple):
    """Every source may reach every destination at the ports; in one of the states at least there are any.

    Sources, or destinations, outside of the cluster are addresses; then the pods of that end are `NOBODY`.
    `sender` and `receiver` are the sides that the pods belong to, None for addresses.
    """

    sources: PodSet
    destinations: PodSet
    ports: States
    sender: Side | None = None
    receiver: Side | None = None
    source_addresses: Intervals = NOTHING
    destination_addresses: Intervals = NOTHING


class _Ends(NamedTuple):
    """The pods that are asked about at each end, None for all."""

    sources: PodSet | None
    destinations: PodSet | None

    def sources_of(self, side: Side) -> PodSet:
        """Those of a side that may be sources."""
        return side.pods if self.sources is None else meet(side.pods, self.sources)

    def destinations_of(self, side: Side) -> PodSet:
        """Those of a side that may be destinations."""
        return side.pods if self.destinations is None else meet(side.pods, self.destinations)


class Flows:
    """The connections of one network, or of several states of it; valid until the network changes.

    What is between two ends that no policy isolates is left out: it is everything.
    """

    def __init__(self, *networks: Network) -> None:
        self.members = states_of(networks)
        self.receivers = sides(networks, "ingress")
        self.senders = sides(networks, "egress")
        first = self.members[0]
        alike = all((one.everyone, one.labelled) == (first.everyone, first.labelled) for one in self.members)
        self._everyone: PodSet | None = first.everyone if alike else None
        self._labelled: PodSet | None = first.labelled if alike else None
        self._cells: dict[Side, list[Cell]] = {}
        self._open: dict[tuple[Allowed, Allowed], States] = {}
        self._declared: dict[str, list[tuple[Declared, Bits]]] = {}
        self._known_same: dict[Side, bool] = {}

    def blocks(
        self, sources: PodSet | None = None, destinations: PodSet | None = None, *, changed: bool = False
    ) -> Iterator[Block]:
        """The connections from `sources` to `destinations`, None for all of them and what is outside.

        With `changed` only those that may differ between the states.
        """
        receivers, senders, ends = self.receivers, self.senders, _Ends(sources, destinations)
        if changed:
            receivers = [side for side in receivers if not self._same(side)]
            senders = [side for side in senders if not self._same(side)]
            if senders:
                others = (side for side in self.receivers if self._same(side))
                yield from self._between_pods(others, senders, ends)
        if receivers:
            yield from self._between_pods(receivers, self.senders, ends)
        if sources is None:
            yield from self._from_outside(receivers, ends)
        if destinations is None:
            yield from self._to_outside(senders, ends)

    def cells(self, side: Side) -> list[Cell]:
        """The peers of a side and what is open to them."""
        found = self._cells.get(side)
        if found is None:
            found = self._cells[side] = cells(side, self.members)
        return found

    def _between_pods(
        self, receivers: Iterable[Side], senders: Iterable[Side], ends: _Ends
    ) -> Iterator[Block]:
        """What isolated ends let through: both of them, or one of them where nothing isolates the other."""
        open_ones = [sender for sender in senders if sender.open]
        isolated = [sender for sender in senders if not sender.open]
        lanes = Lanes((sender, ends.sources_of(sender), self.cells(sender)) for sender in isolated)
        for receiver in receivers:
            pods = ends.destinations_of(receiver)
            if not pods:
                continue
            if receiver.open:
                yield from self._into_open(isolated, receiver, pods, ends)
                continue
            for cell, some in self._numbered(receiver, pods):
                for sender in open_ones:
                    sources = self._meet(ends.sources_of(sender), cell.pods, sender)
                    yield from self._blocks(sources, some, (cell.ports, sender.allowed), (sender, receiver))
                for sender, reached, sources, few in lanes.into(cell.ports, cell.pods, some):
                    yield from self._blocks(sources, few, (cell.ports, reached.ports), (sender, receiver))

    def _into_open(
        self, isolated: Iterable[Side], receiver: Side, pods: PodSet, ends: _Ends
    ) -> Iterator[Block]:
        for sender in isolated:
            if sources := ends.sources_of(sender):
                for cell in self.cells(sender):
                    some = self._meet(pods, cell.pods, receiver)
                    yield from self._blocks(sources, some, (cell.ports, receiver.allowed), (sender, receiver))

    def _numbered(self, receiver: Side, pods: PodSet) -> Iterator[tuple[Cell, PodSet]]:
        """The cells of receivers without names of ports: those by what the receivers declare."""
        for cell in self.cells(receiver):
            if not any(ports.named for ports in cell.ports):
                yield cell, pods
                continue
            for some, numbers in self._named_ports(pods, cell.ports, cell.ports):
                yield cell._replace(ports=tuple(Ports(one) for one in numbers)), some

    def _blocks(
        self, sources: PodSet, destinations: PodSet, allowed: tuple[Allowed, Allowed], ends: tuple[Side, Side]
    ) -> Iterator[Block]:
        if sources and destinations:
            for some, ports in self._ports(destinations, *allowed):
                yield Block(sources, some, ports, *ends)

    def _same(self, side: Side) -> bool:
        """Whether a side is the same in all states: its rules, whom they are about, what it declares."""
        found = self._known_same.get(side)
        if found is None:
            first, *others = self.members
            alike = all(rules == side.rules[0] for rules in side.rules)
            found = alike and not any(first.differs(other, side.rules[0], side.pods) for other in others)
            self._known_same[side] = found
        return found

    def _meet(self, pods: PodSet, peers: PodSet, side: Side) -> PodSet:
        """The pods of a side that are among the peers; the same object where these are everyone."""
        if peers is self._everyone or (peers is self._labelled and not side.host_network):
            return pods
        return meet(pods, peers)

    def _from_outside(self, receivers: Iterable[Side], ends: _Ends) -> Iterator[Block]:
        for receiver in receivers:
            pods = NOBODY if receiver.open else ends.destinations_of(receiver)
            for cell in self.cells(receiver) if pods else ():
                if cell.addresses:
                    for some, ports in self._ports(pods, cell.ports, cell.ports):
                        yield Block(NOBODY, some, ports, receiver=receiver, source_addresses=cell.addresses)

    def _to_outside(self, senders: Iterable[Side], ends: _Ends) -> Iterator[Block]:
        for sender in senders:
            pods = NOBODY if sender.open else ends.sources_of(sender)
            for cell in self.cells(sender) if pods else ():
                ports = tuple(one.numbered for one in cell.ports)
                if cell.addresses and any(ports):
                    yield Block(pods, NOBODY, ports, sender=sender, destination_addresses=cell.addresses)

    def _ports(self, pods: PodSet, one: Allowed, other: Allowed) -> Iterator[tuple[PodSet, States]]:
        """The ports that two rules both open; of named ones, for each way in which pods declare them."""
        known = self._open.get((one, other))
        if known is None and any(ports.named for ports in (*one, *other)):
            yield from self._named_ports(pods, one, other)
            return
        if known is None:
            known = tuple(
                intersection(mine.numbered, theirs.numbered) for mine, theirs in zip(one, other, strict=True)
            )
            self._open[one, other] = known
        if pods and any(known):
            yield pods, known

    def _named_ports(self, pods: PodSet, one: Allowed, other: Allowed) -> Iterator[tuple[PodSet, States]]:
        found: defaultdict[States, dict[str, Bits]] = defaultdict(dict)
        for name, bits in pods.items():
            for declared, bearers in self._declared_in(name):
                if some := bits & bearers:
                    ports = tuple(map(_both, one, other, declared))
                    found[ports][name] = found[ports].get(name, 0) | some
        for ports, some_pods in found.items():
            if any(ports):
                yield some_pods, ports

    def _declared_in(self, name: str) -> list[tuple[Declared, Bits]]:
        """The pods of a namespace by the ports that they declare in each state."""
        found = self._declared.get(name)
        if found is None:
            found = self._declared[name] = _by_declared([one.declared(name) for one in self.members])
        return found


def _both(one: Ports, other: Ports, declared: frozenset[Port]) -> Intervals:
    return intersection(resolve(one, declared), resolve(other, declared))


def _by_declared(states: Sequence[Mapping[frozenset[Port], Bits]]) -> list[tuple[Declared, Bits]]:
    """Where pods are in one of the states alone, they declare nothing in the other."""
    present = reduce(or_, (bits for state in states for bits in state.values()), 0)
    found: list[tuple[Declared, Bits]] = [((), present)]
    for state in states:
        absent = present & ~reduce(or_, state.values(), 0)
        parts = [*state.items(), (frozenset[Port](), absent)]
        found = [
            ((*declared, ports), both)
            for declared, bits in found
            for ports, bearers in parts
            if (both := bits & bearers)
        ]
    return found
