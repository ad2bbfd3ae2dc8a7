"""YAML as kubectl reads it, to JSON values. Pure.

kubectl's reader (sigs.k8s.io/yaml, on goyaml.v2) follows YAML 1.1: `yes` is true and `0644` is 420, while
dates stay text; anchors, aliases and merge keys are read. A template is read more strictly
(`model.documents`): who writes one can correct it.
"""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NoReturn

import yaml

from registry.model.problems import Invalid, Problem

MAX_DEPTH: Final = 200
"""Deepest nesting read; definitions of custom kinds nest about 50 deep."""
MAX_SHARED: Final = 100_000
"""Values that aliases may stand for in one document: a few lines of them could stand for billions."""

Scalar = str | int | float | bool | None

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FIX: Final = "Correct it there; text with special characters needs quotes."
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS: Final = {
    form: value
    for value, words in ((True, ("y", "yes", "true", "on")), (False, ("n", "no", "false", "off")))
    for word in words
    for form in (word, word.capitalize(), word.upper())
}
_INTEGER: Final = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]*|0[bB][01]+|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_PLAIN: Final = 1e21
"""Below it a whole number is written without an exponent, so `1e3` is as good as 1000."""
_MERGE: Final = "<<"
_TEXT_TAG: Final = "tag:yaml.org,2002:str"


def read_value(text: str, line: int = 1) -> object:
    """The JSON value of one document that begins at `line`; None where the document is empty.

    Raises Invalid, naming the line of the file.
    """
    try:
        return _Reader(yaml.parse(text, Loader=_LOADER), line).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + line})" if mark else ""
        _refuse(f"This is no valid YAML{place}: {error.problem or error.context}.")
    except yaml.YAMLError as error:
        _refuse(f"This is no valid YAML: {error}.")


def _refuse(reason: str, fix: str = _FIX) -> NoReturn:
    raise Invalid([Problem("", reason, fix)])


class _Reader:
    def __init__(self, events: Iterator[yaml.Event], line: int) -> None:
        self._next = iter(events).__next__
        self._line = line
        self._anchored: dict[str, tuple[object, int]] = {}
        self._read = 0
        self._shared = 0

    def document(self) -> object:
        self._next()  # the stream's start
        if type(self._next()) is yaml.StreamEndEvent:
            return None
        value = self._value(self._next(), 1)
        self._next()  # the document's end
        event = self._next()
        if type(event) is not yaml.StreamEndEvent:
            self._refuse_at(event, "A second document begins", "Write --- before it.")
        return value

    def _value(self, event: yaml.Event, depth: int) -> object:
        self._read += 1
        if isinstance(event, yaml.ScalarEvent):
            value: object = self._scalar(event)
            if event.anchor is not None:
                self._anchored[event.anchor] = value, 1
            return value
        if isinstance(event, yaml.CollectionStartEvent):
            return self._collection(event, depth)
        return self._alias(event)

    def _collection(self, event: yaml.CollectionStartEvent, depth: int) -> object:
        if depth > MAX_DEPTH:
            self._refuse_at(event, f"The document nests deeper than {MAX_DEPTH} levels", "Write it flatter.")
        if event.tag is not None:
            self._refuse_at(event, f"The tag {event.tag} is not read", "Remove the tag.")
        begun = self._read
        sequence = isinstance(event, yaml.SequenceStartEvent)
        value = self._sequence(depth) if sequence else self._mapping(depth)
        if event.anchor is not None:
            self._anchored[event.anchor] = value, self._read - begun + 1
        return value

    def _sequence(self, depth: int) -> list[object]:
        items: list[object] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._value(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, object]:
        members: dict[str, object] = {}
        keys: set[str] = set()
        while type(event := self._next()) is not yaml.MappingEndEvent:
            if isinstance(event, yaml.ScalarEvent) and event.value == _MERGE and event.implicit[0]:
                self._merge(members, event, self._value(self._next(), depth + 1))
                continue
            key = self._key(event)
            if key in keys:
                self._refuse_at(event, f"`{key}` appears twice", "Keep one of the two.")
            keys.add(key)
            members[key] = self._value(self._next(), depth + 1)
        return members

    def _merge(self, members: dict[str, object], event: yaml.Event, value: object) -> None:
        """https://yaml.org/type/merge.html: of several mappings the first goes before the others.

        A member goes before what is merged where it comes later, as kubectl's reader has it.
        """
        for part in reversed(value if isinstance(value, list) else [value]):
            if not isinstance(part, dict):
                self._refuse_at(event, "A merge key (<<) stands for what is no mapping", "Write it out.")
            members.update(part)

    def _alias(self, event: yaml.Event) -> object:
        anchor = event.anchor if isinstance(event, yaml.NodeEvent) else None
        found = self._anchored.get(anchor or "")
        if found is None:
            self._refuse_at(event, f"There is no anchor {anchor} before it", "Write the value out.")
        value, size = found
        self._shared += size
        self._read += size
        if self._shared > MAX_SHARED:
            self._refuse_at(event, "Aliases stand for too many values", "Write the document out.")
        return value

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        if event.tag is not None and event.tag not in ("!", _TEXT_TAG):
            self._refuse_at(event, f"The tag {event.tag} is not read", "Remove the tag.")
        if event.tag is not None or not event.implicit[0]:  # quoted, or a block of text
            return str(event.value)
        try:
            return _plain(event.value)
        except ValueError as error:
            self._refuse_at(event, str(error), "Put it in quotes for text, or write another number.")

    def _key(self, event: yaml.Event) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse_at(event, "A key is no text", "Write a name before the colon.")
        key = self._scalar(event)
        if key is None:
            self._refuse_at(event, "A key is null", "Put it in quotes, or write a name.")
        return str(key).lower() if isinstance(key, bool) else str(key)

    def _refuse_at(self, event: yaml.Event, what: str, fix: str) -> NoReturn:
        line = event.start_mark.line if event.start_mark else 0
        _refuse(f"{what} (line {line + self._line}).", fix)


@lru_cache(65_536)
def _plain(text: str) -> Scalar:
    """What a scalar without quotes means. Raises ValueError for what JSON cannot hold."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text[0] not in "+-.0123456789":
        return text
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits):
        return _integer(digits)
    if _FLOAT.fullmatch(digits) and math.isfinite(value := float(digits)):
        return int(value) if value.is_integer() and abs(value) < _PLAIN else value
    if _SPECIAL.fullmatch(text):
        raise ValueError(f"{text} is no number that JSON can hold")
    return text


def _integer(digits: str) -> int:
    unsigned = digits.lstrip("+-")
    old_octal = len(unsigned) > 1 and unsigned.isdigit() and unsigned[0] == "0"
    value = int(unsigned, 8 if old_octal else 0)
    if value >= 1 << 64:
        raise ValueError(f"{digits} does not fit in 64 bits")
    return -value if digits[0] == "-" else value
