"""Finds the template's node behind a node of the rendered spec, so that errors name what to change.

It retraces a rendering from the outside in, only after an error: rendering itself keeps no record.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from registry.model.placeholders import names_in, whole
from registry.model.pointers import join
from registry.model.substitution import RULE_LISTS, Substitution

Keeps = Callable[[object], bool]


class Origin(msgspec.Struct, frozen=True):
    """Where a node of a rendered spec comes from.

    `pointer` is its place in the template; `variable` the placeholder that stands there, if any, and
    `inside` the way from that variable's value to the node.
    """

    pointer: str
    variable: str | None = None
    inside: tuple[str, ...] = ()


def origin(substitution: Substitution, spec: Mapping[str, object], tokens: Sequence[str]) -> Origin:
    """Return the origin of the node at `tokens` of the spec that `substitution` rendered from `spec`."""
    return _Trace(substitution).follow(spec, list(tokens))


class _Trace:
    """One walk down the template's spec; `_path` is where it stands."""

    def __init__(self, substitution: Substitution) -> None:
        self._substitution = substitution
        self._path: list[str] = []
        self._parent: Mapping[str, object] = {}

    def follow(self, node: object, tokens: list[str]) -> Origin:
        while tokens:
            if isinstance(node, list):
                node, tokens = self._into_item(node, tokens)
            elif isinstance(node, Mapping) and tokens[0] in node:
                self._parent, node = node, node[tokens[0]]
                self._path.append(tokens[0])
                tokens = self._into_value(node, tokens[1:])
            else:
                break
        return self._end(node, tokens)

    def _into_item(self, items: list[object], tokens: list[str]) -> tuple[object, list[str]]:
        at = int(tokens[0])
        for index, item in enumerate(items):
            kept = self._kept(item)
            if at < len(kept):
                self._path.append(str(index))
                return item, [str(kept[at]), *tokens[1:]] if self._is_spliced(item) else tokens[1:]
            at -= len(kept)
        return None, tokens

    def _into_value(self, node: object, tokens: list[str]) -> list[str]:
        """Return the tokens as they apply to the value of a list that is one placeholder."""
        if not tokens or not self._is_spliced(node):
            return tokens
        return [str(self._kept(node)[int(tokens[0])]), *tokens[1:]]

    def _is_spliced(self, node: object) -> bool:
        """Tell whether a node is one placeholder with a list for its value."""
        return whole(node) is not None and isinstance(self._substitution.value(node), list)

    def _kept(self, item: object) -> list[int]:
        """Return which of the values that an item becomes are in the rendered list."""
        if self._path in _RULE_PATHS and isinstance(item, Mapping):
            return [0] * len(self._substitution.rule_items(item))
        keeps = self._filter() if whole(item) else _always
        return [index for index, value in enumerate(self._substitution.items(item)) if keeps(value)]

    def _filter(self) -> Keeps:
        if self._path in _RULE_PATHS:
            return self._substitution.keeps_rule
        if self._path[-1] == "except":
            return self._substitution.keeps_except(self._parent)
        return _always

    def _end(self, node: object, tokens: list[str]) -> Origin:
        pointer = join("/spec", *self._path)
        names = names_in(node) if isinstance(node, str) else ()
        if not names:
            return Origin(join(pointer, *tokens))
        return Origin(pointer, names[0], tuple(tokens) if whole(node) else ())


_RULE_PATHS = [[name] for name in RULE_LISTS]


def _always(_: object) -> bool:
    return True
