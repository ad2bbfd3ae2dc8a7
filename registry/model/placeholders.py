"""The grammar of `${name}` in a template's spec.

A placeholder stands in a string value. When it is the whole string, it takes a typed value;
inside a longer string, text. Keys hold none.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from registry.model.pointers import child

OPENING: Final = "${"
PLACEHOLDER: Final = re.compile(r"\$\{([A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)?)\}")
NAMESPACE: Final = "namespace"
WORKLOAD_NAME: Final = "workload.name"


class Use(msgspec.Struct, frozen=True):
    """One string that holds `${`: where it is, which variables it names, and how."""

    pointer: str
    names: tuple[str, ...]
    in_key: bool = False
    malformed: bool = False


def whole(node: object) -> str | None:
    """Return the variable's name when a value is exactly one placeholder."""
    match = PLACEHOLDER.fullmatch(node) if isinstance(node, str) else None
    return match.group(1) if match else None


def names_in(text: str) -> tuple[str, ...]:
    """Return the variables named in a string, in order."""
    return tuple(PLACEHOLDER.findall(text))


def uses(node: object, pointer: str) -> Iterator[Use]:
    """Yield every use of a placeholder in keys and values at and below `node`."""
    if isinstance(node, str):
        if OPENING in node:
            yield Use(pointer, names_in(node), malformed=OPENING in PLACEHOLDER.sub("", node))
    elif isinstance(node, Mapping):
        for key, item in node.items():
            if OPENING in key:
                yield Use(child(pointer, key), names_in(key), in_key=True)
            yield from uses(item, child(pointer, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from uses(item, child(pointer, index))
