"""Text to JSON values and back: the only door for YAML and JSON that people write.

Everything behind this door is a plain JSON value: dict with string keys, list, str, int, float,
bool or None, finite and bounded, so nothing later needs to ask again.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any, Final, NoReturn, Protocol

import msgspec
import yaml

from registry.model.pointers import child
from registry.model.problems import Invalid, Problem
from registry.model.scalars import INTEGER_LIMIT, Ambiguous, resolve

MAX_BYTES: Final = 64 * 1024
"""Longest text read, in bytes of UTF-8. A ConfigMap holds 1 MiB for all templates together."""
MAX_DEPTH: Final = 40
"""Deepest nesting of mappings and lists. A NetworkPolicy needs 9; parameter schemas nest deeper."""

# libyaml's parser when it was compiled in (about ten times faster), PyYAML's own otherwise.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str | bytes, limit: int = MAX_BYTES) -> object:
    """Return the JSON value of one YAML or JSON document; None when it is empty.

    Raises Invalid, with the place in the pointer and in the sentence, for duplicate keys, aliases,
    anchors, tags, several documents, keys that are no strings, values that JSON cannot hold, nesting
    deeper than MAX_DEPTH, and text longer than `limit` bytes of UTF-8.
    """
    decoded = _decode(text, limit)
    value = _load_json(decoded)
    if value is None:
        value = _load_events(decoded)
    check_values(value)
    return value


def dump_yaml(document: object) -> str:
    """Return readable block-style YAML in the document's own key order; load_yaml reads it back equal."""
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110
    )


def canonical(value: object) -> bytes:
    """Return the one compact JSON text of a value, keys sorted: what digests are made of."""
    return msgspec.json.encode(value, order="deterministic")


def digest(value: object) -> str:
    """Return `sha256:<hex>` of the canonical JSON of a value."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


def check_values(value: object) -> None:
    """Raise Invalid unless `value` is made of bounded JSON values only."""
    pending = [("", value, 1)]
    while pending:
        pointer, node, depth = pending.pop()
        if isinstance(node, dict | list):
            if depth > MAX_DEPTH:
                _refuse_depth(pointer)
            pending.extend((child(pointer, key), item, depth + 1) for key, item in _members(node, pointer))
        else:
            _check_scalar(node, pointer)


def _members(node: dict[Any, Any] | list[Any], pointer: str) -> Iterator[tuple[str | int, object]]:
    if isinstance(node, list):
        yield from enumerate(node)
        return
    for key, item in node.items():
        _check_key(key, pointer)
        yield key, item


def _check_key(key: object, pointer: str) -> None:
    if not isinstance(key, str):
        _refuse(pointer, f"The key {key!r} is not a string.", "Put it in quotes.")
    _check_scalar(key, pointer)


def _check_scalar(value: object, pointer: str) -> None:
    match value:
        case None | bool():
            return
        case str():
            if not _is_unicode(value):
                _refuse(pointer, "The text holds half a Unicode character.", "Write the whole character.")
        case int():
            if not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
                _refuse(pointer, "The number does not fit in 64 bits.", "Write a smaller number.")
        case float():
            if not math.isfinite(value):
                _refuse(pointer, f"{value} is not a number that JSON can hold.", "Write a finite number.")
        case _:
            kind = type(value).__name__
            _refuse(pointer, f"A {kind} is not a JSON value.", "Write text, a number, true or false.")


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(pointer: str, reason: str, fix: str) -> NoReturn:
    raise Invalid([Problem(pointer, reason, fix)])


def _refuse_depth(pointer: str) -> NoReturn:
    _refuse(pointer, f"The document nests deeper than {MAX_DEPTH} levels.", "Write it flatter.")


def _decode(text: str | bytes, limit: int) -> str:
    try:
        raw = text.encode() if isinstance(text, str) else text
        if len(raw) > limit:
            _refuse("", f"The text has {len(raw)} bytes; at most {limit} are read.", "Shorten it.")
        return raw.decode("utf-8-sig")
    except UnicodeError:
        _refuse("", "The text is not valid UTF-8.", "Save it as UTF-8.")


def _load_json(text: str) -> object:
    """Return the value of a JSON object or list; None for all else, which the YAML reader then explains."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value: object = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate key")
    return members


def _load_events(text: str) -> object:
    try:
        return _Reader(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse("", f"This is not valid YAML{_place(mark)}: {error.problem or error.context}.", _SYNTAX_FIX)
    except yaml.YAMLError as error:
        _refuse("", f"This is not valid YAML: {error}.", _SYNTAX_FIX)


_SYNTAX_FIX: Final = "Correct the indentation, quotes or brackets there."


class _Mark(Protocol):
    """A place in the text, of either parser."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


def _place(mark: _Mark | None) -> str:
    return f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""


_TAGGED: Final = (yaml.ScalarEvent, yaml.CollectionStartEvent)


class _Reader:
    """Builds JSON values from parser events; no YAML node, tag or alias ever gets built."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events

    def document(self) -> object:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        value = self._value(next(self._events), "", 1)
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            reason = f"A second document begins{_place(event.start_mark)}."
            _refuse("", reason, "Write one document, without a `---` in between.")
        return value

    def _value(self, event: yaml.Event, pointer: str, depth: int) -> object:
        _refuse_references(event, pointer)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, pointer)
        if depth > MAX_DEPTH:
            _refuse_depth(pointer)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(pointer, depth)
        return self._mapping(pointer, depth)

    def _sequence(self, pointer: str, depth: int) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, child(pointer, len(items)), depth + 1))
        return items

    def _mapping(self, pointer: str, depth: int) -> dict[str, object]:
        members: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = _key(event, pointer)
            here = child(pointer, key)
            if key in members:
                reason = f"`{key}` appears twice{_place(event.start_mark)}."
                _refuse(here, reason, "Keep one of the two.")
            members[key] = self._value(next(self._events), here, depth + 1)
        return members


def _refuse_references(event: yaml.Event, pointer: str) -> None:
    place = _place(event.start_mark)
    if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        _refuse(pointer, f"Anchors and aliases are not read{place}.", "Write the value out.")
    if isinstance(event, _TAGGED) and event.tag is not None:
        _refuse(pointer, f"The tag `{event.tag}` is not read{place}.", "Remove the tag; quote text instead.")


def _key(event: yaml.Event, pointer: str) -> str:
    _refuse_references(event, pointer)
    key = _scalar(event, pointer) if isinstance(event, yaml.ScalarEvent) else None
    if not isinstance(key, str):
        _refuse(pointer, f"A key is not a string{_place(event.start_mark)}.", "Put the key in quotes.")
    return key


def _scalar(event: yaml.ScalarEvent, pointer: str) -> object:
    if not event.implicit[0]:  # quoted, or a block of text
        return event.value
    try:
        return resolve(event.value)
    except Ambiguous as why:
        reason = f"`{event.value[:40]}` {why}{_place(event.start_mark)}."
        _refuse(pointer, reason, "Put it in quotes for text, or write another number.")


class _Dumper(yaml.SafeDumper):
    """Block style without aliases; quotes what this module would otherwise read as something else."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 (PyYAML's signature)
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    if not text.replace("\n", "").isprintable():
        return '"'  # the only style that escapes other line breaks and control characters
    if "\n" in text:
        return "|"
    return None if _stays_text(text) else "'"


def _stays_text(text: str) -> bool:
    try:
        return isinstance(resolve(text), str)
    except Ambiguous:
        return False


_Dumper.add_representer(str, _represent_text)
