"""What is in a file of manifests: its objects as JSON, and what keeps others from being read. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from registry.model.checks import shown
from registry.model.documents import canonical
from registry.model.problems import Invalid, Problem
from registry.model.streams import split_stream
from registry.offline.yaml_values import read_value


class Source(msgspec.Struct, frozen=True, gc=False):
    """Where an object stands: the document of the file, from 1, and the line at which that begins."""

    file: str
    document: int = 1
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line} (document {self.document})"


class Object(msgspec.Struct, frozen=True, gc=False):
    """A Kubernetes object; `raw` is its JSON."""

    source: Source
    api_version: str
    kind: str
    raw: bytes | msgspec.Raw

    @property
    def group(self) -> str:
        """Its API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]


class Unread(msgspec.Struct, frozen=True):
    """Why an object, or all of a document, counts for nothing; `name` is the object's, if it is known."""

    source: Source
    problem: Problem
    name: str = ""


Found = Object | Unread

_NO_KIND: Final = "The document has no `apiVersion` and `kind`, so it is no Kubernetes object."
FIX: Final = "Give Kubernetes manifests; leave other files out with --exclude."


class _Head(msgspec.Struct, rename="camel", gc=False):
    api_version: str = ""
    kind: str = ""
    items: Sequence[msgspec.Raw] | None = None


_LABELS: Final = ("labels", "matchLabels")
_HEAD: Final = msgspec.json.Decoder(_Head)


def read_objects(file: str, content: bytes) -> Iterator[Found]:
    """Each object in a file, those in Lists one by one, and each document that is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeError:
        yield Unread(Source(file), Problem("", "The text is not valid UTF-8.", "Save it as UTF-8."))
        return
    if text.lstrip()[:1] == "{":
        try:
            found = list(_object(Source(file), text.encode()))
        except msgspec.DecodeError:
            pass  # a YAML mapping in braces, or nothing at all, as the reader of YAML will tell
        else:
            yield from found
            return
    yield from _yaml(file, text)


def _yaml(file: str, text: str) -> Iterator[Found]:
    number = 0
    for line, part in split_stream(text):
        source = Source(file, number + 1, line)
        try:
            value = read_value(part, line)
        except Invalid as error:
            number += 1
            yield from (Unread(source, problem) for problem in error.problems)
            continue
        if value is not None:
            number += 1
            yield from _value(source, value, "", "")


def _value(source: Source, value: object, api_version: str, kind: str) -> Iterator[Found]:
    if not isinstance(value, dict):
        yield _no_object(source, f"{shown(value)} is no Kubernetes object.")
        return
    version, name = value.get("apiVersion", api_version), value.get("kind", kind)
    items = value.get("items")
    if isinstance(name, str) and name.endswith("List") and isinstance(items, list | None):
        for item in items or ():
            yield from _value(source, item, *_of_list(version, name))
    elif not (isinstance(version, str) and isinstance(name, str) and version and name):
        yield _no_object(source, _NO_KIND)
    else:
        yield Object(source, version, name, canonical(value))


def _object(source: Source, raw: bytes | msgspec.Raw, version: str = "", kind: str = "") -> Iterator[Found]:
    """The same of JSON, which needs not be read as a whole. Raises DecodeError."""
    try:
        head = _HEAD.decode(raw)
    except msgspec.ValidationError:
        yield from _value(source, without_nulls(msgspec.json.decode(raw)), version, kind)
        return
    version, kind = head.api_version or version, head.kind or kind
    if kind.endswith("List"):
        for item in head.items or ():
            yield from _object(source, item, *_of_list(version, kind))
    elif not (version and kind):
        yield _no_object(source, _NO_KIND)
    else:
        yield Object(source, version, kind, raw)


def _of_list(version: object, kind: str) -> tuple[str, str]:
    """What its items are where they do not say it, as in the API server's own DeploymentList."""
    if kind == "List" or not isinstance(version, str):
        return "", ""
    return version, kind.removesuffix("List")


def _no_object(source: Source, reason: str) -> Unread:
    return Unread(source, Problem("", reason, FIX))


def without_nulls(value: object, name: str = "") -> object:
    """A JSON value without members that are null: to the API server they are absent.

    Not so in labels, where null is the empty text and nobody means it: there it stays, to be told.
    """
    if isinstance(value, Mapping):
        if name in _LABELS or (name == "selector" and any(isinstance(one, str) for one in value.values())):
            return value
        return {key: without_nulls(item, key) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def unique_members(raw: bytes | msgspec.Raw) -> object:
    """A JSON value, of which no member is there twice: kubectl refuses that. Raises Invalid."""
    return json.loads(bytes(raw), object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise Invalid([Problem("", f"`{twice}` appears twice in one object.", "Keep one of the two.")])
    return members
