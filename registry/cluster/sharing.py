"""Equal values are held once: what thousands of objects repeat costs its memory only once."""

import functools
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

_KINDS: Final = 4096
"""Different maps kept; what nobody repeats passes through."""


def shared_map(entries: Mapping[str, str] | None) -> dict[str, str]:
    """The same entries as one map for all that have equal ones: never change it."""
    return _map(tuple(entries.items())) if entries else _EMPTY


def with_shared(entries: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """`entries` itself, the texts of `keys` in it replaced by the one text equal to each."""
    for key in keys:
        value = entries.get(key)
        if type(value) is str:
            entries[key] = sys.intern(value)
    return entries


_EMPTY: Final[dict[str, str]] = {}


@functools.lru_cache(_KINDS)
def _map(entries: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return dict(entries)
