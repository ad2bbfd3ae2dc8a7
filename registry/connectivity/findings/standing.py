"""Policies that undo each other, or say the same twice."""

from collections import defaultdict
from collections.abc import Iterator

from registry.connectivity.explain import Direction
from registry.connectivity.findings.codes import DEFAULT_UNDONE, DUPLICATE_POLICY
from registry.connectivity.findings.drafts import Draft
from registry.connectivity.findings.matching import directions
from registry.connectivity.findings.words import workloads
from registry.connectivity.namespace import Namespace
from registry.connectivity.network import Network
from registry.connectivity.ports import ALL_PORTS
from registry.connectivity.rules import ReadPolicy, Rule


def undone(network: Network) -> Iterator[Draft]:
    """Generated policies that deny a direction, where another policy opens it again for anyone."""
    for space in network.namespaces.values():
        openers = [
            (direction, read)
            for read in space.policies.values()
            for direction, rules in directions(read)
            if any(map(_opens_all, rules))
        ]
        if openers:
            yield from _undone(network, space, openers)


def _undone(
    network: Network, space: Namespace, openers: list[tuple[Direction, ReadPolicy]]
) -> Iterator[Draft]:
    for denial in space.policies.values():
        for direction, rules in directions(denial):
            if rules or denial.policy.origin is None:
                continue
            for opened, opener in openers:
                both = space.index.bits(denial.pods) & space.index.bits(opener.pods)
                pods = {space.name: both}
                if opened == direction and both:
                    yield Draft(
                        code=DEFAULT_UNDONE,
                        policies=(denial.policy, opener.policy),
                        what=f"{direction} is denied, and another policy allows all of it again",
                        detail=f"{opener.policy.key} for {workloads(network, pods)}",
                        pods=pods,
                    )


def _opens_all(rule: Rule) -> bool:
    return rule.peers.anyone and rule.ports.numbered == ALL_PORTS


def duplicates(network: Network) -> Iterator[Draft]:
    """Policies of one namespace with the same selector and the same rules."""
    for space in network.namespaces.values():
        alike: defaultdict[object, list[ReadPolicy]] = defaultdict(list)
        for read in space.policies.values():
            alike[_content(read)].append(read)
        for group in alike.values():
            if len(group) > 1:
                yield _duplicate(space, sorted(group, key=_unmanaged_first))


def _content(read: ReadPolicy) -> object:
    return read.pods, *(None if rules is None else frozenset(rules) for rules in (read.ingress, read.egress))


def _unmanaged_first(read: ReadPolicy) -> tuple[bool, str]:
    """What no template keeps is what may go."""
    return read.policy.origin is not None, read.policy.name


def _duplicate(space: Namespace, group: list[ReadPolicy]) -> Draft:
    first, *others = group
    bits = space.index.bits(first.pods)
    return Draft(
        code=DUPLICATE_POLICY,
        policies=tuple(one.policy for one in group),
        what="it says the same as others of its namespace",
        detail=", ".join(str(one.policy.key) for one in others),
        pods={space.name: bits} if bits else {},
    )
