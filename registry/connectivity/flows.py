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
from registry.connectivity.members import states_of
from registry.connectivity.network import Network
from registry.connectivity.podsets import NOBODY, PodSet, meet
from registry.connectivity.ports import Ports, resolve
from registry.connectivity.sides import Cell, Side, cells, sides
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
    """Who may be at either end."""

    receivers: list[Side]
    senders: list[Side]


_Into = defaultdict[str, list[tuple[Side, Cell]]]
"""Senders into each namespace, with the cell of their peers there."""

_Reached = tuple[Side, Cell, PodSet]
"""A sender, a cell of its peers, and those of some receivers that are in it."""


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
        self._open: dict[tuple[tuple[Ports, ...], tuple[Ports, ...]], States] = {}
        self._declared: dict[str, list[tuple[Declared, Bits]]] = {}
        self._known_same: dict[Side, bool] = {}

    def blocks(
        self, sources: PodSet | None = None, destinations: PodSet | None = None, *, changed: bool = False
    ) -> Iterator[Block]:
        """The connections from `sources` to `destinations`, None for all of them and what is outside.

        With `changed` only those that may differ between the states.
        """
        receivers, senders = self.receivers, self.senders
        if changed:
            receivers = [side for side in receivers if not self._same(side)]
            senders = [side for side in senders if not self._same(side)]
            others = [side for side in self.receivers if self._same(side)]
            yield from self._between_pods(_Ends(others, senders), sources, destinations)
        if receivers:
            yield from self._between_pods(_Ends(receivers, self.senders), sources, destinations)
        if sources is None:
            yield from self._from_outside(receivers, destinations)
        if destinations is None:
            yield from self._to_outside(senders, sources)

    def cells(self, side: Side) -> list[Cell]:
        """The peers of a side and what is open to them."""
        found = self._cells.get(side)
        if found is None:
            found = self._cells[side] = cells(side, self.members)
        return found

    def _between_pods(
        self, ends: _Ends, sources: PodSet | None, destinations: PodSet | None
    ) -> Iterator[Block]:
        into = self._by_namespace(ends.senders)
        for receiver in ends.receivers:
            pods = receiver.pods if destinations is None else meet(receiver.pods, destinations)
            if receiver.open:
                found = self._into_open(ends.senders, receiver, pods)
            else:
                found = _into_isolated(into, pods)
            for sender, cell, reached in found:
                whole = sender.pods if sources is None else meet(sender.pods, sources)
                if whole:
                    yield from self._between(whole, sender, cell, receiver, reached)

    def _into_open(self, senders: Iterable[Side], receiver: Side, pods: PodSet) -> Iterator[_Reached]:
        """Who may send to these, among the senders that some policy isolates."""
        for sender in senders:
            for cell in () if sender.open else self.cells(sender):
                if reached := self._meet(pods, cell.pods, receiver):
                    yield sender, cell, reached

    def _by_namespace(self, senders: Iterable[Side]) -> _Into:
        """Who may send into each namespace."""
        found: _Into = defaultdict(list)
        for sender in senders:
            for cell in self.cells(sender):
                for name in cell.pods:
                    found[name].append((sender, cell))
        return found

    def _same(self, side: Side) -> bool:
        """Whether a side is the same in all states: its rules, whom they are about, what it declares."""
        found = self._known_same.get(side)
        if found is None:
            first, *others = self.members
            alike = all(rules == side.rules[0] for rules in side.rules)
            found = alike and not any(first.differs(other, side.rules[0], side.pods) for other in others)
            self._known_same[side] = found
        return found

    def _between(
        self, pods: PodSet, sender: Side, reached: Cell, receiver: Side, destinations: PodSet
    ) -> Iterator[Block]:
        for cell in self.cells(receiver):
            if sources := self._meet(pods, cell.pods, sender):
                for some, ports in self._ports(destinations, cell.ports, reached.ports):
                    yield Block(sources, some, ports, sender, receiver)

    def _meet(self, pods: PodSet, peers: PodSet, side: Side) -> PodSet:
        """The pods of a side that are among the peers; the same object where these are everyone."""
        if peers is self._everyone or (peers is self._labelled and not side.host_network):
            return pods
        return meet(pods, peers)

    def _from_outside(self, receivers: Iterable[Side], destinations: PodSet | None) -> Iterator[Block]:
        for receiver in receivers:
            if receiver.open:
                continue
            pods = receiver.pods if destinations is None else meet(receiver.pods, destinations)
            for cell in self.cells(receiver):
                if cell.addresses:
                    for some, ports in self._ports(pods, cell.ports, cell.ports):
                        yield Block(NOBODY, some, ports, receiver=receiver, source_addresses=cell.addresses)

    def _to_outside(self, senders: Iterable[Side], sources: PodSet | None) -> Iterator[Block]:
        for sender in senders:
            if sender.open:
                continue
            pods = sender.pods if sources is None else meet(sender.pods, sources)
            for cell in self.cells(sender):
                ports = tuple(one.numbered for one in cell.ports)
                if pods and cell.addresses and any(ports):
                    yield Block(pods, NOBODY, ports, sender=sender, destination_addresses=cell.addresses)

    def _ports(
        self, pods: PodSet, one: tuple[Ports, ...], other: tuple[Ports, ...]
    ) -> Iterator[tuple[PodSet, States]]:
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

    def _named_ports(
        self, pods: PodSet, one: tuple[Ports, ...], other: tuple[Ports, ...]
    ) -> Iterator[tuple[PodSet, States]]:
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


def _into_isolated(into: _Into, pods: PodSet) -> Iterator[_Reached]:
    """Who may send to these, found by namespace: most rules are about one."""
    for name, bits in pods.items():
        for sender, cell in into[name]:
            if both := bits & cell.pods[name]:
                yield sender, cell, {name: both}


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
