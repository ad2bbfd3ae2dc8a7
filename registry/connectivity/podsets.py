"""Sets of pods over a whole cluster: bits of one namespace by its name, without namespaces that have none."""

from collections.abc import Mapping
from typing import Final

from registry.connectivity.index import Bits

PodSet = Mapping[str, Bits]

NOBODY: Final[PodSet] = {}


def meet(one: PodSet, other: PodSet) -> PodSet:
    """The pods in both; `one` itself where it is the same object, so that equal sets stay one object."""
    if one is other:
        return one
    if len(other) < len(one):
        one, other = other, one
    return {name: both for name, bits in one.items() if (both := bits & other.get(name, 0))}


def without(one: PodSet, other: PodSet) -> PodSet:
    """The pods of `one` that `other` lacks."""
    if one is other:
        return NOBODY
    left = dict(one)
    for name in other if len(other) < len(one) else one:
        bits = left.get(name, 0) & ~other.get(name, 0)
        if bits:
            left[name] = bits
        else:
            left.pop(name, None)
    return left


def join(one: PodSet, other: PodSet) -> PodSet:
    """The pods in either."""
    if not one or not other:
        return one or other
    if len(other) > len(one):
        one, other = other, one
    return {**one, **{name: bits | one.get(name, 0) for name, bits in other.items()}}


def count(pods: PodSet) -> int:
    """How many groups of pods there are."""
    return sum(bits.bit_count() for bits in pods.values())
