"""IP addresses as numbers, IPv4 before IPv6 in one row, and what an ipBlock stands for.

Source: IPBlock in https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/:
the addresses of `cidr` without those of `except`.
"""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network, summarize_address_range
from typing import Final

import msgspec

from registry.connectivity.intervals import Interval, Intervals, difference, intersection, union

_IPV6: Final = 1 << 32
"""Where IPv6 begins, right behind the last IPv4 address."""

ALL_IPV4: Final[Intervals] = ((0, _IPV6 - 1),)
ALL_IPV6: Final[Intervals] = ((_IPV6, _IPV6 + (1 << 128) - 1),)
ALL_ADDRESSES: Final[Intervals] = union((*ALL_IPV4, *ALL_IPV6))


class IPBlock(msgspec.Struct, frozen=True, gc=False):
    """An ipBlock of a NetworkPolicyPeer."""

    cidr: str
    excepted: tuple[str, ...] = msgspec.field(default=(), name="except")


def address_of(text: str) -> int:
    """The place of an address in the one row of all. Raises ValueError for what is no address."""
    return _place(ip_address(text))


@lru_cache(65_536)
def read_cidr(text: str) -> Interval:
    """The addresses of a CIDR, bits beyond its prefix disregarded. Raises ValueError for anything else."""
    network = ip_network(text, strict=False)
    return _place(network.network_address), _place(network.broadcast_address)


def read_block(block: IPBlock) -> Intervals:
    """The addresses of an ipBlock. Raises ValueError for what is no CIDR."""
    return difference((read_cidr(block.cidr),), union(read_cidr(one) for one in block.excepted))


def shown(addresses: Intervals) -> list[str]:
    """Addresses as the fewest CIDRs, IPv4 first."""
    return [text for part in (ALL_IPV4, ALL_IPV6) for text in _networks(intersection(addresses, part))]


def ranges(addresses: Intervals) -> list[str]:
    """Addresses as ranges `first-last`, or one address alone, IPv4 first."""
    parts = [one for part in (ALL_IPV4, ALL_IPV6) for one in intersection(addresses, part)]
    return [f"{_address(low)}" if low == high else f"{_address(low)}-{_address(high)}" for low, high in parts]


def _networks(addresses: Intervals) -> Iterator[str]:
    for low, high in addresses:
        for network in summarize_address_range(_address(low), _address(high)):
            yield str(network)


def _place(address: IPv4Address | IPv6Address) -> int:
    return int(address) + (_IPV6 if address.version == 6 else 0)  # noqa: PLR2004 (the IP version)


def _address(place: int) -> IPv4Address | IPv6Address:
    return IPv4Address(place) if place < _IPV6 else IPv6Address(place - _IPV6)
