"""Templates out of files: documents of YAML and JSON, ConfigMaps of templates, NetworkPolicies.

Nothing is left out in silence: what is no template is answered with what is wrong with it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.lint.policies import policy_namespace, policy_template
from registry.model.documents import MAX_BYTES, load_yaml
from registry.model.pointers import child
from registry.model.problems import Invalid, Problem
from registry.model.streams import split_stream
from registry.model.template import Template, load_template, parse_template

MAX_DOCUMENT: Final = 4 * 1024 * 1024
"""Bytes of one document: a ConfigMap holds 1 MiB, and is longer in YAML."""

_KEY: Final = ".yaml"


class Source(msgspec.Struct, frozen=True):
    """Where a document stands: the line it begins at, and its key in the ConfigMap there, if it is in one."""

    file: str
    line: int = 1
    entry: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f" ({self.entry})" if self.entry else "")


class Read(msgspec.Struct, frozen=True):
    """A template, and where it stands; `namespace` is that of a NetworkPolicy, None for a template."""

    source: Source
    template: Template
    namespace: str | None = None


class Unread(msgspec.Struct, frozen=True):
    """What keeps a document from being read as a template."""

    source: Source
    problem: Problem


Found = Read | Unread


def read_templates(file: str, content: bytes) -> list[Found]:
    """Every template in a file, and each problem of what is none; at least one of both."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeError:
        return [Unread(Source(file), Problem("", "The text is not valid UTF-8.", "Save it as UTF-8."))]
    found = [one for line, part in split_stream(text) for one in _document(Source(file, line), part)]
    return found or [Unread(Source(file), Problem("", "There is no document in it.", _FIX))]


_FIX: Final = "Give templates, the ConfigMap that holds them, or NetworkPolicies."


def _document(source: Source, text: str) -> Iterator[Found]:
    # Empty lines before it let sentences about YAML name the line of the file.
    padded = "\n" * (source.line - 1) + text
    try:
        value = load_yaml(padded, MAX_DOCUMENT + source.line)
        if value is None:
            return
        if not _holds_others(value) and len(text.encode()) > MAX_BYTES:
            load_yaml(text)  # raises Invalid, with the limit of a template
    except Invalid as error:
        yield from _unread(source, error)
        return
    yield from _value(source, value)


def _holds_others(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("kind") in ("ConfigMap", "List", "NetworkPolicy")


def _value(source: Source, value: object) -> Iterator[Found]:
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if isinstance(value, Mapping) and kind == "List":
        for item in _items(value):
            yield from _value(source, item)
    elif isinstance(value, Mapping) and kind == "ConfigMap":
        yield from _entries(source, value)
    elif isinstance(value, Mapping) and kind == "NetworkPolicy":
        yield from _policy(source, value)
    elif isinstance(kind, str):
        yield Unread(source, Problem("/kind", f"An object of kind {kind[:63]} is no template.", _FIX))
    else:
        yield from _template(source, value)


def _items(value: Mapping[str, Any]) -> list[object]:
    items = value.get("items")
    return items if isinstance(items, list) and items else [None]


def _template(source: Source, value: object) -> Iterator[Found]:
    try:
        yield Read(source, parse_template(value))
    except Invalid as error:
        yield from _unread(source, error)


def _policy(source: Source, value: Mapping[str, Any]) -> Iterator[Found]:
    try:
        yield Read(source, policy_template(value), policy_namespace(value))
    except Invalid as error:
        yield from _unread(source, error)


def _entries(source: Source, config_map: Mapping[str, Any]) -> Iterator[Found]:
    data = config_map.get("data")
    if not isinstance(data, Mapping) or not data:
        yield Unread(source, Problem("/data", "The ConfigMap holds no template.", _FIX))
        return
    for key, text in data.items():
        yield from _entry(msgspec.structs.replace(source, entry=key), key, text)


def _entry(source: Source, key: str, text: object) -> Iterator[Found]:
    if not key.endswith(_KEY) or not isinstance(text, str):
        fix = "Name the key like the template, with .yaml behind it, and write the document as its text."
        yield Unread(source, Problem(child("/data", key), "This is no entry of a template.", fix))
        return
    try:
        template = load_template(text)
    except Invalid as error:
        yield from _unread(source, error)
        return
    if f"{template.name}{_KEY}" == key:
        yield Read(source, template)
    else:
        reason = f"The name is {template.name}, but the key is {key}."
        yield Unread(source, Problem("/name", reason, "Let the key be the name with .yaml behind it."))


def _unread(source: Source, error: Invalid) -> Iterator[Found]:
    return (Unread(source, problem) for problem in error.problems)
