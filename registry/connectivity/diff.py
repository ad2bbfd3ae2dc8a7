"""What a change does to connections: those gained and those lost, between two states of one network."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from registry.connectivity.flows import Block, Flows
from registry.connectivity.index import Bits
from registry.connectivity.intervals import NOTHING, Intervals, difference
from registry.connectivity.podsets import PodSet, count, join

ChangeKind = Literal["added", "removed", "changed"]
CHANGES: Final[tuple[ChangeKind, ...]] = ("added", "removed", "changed")


class Change(msgspec.Struct, frozen=True):
    """From each source to each destination ports are `added` or `removed`; addresses are outside."""

    sources: PodSet
    destinations: PodSet
    added: Intervals
    removed: Intervals
    source_addresses: Intervals = NOTHING
    destination_addresses: Intervals = NOTHING

    @property
    def kind(self) -> ChangeKind:
        """Ports gained alone, lost alone, or both."""
        if self.added and self.removed:
            return "changed"
        return "added" if self.added else "removed"


def diff(flows: Flows) -> list[Change]:
    """What differs between the two states of `flows`, before and after; equal ends are put together.

    The state after is to be made by `Network.fork` of the one before.
    """
    return _by_destination(_by_source(_changes(flows.blocks(changed=True))))


def counted(changes: Iterable[Change]) -> dict[ChangeKind, int]:
    """How many there are of each kind."""
    counts = dict.fromkeys(CHANGES, 0)
    for one in changes:
        counts[one.kind] += 1
    return counts


def broadest(changes: Iterable[Change], most: int) -> list[Change]:
    """Of each kind at most so many: those between the most workloads, of equal ones the first by name."""
    left = dict.fromkeys(CHANGES, most)
    found: list[Change] = []
    for one in sorted(changes, key=_narrowness):
        if left[one.kind]:
            left[one.kind] -= 1
            found.append(one)
    return found


def _narrowness(change: Change) -> tuple[object, ...]:
    sources, destinations = count(change.sources), count(change.destinations)
    names = min(change.sources, default=""), min(change.destinations, default="")
    return -(sources or 1) * (destinations or 1), names, change.added, change.removed


def _changes(blocks: Iterator[Block]) -> Iterator[Change]:
    for block in blocks:
        before, after = block.ports
        added, removed = difference(after, before), difference(before, after)
        if added or removed:
            yield Change(
                block.sources,
                block.destinations,
                added,
                removed,
                block.source_addresses,
                block.destination_addresses,
            )


def _by_source(changes: Iterator[Change]) -> list[Change]:
    """Changes with the same sources and ports as one."""
    merged: dict[object, Change] = {}
    for one in changes:
        same = (_frozen(one.sources), one.source_addresses, one.destination_addresses, one.added, one.removed)
        known = merged.get(same)
        pods = join(known.destinations, one.destinations) if known else one.destinations
        merged[same] = msgspec.structs.replace(one, destinations=pods)
    return list(merged.values())


def _by_destination(changes: list[Change]) -> list[Change]:
    """Changes with the same destinations and ports as one."""
    merged: dict[object, Change] = {}
    for one in changes:
        same = (
            _frozen(one.destinations),
            one.source_addresses,
            one.destination_addresses,
            one.added,
            one.removed,
        )
        known = merged.get(same)
        pods = join(known.sources, one.sources) if known else one.sources
        merged[same] = msgspec.structs.replace(one, sources=pods)
    return list(merged.values())


def _frozen(pods: PodSet) -> frozenset[tuple[str, Bits]]:
    return frozenset(pods.items())
