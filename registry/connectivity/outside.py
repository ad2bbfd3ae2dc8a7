"""The addresses outside of the cluster, split where rules tell them apart."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from registry.connectivity.addresses import ALL_ADDRESSES, read_cidr
from registry.connectivity.intervals import Interval, Intervals, difference, intersection, overlap, union
from registry.model.facts import PRIVATE_RANGES

MOST_PARTS: Final = 64
"""Beyond it addresses are split only into private and public ones."""

PRIVATE: Final = union(read_cidr(one) for one in PRIVATE_RANGES)
PUBLIC: Final = difference(ALL_ADDRESSES, PRIVATE)


class Outside:
    """Disjoint parts of the addresses in use; where they are not `exact`, a range may be some of a part."""

    def __init__(self, used: Iterable[Intervals]) -> None:
        self._used = sorted({one for one in used if one})
        self.parts = _split(self._used)
        self.exact = len(self.parts) <= MOST_PARTS
        if not self.exact:
            everything = union(span for one in self.parts for span in one)
            self.parts = [part for kind in (PRIVATE, PUBLIC) if (part := intersection(everything, kind))]
        self._of = {
            one: [place for place, part in enumerate(self.parts) if overlap(part, one)] for one in self._used
        }

    def parts_of(self, addresses: Intervals) -> list[int]:
        """The parts, by their place in `parts`, of which `addresses` consist."""
        return self._of[addresses]

    def blocks(self, part: int) -> int:
        """How many different ranges in use have any of that part."""
        return sum(part in parts for parts in self._of.values())


def _split(used: list[Intervals]) -> list[Intervals]:
    """The parts that no two of the ranges tell apart, in the order of their first address."""
    bounds: defaultdict[int, list[int]] = defaultdict(list)
    for number, ranges in enumerate(used):
        for low, high in ranges:
            bounds[low].append(number)
            bounds[high + 1].append(number)
    parts: defaultdict[frozenset[int], list[Interval]] = defaultdict(list)
    within: set[int] = set()
    for low, after in pairwise(sorted(bounds)):
        within.symmetric_difference_update(bounds[low])
        if within:
            parts[frozenset(within)].append((low, after - 1))
    return sorted(union(ranges) for ranges in parts.values())
