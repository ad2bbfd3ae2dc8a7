"""What differs between two JSON values, item by item, and between two texts, line by line."""

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET

from registry.model.documents import canonical
from registry.model.pointers import child

COMPARED: Final = 1_000_000
"""Up to this many pairs of list items or lines are compared; beyond, what differs is replaced as a whole."""


class Item(msgspec.Struct, frozen=True):
    """One difference; `before` is unset in an `add`, `after` in a `remove`.

    Items are applied in their order, as those of a JSON Patch (RFC 6902): each pointer (RFC 6901) leads into
    the document as the items before have left it, and adding to a list shifts what follows.
    """

    op: Literal["add", "remove", "change"]
    pointer: str
    before: Any = UNSET
    after: Any = UNSET


def diff(a: object, b: object, pointer: str = "") -> tuple[Item, ...]:
    """The items that make `b` of `a`, two JSON values that stand at `pointer`; none when they are equal.

    The order of keys is no difference; 1, 1.0 and true are.
    """
    return tuple(_items(a, b, pointer))


def unified(a: str, b: str, names: tuple[str, str]) -> str:
    """The unified diff of two texts, with a name for each; empty when they are equal."""
    old, new = a.splitlines(keepends=True), b.splitlines(keepends=True)
    start, end = _common(old, new)
    if (len(old) - start - end) * (len(new) - start - end) <= COMPARED:
        return "".join(difflib.unified_diff(old, new, *names))
    removed = [f"-{line}" for line in old[start : len(old) - end]]
    added = [f"+{line}" for line in new[start : len(new) - end]]
    place = f"@@ -{start + 1},{len(removed)} +{start + 1},{len(added)} @@\n"
    return "".join([f"--- {names[0]}\n", f"+++ {names[1]}\n", place, *removed, *added])


def _items(a: object, b: object, pointer: str) -> Iterator[Item]:
    if isinstance(a, dict) and isinstance(b, dict):
        yield from _members(a, b, pointer)
    elif isinstance(a, list) and isinstance(b, list):
        yield from _elements(a, b, pointer)
    elif canonical(a) != canonical(b):
        yield Item("change", pointer, a, b)


def _members(a: dict[str, object], b: dict[str, object], pointer: str) -> Iterator[Item]:
    for key, value in a.items():
        if key in b:
            yield from _items(value, b[key], child(pointer, key))
        else:
            yield Item("remove", child(pointer, key), before=value)
    for key, value in b.items():
        if key not in a:
            yield Item("add", child(pointer, key), after=value)


def _elements(a: list[object], b: list[object], pointer: str) -> Iterator[Item]:
    for i, i_end, j, j_end in _blocks(a, b):
        paired = min(i_end - i, j_end - j)
        for offset in range(paired):
            yield from _items(a[i + offset], b[j + offset], child(pointer, j + offset))
        # all before j + paired is as in b already, so that is where the rest goes or comes
        for value in a[i + paired : i_end]:
            yield Item("remove", child(pointer, j + paired), before=value)
        for index in range(j + paired, j_end):
            yield Item("add", child(pointer, index), after=b[index])


def _blocks(a: list[object], b: list[object]) -> Iterator[tuple[int, int, int, int]]:
    """The ranges of `a` and of `b` that stand for each other and differ, in order."""
    old, new = [canonical(one) for one in a], [canonical(one) for one in b]
    start, end = _common(old, new)
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    if len(old) * len(new) > COMPARED:
        yield start, start + len(old), start, start + len(new)
        return
    for tag, *bounds in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            i, i_end, j, j_end = (start + bound for bound in bounds)
            yield i, i_end, j, j_end


def _common(a: Sequence[object], b: Sequence[object]) -> tuple[int, int]:
    """How many items of two sequences are equal at the start, and how many of the others at the end."""
    room = min(len(a), len(b))
    start = next((index for index in range(room) if a[index] != b[index]), room)
    end = next((index for index in range(room - start) if a[-1 - index] != b[-1 - index]), room - start)
    return start, end
