"""Which addresses are the internet, and which are private or special.

Sources: RFC 1918, RFC 6598 (shared), RFC 3927 and RFC 4291 (link-local), RFC 4193 (unique local), and the
registries of special addresses (https://www.iana.org/assignments/iana-ipv4-special-registry/,
https://www.iana.org/assignments/ipv6-address-space/: global unicast is 2000::/3). Blocks for documentation
count as the internet.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from registry.connectivity import addresses
from registry.connectivity.addresses import ALL_ADDRESSES, ALL_IPV4, ALL_IPV6, read_cidr
from registry.connectivity.intervals import NOTHING, Intervals, difference, intersection, union
from registry.model.facts import PRIVATE_RANGES

ZoneKind = Literal["internet", "addresses", "private"]
"""`internet` is all of it in a family; `addresses` are parts of it; `private` what belongs to nobody else."""

_SPECIAL: Final = ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4")
_GLOBAL_IPV6: Final = "2000::/3"


def _internet() -> Intervals:
    kept = union((*ALL_IPV4, read_cidr(_GLOBAL_IPV6)))
    return difference(kept, union(read_cidr(block) for block in (*_SPECIAL, *PRIVATE_RANGES)))


INTERNET: Final[Intervals] = _internet()
"""All addresses that are neither private nor special."""


class Zone(NamedTuple):
    """Some addresses of one kind."""

    kind: ZoneKind
    addresses: Intervals


class Zones:
    """Tells addresses apart; `private` are ranges of one's own besides those that are so everywhere."""

    def __init__(self, private: Intervals = NOTHING) -> None:
        self.internet = difference(INTERNET, private)
        self.private = difference(ALL_ADDRESSES, self.internet)

    def split(self, given: Intervals) -> Iterator[Zone]:
        """The same addresses by kind; IPv4 and IPv6 apart only where one is whole and the other is not."""
        public = intersection(given, self.internet)
        whole: Intervals = NOTHING
        for family in (ALL_IPV4, ALL_IPV6):
            of_family = intersection(self.internet, family)
            if of_family and not difference(of_family, public):
                whole = union((*whole, *of_family))
        if whole:
            yield Zone("internet", whole)
        if some := difference(public, whole):
            yield Zone("addresses", some)
        if private := intersection(given, self.private):
            yield Zone("private", private)

    def shown(self, zone: Zone) -> list[str]:
        """A zone as CIDRs; `IPv4` and `IPv6` stand for all addresses of its kind in that family."""
        every = self.private if zone.kind == "private" else self.internet
        texts: list[str] = []
        for name, family in (("IPv4", ALL_IPV4), ("IPv6", ALL_IPV6)):
            mine = intersection(zone.addresses, family)
            texts += [name] if mine and mine == intersection(every, family) else addresses.shown(mine)
        return texts
