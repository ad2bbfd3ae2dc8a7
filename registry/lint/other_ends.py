"""What policies do to pods of which no more is known than the selector that names them.

Such pods may come later, or be made by something that nobody follows. So a policy surely selects them where
the selector implies its own, and may select them where the two do not contradict each other.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec

from registry.connectivity.intervals import intersection
from registry.connectivity.ports import Ports
from registry.connectivity.rules import ReadPolicy, Rule, Term
from registry.connectivity.selectors import Selector, selects
from registry.lint.place import is_added
from registry.planning.selections import contains, overlap

Direction = Literal["ingress", "egress"]


class NearEnd(msgspec.Struct, frozen=True):
    """Known pods: their labels and those of their namespace. Ports are those asked about."""

    namespace: str
    namespace_labels: Mapping[str, str]
    labels: Mapping[str, str]
    ports: Ports


class FarEnd(msgspec.Struct, frozen=True):
    """All pods of one namespace that a selector selects, in the direction that is theirs."""

    namespace: str
    pods: Selector
    direction: Direction


class KnownPolicies(msgspec.Struct, frozen=True, dict=True):
    """NetworkPolicies by namespace, of those of which all are known."""

    policies: Mapping[str, Collection[ReadPolicy]] = {}

    def refuse(self, far: FarEnd, template: str, near: NearEnd) -> bool:
        """Whether each of the far pods, there or not yet, surely has no connection with the near end.

        What `template` generates may change with it: where it may select these pods nothing is certain.
        """
        if far.namespace not in self.policies:
            return False
        known: dict[FarEnd, _Standing] = self.__dict__.setdefault("standing", {})
        if far not in known:
            known[far] = _standing(far, self.policies[far.namespace])
        found = known[far]
        if not found.isolated or template in found.templates:
            return False
        return not any(_may_allow(rule, near) for rule in found.rules)


class _Standing(NamedTuple):
    """Whether some policy surely isolates a far end, the rules that may be theirs, and whose policies are."""

    isolated: bool
    rules: tuple[Rule, ...]
    templates: frozenset[str]


def _standing(far: FarEnd, policies: Iterable[ReadPolicy]) -> _Standing:
    concerned = [one for one in policies if overlap(one.pods, far.pods)]
    isolating = [(one, rules) for one in concerned if (rules := _rules(one, far.direction)) is not None]
    return _Standing(
        any(contains(one.pods, far.pods) for one, _ in isolating),
        tuple(dict.fromkeys(rule for _, rules in isolating for rule in rules)),
        frozenset(one.policy.origin.template for one in concerned if one.policy.origin),
    )


def _rules(read: ReadPolicy, direction: Direction) -> tuple[Rule, ...] | None:
    return read.ingress if direction == "ingress" else read.egress


def _may_allow(rule: Rule, near: NearEnd) -> bool:
    """Blocks of addresses match pods too with some network plugins; names of ports are left open."""
    ports, asked = rule.ports, near.ports
    if not (ports.named or asked.named or intersection(ports.numbered, asked.numbered)):
        return False
    peers = rule.peers
    return peers.anyone or bool(peers.addresses) or any(_may_be(term, near) for term in peers.terms)


def _may_be(term: Term, near: NearEnd) -> bool:
    if term.namespaces is None:
        here = term.namespace == near.namespace
    else:
        here = selects(term.namespaces, near.namespace_labels)
    told = frozenset(one for one in term.pods if not is_added(one.key))
    return here and selects(told, near.labels)
