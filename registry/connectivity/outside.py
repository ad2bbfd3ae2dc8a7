"""The addresses outside of the cluster, split where rules tell them apart."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from registry.connectivity.intervals import Interval, Intervals, union

MOST_PARTS: Final = 64
"""Beyond it addresses are not split: what each rule is about stays whole, and may overlap with others."""


class Outside:
    """Disjoint parts of the addresses in use; each of the `used` ranges consists of some of them."""

    def __init__(self, used: Iterable[Intervals]) -> None:
        distinct = sorted({one for one in used if one})
        self.parts = _split(distinct)
        if len(self.parts) > MOST_PARTS:
            self.parts = distinct
            self._of = {one: [place] for place, one in enumerate(distinct)}
            return
        self._of = {
            one: [place for place, part in enumerate(self.parts) if _within(part, one)] for one in distinct
        }

    def parts_of(self, addresses: Intervals) -> list[int]:
        """The parts, by their place in `parts`, of which `addresses` consist."""
        return self._of[addresses]


def _split(used: list[Intervals]) -> list[Intervals]:
    """The parts that no two of the ranges tell apart, in the order of their first address."""
    bounds: defaultdict[int, list[int]] = defaultdict(list)
    for number, ranges in enumerate(used):
        for low, high in ranges:
            bounds[low].append(number)
            bounds[high + 1].append(number)
    parts: defaultdict[frozenset[int], list[Interval]] = defaultdict(list)
    within: set[int] = set()
    edges = sorted(bounds)
    for low, after in pairwise(edges):
        within.symmetric_difference_update(bounds[low])
        if within:
            parts[frozenset(within)].append((low, after - 1))
    return sorted(union(ranges) for ranges in parts.values())


def _within(part: Intervals, ranges: Intervals) -> bool:
    first = part[0][0]
    return any(low <= first <= high for low, high in ranges)
