"""What policies do to pods of which no more is known than the selector that names them.

Such pods may come later, or be made by something that nobody follows. So a policy surely selects them where
the selector implies its own, and may select them where the two do not contradict each other.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

from registry.connectivity.intervals import intersection
from registry.connectivity.ports import Ports
from registry.connectivity.rules import ReadPolicy, Rule, Term
from registry.connectivity.selectors import Selector, selects
from registry.lint.place import is_added
from registry.planning.exclusion import Requirement

Direction = Literal["ingress", "egress"]

PoliciesByNamespace = Mapping[str, Collection[ReadPolicy]]
"""The NetworkPolicies of namespaces of which all are known."""


class NearEnd(msgspec.Struct, frozen=True):
    """Known pods: their labels and those of their namespace. Ports are those asked about."""

    namespace: str
    namespace_labels: Mapping[str, str]
    labels: Mapping[str, str]
    ports: Ports


class FarEnd(msgspec.Struct, frozen=True):
    """All pods of one namespace that a selector selects, in the direction that is theirs."""

    pods: Selector
    direction: Direction

    def refuses(self, policies: Iterable[ReadPolicy], template: str, near: NearEnd) -> bool:
        """Whether each of these pods, there or not yet, surely has no connection with the near end.

        What `template` generates may change with it: where it may select these pods nothing is certain.
        """
        concerned = [one for one in policies if may_select(one.pods, self.pods)]
        if any(one.policy.origin and one.policy.origin.template == template for one in concerned):
            return False
        isolating = [(one, rules) for one in concerned if (rules := self._rules(one)) is not None]
        if not any(surely_selects(one.pods, self.pods) for one, _ in isolating):
            return False
        return not any(_may_allow(rule, near) for _, rules in isolating for rule in rules)

    def _rules(self, read: ReadPolicy) -> tuple[Rule, ...] | None:
        return read.ingress if self.direction == "ingress" else read.egress


def may_select(selector: Selector, pods: Selector) -> bool:
    """Whether some pods that `pods` selects may be selected."""
    return not any(_excludes(one, other) for one in selector for other in pods if one.key == other.key)


def surely_selects(selector: Selector, pods: Selector) -> bool:
    """Whether all pods that `pods` selects are selected."""
    return all(any(_implies(known, one) for known in pods if known.key == one.key) for one in selector)


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


def _excludes(one: Requirement, other: Requirement) -> bool:
    """Whether no label satisfies both requirements of a key, nor its absence."""
    if _may_lack(one) and _may_lack(other):
        return False
    if "DoesNotExist" in (one.operator, other.operator):
        return True
    values, others = set(one.values), set(other.values)
    match one.operator, other.operator:
        case "In", "In":
            return not values & others
        case "In", "NotIn":
            return values <= others
        case "NotIn", "In":
            return others <= values
        case _:
            return False


def _may_lack(one: Requirement) -> bool:
    return one.operator in ("NotIn", "DoesNotExist")


def _implies(known: Requirement, one: Requirement) -> bool:
    """Whether what satisfies `known` satisfies `one`, of the same key."""
    values, others = set(known.values), set(one.values)
    match one.operator, known.operator:
        case "In", "In":
            return values <= others
        case "Exists", "In" | "Exists":
            return True
        case "NotIn", "In":
            return not values & others
        case "NotIn", "NotIn":
            return others <= values
        case (("NotIn" | "DoesNotExist"), "DoesNotExist"):
            return True
        case _:
            return False
