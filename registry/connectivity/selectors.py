"""Label selectors in one form that can be compared and looked up.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors: all
requirements have to hold; NotIn and DoesNotExist hold also where the key is missing; an empty selector
selects everything.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

import msgspec

from registry.planning.exclusion import Requirement, satisfied

Selector = frozenset[Requirement]

EVERYTHING: Final[Selector] = frozenset()

Pair = tuple[str, str]
"""A label: key and value."""


class Expression(msgspec.Struct, frozen=True, gc=False):
    """A LabelSelectorRequirement."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.operator in ("In", "NotIn")) != bool(self.values):
            raise ValueError(f"In and NotIn need values, and others have none: {self.operator} of {self.key}")


class LabelSelector(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A LabelSelector."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Expression, ...] = ()


def read_selector(selector: LabelSelector) -> Selector:
    """The requirements of a selector; equal ones are one object."""
    found = [Requirement(key, "In", (value,)) for key, value in selector.match_labels.items()]
    found += [
        Requirement(one.key, one.operator, tuple(sorted(set(one.values))))
        for one in selector.match_expressions
    ]
    return _shared(frozenset(found))


@lru_cache(262_144)
def _shared(selector: Selector) -> Selector:
    return selector


def selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether an object with `labels` is selected."""
    return all(satisfied(requirement, labels) for requirement in selector)


def anchors(selector: Selector) -> tuple[Pair, ...]:
    """Labels of which each selected object bears one; nothing where the selector asks for none by value."""
    wanted = [one for one in selector if one.operator == "In"]
    if not wanted:
        return ()
    fewest = min(wanted, key=lambda one: (len(one.values), one.key))
    return tuple((fewest.key, value) for value in fewest.values)


def shown(selector: Selector) -> str:
    """A selector as kubectl writes it: `app=db,tier notin (web)`; `all` for the empty one."""
    return ",".join(_shown(one) for one in sorted(selector)) or "all"


def _shown(one: Requirement) -> str:
    match one.operator:
        case "Exists":
            return one.key
        case "DoesNotExist":
            return f"!{one.key}"
        case "In" if len(one.values) == 1:
            return f"{one.key}={one.values[0]}"
        case operator:
            return f"{one.key} {operator.lower()} ({','.join(one.values)})"
