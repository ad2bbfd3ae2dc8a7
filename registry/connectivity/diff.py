"""What a change does to connections: those gained and those lost, between two states of one network."""

from collections.abc import Iterator

import msgspec

from registry.connectivity.flows import Block, Flows
from registry.connectivity.index import Bits
from registry.connectivity.intervals import NOTHING, Intervals, difference
from registry.connectivity.podsets import PodSet, join


class Change(msgspec.Struct, frozen=True):
    """From each source to each destination ports are `added` or `removed`; addresses are outside."""

    sources: PodSet
    destinations: PodSet
    added: Intervals
    removed: Intervals
    source_addresses: Intervals = NOTHING
    destination_addresses: Intervals = NOTHING


def diff(flows: Flows) -> list[Change]:
    """What differs between the two states of `flows`, before and after; equal ends are put together.

    The state after is to be made by `Network.fork` of the one before.
    """
    return _by_destination(_by_source(_changes(flows.blocks(changed=True))))


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
