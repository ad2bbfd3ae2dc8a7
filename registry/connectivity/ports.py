"""Ports as numbers, those of all protocols in one row, and what the ports of a rule stand for.

Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-networkpolicy-resource
and NetworkPolicyPort in the API reference: without a protocol it is TCP, without a port all of the
protocol's, and a name stands for whatever number the containers of the destination give it, under the same
protocol.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from registry.connectivity.intervals import NOTHING, Intervals, intersection, union
from registry.planning.pods import Port

PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
LAST: Final = 65_535
_SHIFT: Final = 16
_FIRST_OF: Final = {protocol: place << _SHIFT for place, protocol in enumerate(PROTOCOLS)}

ALL_OF: Final = {protocol: ((first + 1, first + LAST),) for protocol, first in _FIRST_OF.items()}
"""All ports of each protocol."""

ALL_PORTS: Final[Intervals] = union(ranges[0] for ranges in ALL_OF.values())


_Number = Annotated[int, msgspec.Meta(ge=1, le=LAST)]


class PolicyPort(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A NetworkPolicyPort."""

    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    port: _Number | str | None = None
    end_port: _Number | None = None

    def __post_init__(self) -> None:
        if self.end_port is not None and not (isinstance(self.port, int) and self.port <= self.end_port):
            raise ValueError(f"endPort {self.end_port} needs a port that is a number and not above it")


class Ports(NamedTuple):
    """The ports of a rule: those it numbers, and `(protocol, name)` of those it names."""

    numbered: Intervals
    named: tuple[tuple[str, str], ...] = ()


EVERY_PORT: Final = Ports(ALL_PORTS)


def number_of(protocol: str, port: int) -> int:
    """The place of a port in the one row of all. Raises KeyError for a protocol that policies do not know."""
    return _FIRST_OF[protocol] + port


def read_ports(entries: Sequence[PolicyPort] | None) -> Ports:
    """What `ports` of a rule stand for; absent and empty are every port of every protocol."""
    if not entries:
        return EVERY_PORT
    numbered = [_range(one, one.port) for one in entries if not isinstance(one.port, str)]
    named = {(one.protocol, one.port) for one in entries if isinstance(one.port, str)}
    return Ports(union(numbered), tuple(sorted(named)))


def _range(entry: PolicyPort, port: int | None) -> tuple[int, int]:
    if port is None:
        return ALL_OF[entry.protocol][0]
    last = port if entry.end_port is None else entry.end_port
    return number_of(entry.protocol, port), number_of(entry.protocol, last)


@lru_cache(65_536)
def resolve(ports: Ports, declared: frozenset[Port]) -> Intervals:
    """The numbers of `ports` at pods whose containers declare these."""
    if not ports.named:
        return ports.numbered
    found = [
        (number, number)
        for one in declared
        if one.name and (one.protocol, one.name) in ports.named
        for number in (number_of(one.protocol, one.number),)
    ]
    return union((*ports.numbered, *found)) if found else ports.numbered


def shown(ports: Intervals) -> list[str]:
    """Ports as a person reads them: `TCP 80`, `TCP 8000-8100`, `UDP` for all of it, `any` for all."""
    if ports == ALL_PORTS:
        return ["any"]
    return [text for protocol in PROTOCOLS for text in _shown_of(protocol, ports)]


def _shown_of(protocol: str, ports: Intervals) -> Collection[str]:
    first = _FIRST_OF[protocol]
    found = intersection(ports, ALL_OF[protocol]) if ports else NOTHING
    if found == ALL_OF[protocol]:
        return [protocol]
    spans = ((low - first, high - first) for low, high in found)
    return [f"{protocol} {low}" if low == high else f"{protocol} {low}-{high}" for low, high in spans]
