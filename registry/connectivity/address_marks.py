"""Which of the address ranges that policies use an address is in: what tells pods apart by address. Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from registry.connectivity import addresses
from registry.connectivity.intervals import Intervals

MOST_SHOWN: Final = 2
"""Blocks that a text names."""


class AddressMarks:
    """The ranges in use; where an address is in them is looked up by bisection."""

    def __init__(self, used: Iterable[Intervals] = ()) -> None:
        self._ranges = sorted({one for one in used if one and one != addresses.ALL_ADDRESSES})
        bounds: defaultdict[int, list[int]] = defaultdict(list)
        for number, ranges in enumerate(self._ranges):
            for low, high in ranges:
                bounds[low].append(number)
                bounds[high + 1].append(number)
        self._edges = sorted(bounds)
        self._within: list[frozenset[int]] = []
        within: set[int] = set()
        for edge in self._edges:
            for number in bounds[edge]:
                within ^= {number}
            self._within.append(frozenset(within))

    def within(self, texts: Iterable[str]) -> frozenset[int]:
        """The numbers of the ranges that any of these addresses is in."""
        found: frozenset[int] = frozenset()
        for text in texts if self._edges else ():
            place = bisect_right(self._edges, addresses.address_of(text))
            if place:
                found |= self._within[place - 1]
        return found

    def shown(self, numbers: Iterable[int]) -> str:
        """Ranges as a person reads them."""
        blocks = [block for number in sorted(numbers) for block in addresses.shown(self._ranges[number])]
        more = len(blocks) - MOST_SHOWN
        said = ", ".join(blocks[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return f"in {said}" if blocks else "in no ipBlock"
