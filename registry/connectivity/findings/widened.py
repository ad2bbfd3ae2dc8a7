"""What policies that no template made open at workloads that generated ones isolate.

The network is laid over a state of itself in which such workloads have their generated policies alone: a
connection that is in one and not in the other exists only for unmanaged policies.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from registry.connectivity.diff import Change, diff
from registry.connectivity.explain import Direction
from registry.connectivity.findings.codes import UNMANAGED_WIDENS
from registry.connectivity.findings.drafts import Draft
from registry.connectivity.findings.matching import directions
from registry.connectivity.findings.words import at, workloads
from registry.connectivity.flows import Flows
from registry.connectivity.index import Bits
from registry.connectivity.intervals import NOTHING, intersection, union
from registry.connectivity.members import Members
from registry.connectivity.namespace import Namespace, Policies
from registry.connectivity.network import Network
from registry.connectivity.objects import Policy
from registry.connectivity.podsets import PodSet, meet
from registry.connectivity.ports import resolve
from registry.connectivity.rules import ReadPolicy, Rule


class _Mixed(NamedTuple):
    """An unmanaged policy, and the pods in a direction that generated ones isolate as well."""

    read: ReadPolicy
    direction: Direction
    pods: PodSet
    generated: tuple[Policy, ...]


def widened(network: Network) -> Iterator[Draft]:
    """Unmanaged policies that widen generated ones, with the connections that exist only for them."""
    generated_only = network.fork()
    mixed = [one for space in network.namespaces.values() for one in _mixed(space)]
    for name in {one.read.policy.namespace for one in mixed}:
        generated_only.namespaces[name] = _generated_only(network.namespaces[name])
    if not mixed:
        return
    flows = Flows(generated_only, network)
    changes = _by_namespace(one for one in diff(flows) if one.added)
    for one in mixed:
        found = list(
            _opened(one, changes.get((one.read.policy.namespace, one.direction), ()), flows.members[-1])
        )
        if found:
            yield _draft(network, one, found)


def _mixed(space: Namespace) -> Iterator[_Mixed]:
    directed: tuple[tuple[Direction, list[Policies]], ...] = (
        ("ingress", space.ingress),
        ("egress", space.egress),
    )
    for direction, by_place in directed:
        found: dict[ReadPolicy, Bits] = {}
        beside: dict[ReadPolicy, dict[str, Policy]] = {}
        for policies, bits in _by_policies(by_place).items():
            generated = {read.policy.name: read.policy for read in policies if read.policy.origin}
            for read in policies if generated else ():
                if not read.policy.origin:
                    found[read] = found.get(read, 0) | bits
                    beside.setdefault(read, {}).update(generated)
        for read, bits in found.items():
            named = tuple(beside[read][name] for name in sorted(beside[read]))
            yield _Mixed(read, direction, {space.name: bits}, named)


def _by_policies(by_place: list[Policies]) -> dict[Policies, Bits]:
    found: dict[Policies, Bits] = {}
    for place, policies in enumerate(by_place):
        if len(policies) > 1:
            found[policies] = found.get(policies, 0) | 1 << place
    return found


def _generated_only(space: Namespace) -> Namespace:
    """The namespace with generated policies alone on pods that have any; others keep what isolates them."""
    made = space.fork()
    for by_place in (made.ingress, made.egress):
        for place, policies in enumerate(by_place):
            generated = tuple(read for read in policies if read.policy.origin)
            if generated:
                by_place[place] = generated
    return made


def _by_namespace(changes: Iterable[Change]) -> dict[tuple[str, Direction], list[Change]]:
    """Changes by where their destinations are, for ingress, and their sources, for egress."""
    found: dict[tuple[str, Direction], list[Change]] = {}
    for change in changes:
        for name in change.destinations:
            found.setdefault((name, "ingress"), []).append(change)
        for name in change.sources:
            found.setdefault((name, "egress"), []).append(change)
    return found


def _opened(mixed: _Mixed, changes: Iterable[Change], members: Members) -> Iterator[Change]:
    """The parts of the changes that rules of this policy allow."""
    rules = dict(directions(mixed.read))[mixed.direction]
    for change in changes:
        for rule in rules:
            yield from _allowed(mixed, change, rule, members)


def _allowed(mixed: _Mixed, change: Change, rule: Rule, members: Members) -> Iterator[Change]:
    sources, destinations = change.sources, change.destinations
    source_addresses, destination_addresses = change.source_addresses, change.destination_addresses
    if mixed.direction == "ingress":
        destinations = meet(destinations, mixed.pods)
        sources = meet(sources, members.of(rule))
        source_addresses = intersection(source_addresses, rule.peers.addresses)
    else:
        sources = meet(sources, mixed.pods)
        destinations = meet(destinations, members.of(rule))
        destination_addresses = intersection(destination_addresses, rule.peers.addresses)
    if not (sources or source_addresses):
        return
    if destination_addresses and (added := intersection(change.added, rule.ports.numbered)):
        yield Change(sources, destinations, added, NOTHING, source_addresses, destination_addresses)
    for declared, some in members.by_declared(destinations).items():
        if added := intersection(change.added, resolve(rule.ports, declared)):
            yield Change(sources, some, added, NOTHING, source_addresses)


def _draft(network: Network, mixed: _Mixed, changes: list[Change]) -> Draft:
    opened = union(span for change in changes for span in change.added)
    return Draft(
        code=UNMANAGED_WIDENS,
        policies=(mixed.read.policy, *mixed.generated),
        what=f"no template made it, and it opens {mixed.direction} where generated policies isolate",
        detail=f"{workloads(network, mixed.pods)} at {at(opened)}",
        pods=mixed.pods,
        connections=tuple(changes),
    )
