"""A template as lint looks at it: the rules it renders to, each with its place in the document."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice, repeat
from typing import Any, Final

import msgspec

from registry.lint.findings import Surroundings
from registry.model.facts import FACT_NAMES, SAMPLE_FACTS
from registry.model.normalise import normalise_spec
from registry.model.parameter_schema import closed, sample, with_defaults
from registry.model.parameters import Parameters, fill
from registry.model.placeholders import NAMESPACE, WORKLOAD_NAME, uses
from registry.model.pointers import child
from registry.model.rendering import Context, render
from registry.model.substitution import Substitution
from registry.model.template import Template
from registry.model.template_trials import SAMPLE_PLACE

SIDES: Final = {"ingress": "from", "egress": "to"}
"""The list of peers in a rule of each direction."""

MAX_ITEMS: Final = 200
"""As many rules of a direction, and peers of a rule, are looked at; written lists are no longer than that."""

Node = Mapping[str, Any]
Place = tuple[str, object]
"""A pointer into the document, and the node there."""


class Peer(msgspec.Struct, frozen=True):
    """A peer as rendered.

    `borrowed` tells that its value is not the author's: an example that stands in for a parameter which a
    user has to give, or a cluster fact.
    """

    pointer: str
    written: object
    value: Node
    borrowed: bool


class Rule(msgspec.Struct, frozen=True):
    """A rule as rendered, and `written`, the template's own node behind it."""

    pointer: str
    written: object
    value: Node
    peers: tuple[Peer, ...]


class View(msgspec.Struct, frozen=True):
    """A rendered template. `rules` has the directions in force only; one without rules is empty there."""

    template: Template
    surroundings: Surroundings
    rules: Mapping[str, tuple[Rule, ...]]


def view(template: Template, parameters: Mapping[str, object] | None, surroundings: Surroundings) -> View:
    """Return the view of a template with `parameters`, or else its defaults or first example.

    Raises Invalid when the parameters do not fit the template.
    """
    facts = {**SAMPLE_FACTS, **surroundings.facts}
    if parameters is None:
        given = sample(closed(template.parameters))
        guessed = _guessed(template, given)
    else:
        given, guessed = _checked(template, parameters, facts), frozenset()
    substitution = Substitution({**SAMPLE_PLACE, **facts, **given})
    return View(template, surroundings, _Reader(template, substitution, guessed).directions())


def _checked(template: Template, parameters: Mapping[str, object], facts: Node) -> Parameters:
    filled = fill(template, dict(parameters))
    render(template, filled, Context(SAMPLE_PLACE[NAMESPACE], SAMPLE_PLACE[WORKLOAD_NAME], facts))
    return filled


def placeholders(node: object) -> frozenset[str]:
    """Return the variables that a node of a template names."""
    return frozenset(name for use in uses(node, "") for name in use.names)


def _guessed(template: Template, given: Parameters) -> frozenset[str]:
    """Return the parameters whose value is that of an example, or that have none until somebody gives one."""
    filled = with_defaults(closed(template.parameters), {})
    defaults: Node = filled if isinstance(filled, dict) else {}
    names = frozenset(template.parameters.get("properties", {}))
    return names - {name for name in defaults.keys() & given.keys() if given[name] == defaults[name]}


class _Reader:
    def __init__(self, template: Template, substitution: Substitution, guessed: frozenset[str]) -> None:
        self._template = template
        self._substitution = substitution
        self._guessed = guessed
        self._spec: dict[str, Any] = normalise_spec(substitution.spec(template.spec))

    def directions(self) -> dict[str, tuple[Rule, ...]]:
        in_force = [name for name in SIDES if name.capitalize() in self._spec["policyTypes"]]
        return {name: tuple(self._rules(name)) for name in in_force}

    def _rules(self, direction: str) -> Iterator[Rule]:
        rules, written = self._spec.get(direction, []), self._template.spec.get(direction)
        places = _places(f"/spec/{direction}", written, self._substitution.rule_items)
        for value, (pointer, node) in islice(zip(rules, places, strict=False), MAX_ITEMS):
            yield Rule(pointer, node, value, tuple(self._peers(SIDES[direction], value, pointer, node)))

    def _peers(self, side: str, rule: Node, pointer: str, written: object) -> Iterator[Peer]:
        if isinstance(written, Mapping):
            pointer, written = child(pointer, side), written.get(side)
        places = _places(pointer, written, self._peer_items)
        for value, (place, node) in islice(zip(rule.get(side, []), places, strict=False), MAX_ITEMS):
            yield Peer(place, node, value, self._is_borrowed(node))

    def _peer_items(self, item: object) -> list[object]:
        return [item] if isinstance(item, Mapping) else self._substitution.items(item)

    def _is_borrowed(self, written: object) -> bool:
        names = placeholders(written)
        return bool(names & self._guessed) or (isinstance(written, str) and bool(names & set(FACT_NAMES)))


def _places(pointer: str, written: object, items: Callable[[object], list[object]]) -> Iterator[Place]:
    """Yield the place of each item that a written list renders to; `items` gives those of one item."""
    if not isinstance(written, list):
        yield from repeat((pointer, written))
        return
    for index, item in enumerate(written):
        place = (child(pointer, index), item)
        yield from (place for _ in items(item))
