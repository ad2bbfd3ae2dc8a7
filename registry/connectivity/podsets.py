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
    if not other:
        return one
    return {name: left for name, bits in one.items() if (left := bits & ~other.get(name, 0))}


def join(one: PodSet, other: PodSet) -> PodSet:
    """The pods in either."""
    if not one or not other:
        return one or other
    return {**other, **{name: bits | other.get(name, 0) for name, bits in one.items()}}


def count(pods: PodSet) -> int:
    """How many groups of pods there are."""
    return sum(bits.bit_count() for bits in pods.values())
