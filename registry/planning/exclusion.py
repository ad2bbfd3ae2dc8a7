"""Every pod but those of some selectors, as pod selectors whose union is exact.

NetworkPolicies add up, so one default may be written as several policies; the pods that any of
them selects are the pods the default covers. "Not (a and b)" is "not a, or not b" (De Morgan): each
workload left out contributes one alternative for each requirement of its selector.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from registry.planning.names import MAX_PARTS
from registry.planning.objects import Selector

_SEARCH_LIMIT = 64
"""Alternatives held while multiplying out; absorption may still bring them down to MAX_PARTS."""

_NEGATED = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}


class TooManyParts(ValueError):
    """The exclusion needs more than MAX_PARTS policies."""


class Requirement(NamedTuple):
    """One requirement of a label selector; `values` is sorted and without doubles."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    @property
    def negated(self) -> "Requirement":
        """True exactly where this one is false: NotIn also matches pods without the key."""
        return Requirement(self.key, _NEGATED[self.operator], self.values)


Term = frozenset[Requirement]


def requirements(selector: Mapping[str, Any]) -> Term:
    """The requirements that `selector` ANDs together; a label is `In [value]`."""
    labels = (Requirement(key, "In", (value,)) for key, value in selector.get("matchLabels", {}).items())
    expressions = (
        Requirement(item["key"], item["operator"], tuple(sorted(set(item.get("values", ())))))
        for item in selector.get("matchExpressions", ())
    )
    return frozenset((*labels, *expressions))


def exclude(base: Selector, left_out: Iterable[Selector]) -> list[Selector]:
    """Selectors whose union is `base` without the pods of `left_out`; empty when nothing is left.

    The result does not depend on the order of `left_out`. Raises TooManyParts.
    """
    ground = requirements(base)
    terms = [Term()]
    # Short selectors first: what they rule out absorbs alternatives of the longer ones.
    for excluded in sorted(
        {requirements(one) for one in left_out}, key=lambda term: (len(term), sorted(term))
    ):
        terms = _absorb(_multiply(terms, excluded, ground))
        if len(terms) > _SEARCH_LIMIT:
            raise TooManyParts(f"more than {MAX_PARTS} policies would be needed")
    if len(terms) > MAX_PARTS:
        raise TooManyParts(f"{len(terms)} policies would be needed, at most {MAX_PARTS} are written")
    return [_selector(base, term) for term in sorted(terms, key=sorted)]


def _multiply(terms: list[Term], excluded: Term, ground: Term) -> Iterator[Term]:
    for term in terms:
        negations = {requirement.negated for requirement in excluded}
        if negations & term or negations & ground:
            yield term  # it leaves these pods out already
            continue
        # A term may hold thousands of NotIn, which contradict next to nothing: they are not looked through.
        narrow = ground | {requirement for requirement in term if requirement.operator != "NotIn"}
        yield from (term | {negation} for negation in negations if _possible(negation, narrow))


def _absorb(terms: Iterable[Term]) -> list[Term]:
    """Without alternatives that another, wider one covers."""
    kept: list[Term] = []
    for term in sorted(set(terms), key=len):
        if not any(wider <= term for wider in kept):
            kept.append(term)
    return kept


def _possible(negation: Requirement, given: Term) -> bool:
    """Whether any pod can satisfy `negation` beside `given`; only plain contradictions count."""
    return not any(
        other == negation.negated or (other.key == negation.key and _disjoint(negation, other))
        for other in given
    )


def _disjoint(one: Requirement, other: Requirement) -> bool:
    for wanted, against in ((one, other), (other, one)):
        if wanted.operator == "In":
            if against.operator == "In" and not set(wanted.values) & set(against.values):
                return True
            if against.operator == "NotIn" and set(wanted.values) <= set(against.values):
                return True
            if against.operator == "DoesNotExist":
                return True
    return False


def _selector(base: Selector, term: Term) -> Selector:
    if not term:
        return base
    merged: dict[str, set[str]] = {}
    for requirement in term:
        if requirement.operator == "NotIn":
            merged.setdefault(requirement.key, set()).update(requirement.values)
    others = sorted(requirement for requirement in term if requirement.operator != "NotIn")
    expressions = [
        _expression(Requirement(key, "NotIn", tuple(sorted(values))))
        for key, values in sorted(merged.items())
    ]
    expressions += [_expression(requirement) for requirement in others]
    return {**base, "matchExpressions": [*base.get("matchExpressions", ()), *expressions]}


def _expression(requirement: Requirement) -> dict[str, Any]:
    expression: dict[str, Any] = {"key": requirement.key, "operator": requirement.operator}
    return {**expression, "values": list(requirement.values)} if requirement.values else expression


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether an object with `labels` is selected, by the rules of LabelSelector."""
    return all(satisfied(requirement, labels) for requirement in requirements(selector))


def satisfied(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Whether an object with `labels` satisfies one requirement."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case _:
            return value is None
