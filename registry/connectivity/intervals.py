"""Sets of whole numbers as sorted, disjoint ranges: what ports and addresses have in common.

A range holds both its ends. Two ranges of one set never touch, so equal sets are equal tuples.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]

NOTHING: Final[Intervals] = ()


def union(ranges: Iterable[Interval]) -> Intervals:
    """The numbers of all `ranges`, which may overlap and come in any order."""
    merged: list[Interval] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def intersection(one: Intervals, other: Intervals) -> Intervals:
    """The numbers that both have."""
    found: list[Interval] = []
    mine, theirs = 0, 0
    while mine < len(one) and theirs < len(other):
        low = max(one[mine][0], other[theirs][0])
        high = min(one[mine][1], other[theirs][1])
        if low <= high:
            found.append((low, high))
        if one[mine][1] < other[theirs][1]:
            mine += 1
        else:
            theirs += 1
    return tuple(found)


def difference(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of `one` that `other` lacks."""
    if not one or not other:
        return one
    found: list[Interval] = []
    for first, last in one:
        low = first
        for start, end in other:
            if end < low:
                continue
            if start > last:
                break
            if low < start:
                found.append((low, start - 1))
            low = end + 1
        if low <= last:
            found.append((low, last))
    return tuple(found)


def contains(ranges: Intervals, number: int) -> bool:
    """Whether `number` is in one of the ranges."""
    place = bisect_right(ranges, (number, number))
    if place < len(ranges) and ranges[place][0] == number:
        return True
    return place > 0 and ranges[place - 1][1] >= number


def overlap(one: Intervals, other: Intervals) -> bool:
    """Whether they have any number in common; found by the ranges of the one that has fewer."""
    if len(other) < len(one):
        one, other = other, one
    for low, high in one:
        place = bisect_right(other, (high, high))
        if place < len(other) and other[place][0] <= high:
            return True
        if place > 0 and other[place - 1][1] >= low:
            return True
    return False
