"""Who may send where, found by ports first, and then by the two namespaces of a connection.

Most rules are about few ports and few namespaces. Without this every receiver would be laid over every sender
that may send into its namespace at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from registry.connectivity.index import Bits
from registry.connectivity.intervals import Intervals, intersection
from registry.connectivity.podsets import PodSet, meet
from registry.connectivity.ports import Ports
from registry.connectivity.sides import Allowed, Cell, Side

Found = tuple[Side, Cell, PodSet, PodSet]
"""A sender, a cell of its peers, the sources of the sender and the destinations in the cell."""

_Lane = list[tuple[Bits, Bits, Side, Cell]]
"""From one namespace into another: pods of a sender, and those it reaches."""

_Road = list[tuple[Bits, Side, Cell]]
"""From one namespace into many."""

_FEW: Final = 4
"""Namespaces that are noted one by one; noting all of a wide rule would cost more than asking."""


class Lanes:
    """Senders with the cells of their peers."""

    def __init__(self, senders: Iterable[tuple[Side, PodSet, list[Cell]]]) -> None:
        self._of: dict[Allowed, _Lanes] = {}
        self._by_number: defaultdict[int, list[Allowed]] = defaultdict(list)
        self._others: list[Allowed] = []
        self._compatible: dict[Allowed, list[_Lanes]] = {}
        for sender, pods, cells in senders:
            for cell in cells if pods else ():
                self._with(cell.ports).add(sender, pods, cell)

    def into(self, allowed: Allowed, sources: PodSet, destinations: PodSet) -> Iterator[Found]:
        """The senders that have any of `sources` and may reach any of `destinations` at such a port."""
        found = self._compatible.get(allowed)
        if found is None:
            found = self._compatible[allowed] = [self._of[one] for one in self._open_too(allowed)]
        for lanes in found:
            yield from lanes.into(sources, destinations)

    def _with(self, allowed: Allowed) -> "_Lanes":
        lanes = self._of.get(allowed)
        if lanes is None:
            lanes = self._of[allowed] = _Lanes()
            numbers = _numbers(allowed)
            for number in numbers or ():
                self._by_number[number].append(allowed)
            if numbers is None:
                self._others.append(allowed)
        return lanes

    def _open_too(self, allowed: Allowed) -> Iterable[Allowed]:
        """Ports of senders that have any in common with these; names may stand for any."""
        numbers = _numbers(allowed)
        if numbers is None:
            candidates: Iterable[Allowed] = self._of
        else:
            found = (one for number in numbers for one in self._by_number.get(number, ()))
            candidates = dict.fromkeys((*found, *self._others))
        return [one for one in candidates if any(map(_meet, one, allowed))]


class _Lanes:
    """Senders at the same ports, by the namespaces that they are in and reach where these are few."""

    def __init__(self) -> None:
        self._narrow: dict[str, defaultdict[str, _Lane]] = {}
        self._from: defaultdict[str, _Road] = defaultdict(list)
        self._wide: defaultdict[str, list[tuple[PodSet, Side, Cell]]] = defaultdict(list)

    def add(self, sender: Side, pods: PodSet, cell: Cell) -> None:
        """Take in a sender and what it reaches."""
        if len(pods) > 1:
            for into in cell.pods:
                self._wide[into].append((pods, sender, cell))
            return
        [(home, bits)] = pods.items()
        if len(cell.pods) > _FEW:
            self._from[home].append((bits, sender, cell))
            return
        for into, reached in cell.pods.items():
            if into not in self._narrow:
                self._narrow[into] = defaultdict(list)
            self._narrow[into][home].append((bits, reached, sender, cell))

    def into(self, sources: PodSet, destinations: PodSet) -> Iterator[Found]:
        """The senders that have any of `sources` and may reach any of `destinations`."""
        for name, bits in destinations.items():
            for pods, sender, cell in self._wide.get(name, ()):
                if reached := bits & cell.pods[name]:
                    yield sender, cell, meet(pods, sources), {name: reached}
            if lanes := self._narrow.get(name):
                yield from _along(lanes, sources, name, bits)
        if self._from:
            yield from self._on_roads(sources, destinations)

    def _on_roads(self, sources: PodSet, destinations: PodSet) -> Iterator[Found]:
        for home in self._from if len(self._from) < len(sources) else sources:
            senders = sources.get(home, 0)
            for pods, sender, cell in self._from.get(home, ()) if senders else ():
                if pods & senders and (reached := meet(destinations, cell.pods)):
                    yield sender, cell, {home: pods & senders}, reached


def _along(lanes: dict[str, _Lane], sources: PodSet, name: str, bits: Bits) -> Iterator[Found]:
    """What comes into one namespace; of homes and sources the fewer are gone through."""
    for home in lanes if len(lanes) < len(sources) else sources:
        senders = sources.get(home, 0)
        for pods, reached, sender, cell in lanes.get(home, ()) if senders else ():
            if pods & senders and reached & bits:
                yield sender, cell, {home: pods & senders}, {name: reached & bits}


def _numbers(allowed: Allowed) -> list[int] | None:
    """The ports one by one, None where there are names or ranges."""
    if any(ports.named for ports in allowed):
        return None
    spans: list[Intervals] = [ports.numbered for ports in allowed]
    if any(low != high for ranges in spans for low, high in ranges):
        return None
    return list(dict.fromkeys(low for ranges in spans for low, _ in ranges))


def _meet(one: Ports, other: Ports) -> bool:
    if one.named or other.named:
        return bool((one.named or one.numbered) and (other.named or other.numbered))
    return bool(intersection(one.numbered, other.numbered))
