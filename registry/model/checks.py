"""Small checkers that compose into a check of a whole Kubernetes object.

A check takes a value and its pointer and yields the problems found. `fields` and `each` build the
check of an object or a list from those of its parts, so that a rule reads as a table.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from registry.model.pointers import child
from registry.model.problems import Problem

MAX_PROBLEMS: Final = 50
"""Nobody reads more problems of one input, and finding them all could take long."""

Check = Callable[[object, str], Iterable[Problem]]


def fields(checks: Mapping[str, Check]) -> Check:
    """Return the check of an object with these fields and no others; null is no value."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(pointer, f"{shown(value)} is not a mapping.", f"Write {listed(checks)} under it.")
            return
        for key, item in value.items():
            here = child(pointer, key)
            if key not in checks:
                yield unknown(here, str(key), checks)
            elif item is None:
                yield Problem(here, f"`{key}` has no value.", "Write a value or remove the field.")
            else:
                yield from checks[key](item, here)

    return check


def each(check: Check) -> Check:
    """Return the check of a list whose items all pass `check`."""

    def check_list(value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem(pointer, f"{shown(value)} is not a list.", "Write a list, each item after a dash.")
            return
        for index, item in enumerate(value):
            yield from check(item, child(pointer, index))

    return check_list


def unknown(pointer: str, key: str, known: Iterable[str]) -> Problem:
    """Return the problem of a field that does not exist here, with the closest one that does."""
    names = sorted(known)
    close = get_close_matches(key, names, n=1)
    fix = f"Did you mean `{close[0]}`?" if close else f"Remove it, or use {listed(names)}."
    return Problem(pointer, f"There is no field `{key}` here.", fix)


def listed(names: Iterable[object], last: str = "or") -> str:
    """Return names as people list them: `a`, `b` or `c`."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:  # noqa: PLR2004 (one name or none)
        return "".join(quoted) or "nothing"
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def shown(value: object, limit: int = 60) -> str:
    """Return a value as a sentence may quote it, shortened."""
    text = (
        {True: "true", False: "false", None: "null"}[value]
        if value is None or isinstance(value, bool)
        else ""
    )
    text = text or (repr(value) if isinstance(value, str) else str(value))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
