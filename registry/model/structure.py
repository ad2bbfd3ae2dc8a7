"""Laying a spec with placeholders over a spec without: which values the placeholders would have. Pure.

Both are normalised. What is found is only a guess of `matching`, which renders it to be sure; so this may
find too much, such as values that a schema refuses, and of known variables it looks at no value.
"""

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

import msgspec

from registry.model.documents import canonical
from registry.model.placeholders import OPENING, PLACEHOLDER, whole
from registry.model.substitution import RULE_LISTS

Bindings = dict[str, object]
"""Values by name of parameter."""

STEPS: Final = 2_000
"""Places looked at before giving up: a list in which several lists may be spliced has many ways."""

_RULE_SIDES: Final = ("from", "to", "ports")
_EMPTY: Final[tuple[object, ...]] = ([], {}, None)
"""Values of a placeholder that normalising leaves out."""
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?")


class TooManyWays(Exception):
    """There are more ways to read the parameters than anyone should try."""


class Structure:
    """Placeholders of one template against one spec; `known` are variables that are no parameters."""

    def __init__(self, known: Set[str]) -> None:
        self._known = known
        self._steps = 0

    def bindings(self, template: object, value: object) -> Iterator[Bindings]:
        """Yield the bindings with which `template` may become `value`. Raises TooManyWays."""
        return self._node(template, value, {})

    def _node(self, template: object, value: object, found: Bindings) -> Iterator[Bindings]:
        self._steps += 1
        if self._steps > STEPS:
            raise TooManyWays
        if isinstance(template, str) and OPENING in template:
            yield from self._placed(template, value, found)
        elif isinstance(template, Mapping) and isinstance(value, Mapping):
            yield from self._members(list(template), template, value, found)
        elif isinstance(template, list) and isinstance(value, list):
            yield from self._items(template, value, found)
        elif canonical(template) == canonical(value):
            yield found

    def _placed(self, text: str, value: object, found: Bindings) -> Iterator[Bindings]:
        name = whole(text)
        if name is not None:
            yield from self._bound(name, value, found)
        elif isinstance(value, str):
            yield from self._inside(PLACEHOLDER.split(text), value, found)

    def _bound(self, name: str, value: object, found: Bindings) -> Iterator[Bindings]:
        if name in self._known:
            yield found
        elif name not in found:
            yield {**found, name: value}
        elif canonical(found[name]) == canonical(value):
            yield found

    def _inside(self, parts: list[str], text: str, found: Bindings) -> Iterator[Bindings]:
        """`parts` are text and names in turn, with text first and last."""
        self._steps += 1
        if self._steps > STEPS:
            raise TooManyWays
        literal, *rest = parts
        if not text.startswith(literal):
            return
        left = text[len(literal) :]
        if not rest:
            yield from [] if left else [found]
            return
        name, *after = rest
        for end in range(len(left) + 1):
            for value in _read(left[:end]):
                for bound in self._bound(name, value, found):
                    yield from self._inside(after, left[end:], bound)

    def _members(
        self, keys: list[str], template: Mapping[str, Any], value: Mapping[str, Any], found: Bindings
    ) -> Iterator[Bindings]:
        if not value.keys() <= template.keys():
            return
        if not keys:
            yield found
            return
        key, *others = keys
        for bound in self._member(key, template[key], value, found):
            yield from self._members(others, template, value, bound)

    def _member(
        self, key: str, template: object, value: Mapping[str, Any], found: Bindings
    ) -> Iterator[Bindings]:
        if key not in value:
            yield from self._absent(template, found)
        elif key in RULE_LISTS and isinstance(template, list) and isinstance(value[key], list):
            yield from self._items(template, value[key], found, rules=True)
        else:
            yield from self._node(template, value[key], found)

    def _absent(self, template: object, found: Bindings) -> Iterator[Bindings]:
        """Yield the bindings with which a member is left out by normalising, or a list is empty."""
        if isinstance(template, list):
            yield from self._items(template, [], found, rules=True)
        elif name := whole(template):
            for empty in _EMPTY:
                yield from self._bound(name, empty, found)

    def _items(
        self, templates: list[Any], values: list[Any], found: Bindings, *, rules: bool = False
    ) -> Iterator[Bindings]:
        self._steps += 1
        if self._steps > STEPS:
            raise TooManyWays
        if not templates:
            yield from [] if values else [found]
            return
        first, *others = templates
        for bound, taken in self._item(first, values, found):
            yield from self._items(others, values[taken:], bound, rules=rules)
        if rules and isinstance(first, Mapping):
            for bound in self._dropped(first, found):
                yield from self._items(others, values, bound, rules=rules)

    def _item(self, template: object, values: list[Any], found: Bindings) -> Iterator[tuple[Bindings, int]]:
        """Yield what one item of a template's list may have become, and how many items that are."""
        name = whole(template)
        if name is not None:
            for taken in range(len(values) + 1):
                for bound in self._bound(name, values[:taken], found):
                    yield bound, taken
        if values:
            for bound in self._node(template, values[0], found):
                yield bound, 1

    def _dropped(self, rule: Mapping[str, Any], found: Bindings) -> Iterator[Bindings]:
        """Yield the bindings with which a whole rule goes, since one of its lists is empty."""
        for side in _RULE_SIDES:
            node = rule.get(side)
            items = node if isinstance(node, list) else [node]
            names = [name for item in items if (name := whole(item))]
            if names and len(names) == len(items):
                bound: Bindings | None = found
                for name in names:
                    bound = next(self._bound(name, [], bound), None) if bound is not None else None
                yield from [] if bound is None else [bound]


def _read(text: str) -> Iterator[object]:
    """Yield the values that are written so inside a longer text."""
    yield text
    if text in ("true", "false"):
        yield text == "true"
    elif _NUMBER.fullmatch(text):
        yield msgspec.json.decode(text)
