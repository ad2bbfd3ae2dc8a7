"""Which workloads policies isolate, in which direction and by which templates; cheap at any size.

Isolation alone: what the rules let through again is told by `exposure`.
"""

from collections.abc import Iterable
from functools import reduce
from operator import add
from typing import Final

import msgspec

from registry.connectivity.index import Bits, places
from registry.connectivity.namespace import Namespace, Policies
from registry.connectivity.network import Network
from registry.connectivity.podsets import PodSet

UNMANAGED: Final = ""
"""Stands for policies that no template made."""


class Cover(msgspec.Struct, frozen=True):
    """How many workloads a template's policies isolate in each direction; `UNMANAGED` are all others."""

    template: str
    ingress: int = 0
    egress: int = 0

    def __add__(self, other: "Cover") -> "Cover":
        return Cover(self.template, self.ingress + other.ingress, self.egress + other.egress)


class Counts(msgspec.Struct, frozen=True):
    """Workloads, which are groups of pods that are alike: those on the host's network are counted apart.

    `ingress` and `egress` are isolated in that direction at least, `both` in both, `unprotected` in neither.
    """

    workloads: int = 0
    ingress: int = 0
    egress: int = 0
    both: int = 0
    unprotected: int = 0
    host_network: int = 0

    def percent(self, covered: int) -> float | None:
        """What part of all workloads in reach of policies that is; None where there are none."""
        return round(100 * covered / self.workloads, 1) if self.workloads else None

    def __add__(self, other: "Counts") -> "Counts":
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Counts(*map(add, mine, theirs))


class NamespaceCoverage(msgspec.Struct, frozen=True):
    """One namespace. `unprotected` and `host_network` are the workloads that `counts` counts as such."""

    namespace: str
    counts: Counts
    templates: tuple[Cover, ...]
    unprotected: PodSet
    host_network: PodSet


class Coverage(msgspec.Struct, frozen=True):
    """All namespaces asked about by name, and their sums."""

    counts: Counts
    templates: tuple[Cover, ...]
    namespaces: tuple[NamespaceCoverage, ...]


def coverage(network: Network, namespaces: Iterable[str] | None = None) -> Coverage:
    """The coverage of these namespaces, None for all; unknown ones are left out."""
    names = sorted(network.namespaces if namespaces is None else set(namespaces) & network.namespaces.keys())
    found = tuple(_namespace(network.namespaces[name]) for name in names)
    return Coverage(
        counts=reduce(add, (one.counts for one in found), Counts()),
        templates=_summed(cover for one in found for cover in one.templates),
        namespaces=found,
    )


def _namespace(space: Namespace) -> NamespaceCoverage:
    index = space.index
    workloads = index.everyone
    host_network = index.present & ~workloads
    by_ingress, by_egress = _by_template(space.ingress, workloads), _by_template(space.egress, workloads)
    ingress, egress = _any(space.ingress, workloads), _any(space.egress, workloads)
    unprotected = workloads & ~ingress & ~egress
    return NamespaceCoverage(
        namespace=space.name,
        counts=Counts(
            workloads=workloads.bit_count(),
            ingress=ingress.bit_count(),
            egress=egress.bit_count(),
            both=(ingress & egress).bit_count(),
            unprotected=unprotected.bit_count(),
            host_network=host_network.bit_count(),
        ),
        templates=tuple(
            Cover(template, by_ingress.get(template, 0), by_egress.get(template, 0))
            for template in sorted(by_ingress.keys() | by_egress.keys())
        ),
        unprotected=_in(space, unprotected),
        host_network=_in(space, host_network),
    )


def _in(space: Namespace, bits: Bits) -> PodSet:
    return {space.name: bits} if bits else {}


def _any(policies: list[Policies], workloads: Bits) -> Bits:
    """The workloads that some policy isolates."""
    return sum(1 << place for place in places(workloads) if policies[place])


def _by_template(policies: list[Policies], workloads: Bits) -> dict[str, int]:
    """How many workloads the policies of each template isolate."""
    found: dict[str, int] = {}
    for place in places(workloads):
        for template in {
            read.policy.origin.template if read.policy.origin else UNMANAGED for read in policies[place]
        }:
            found[template] = found.get(template, 0) + 1
    return found


def _summed(covers: Iterable[Cover]) -> tuple[Cover, ...]:
    found: dict[str, Cover] = {}
    for cover in covers:
        known = found.get(cover.template)
        found[cover.template] = known + cover if known else cover
    return tuple(found[template] for template in sorted(found))
