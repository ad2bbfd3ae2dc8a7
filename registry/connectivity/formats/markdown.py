"""Tables as Markdown (GitHub's): https://github.github.com/gfm/#tables-extension-."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from registry.connectivity.formats.tables import Table

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~&#])")
_SPACE: Final = re.compile(r"\s+")


def markdown(found: Iterable[Table]) -> str:
    """Each table under its title; one without rows says so."""
    return "\n\n".join(_table(one) for one in found) + "\n"


def escaped(text: str) -> str:
    """A text as it is, whatever characters are in it; line breaks are spaces."""
    return _SPECIAL.sub(r"\\\1", _SPACE.sub(" ", text))


def _table(table: Table) -> str:
    if not table.rows:
        return f"## {table.title}\n\nNone."
    return "\n".join([f"## {table.title}", "", *_lines(table)])


def _lines(table: Table) -> Iterator[str]:
    yield _line(table.headings)
    yield _line(("---",) * len(table.headings))
    yield from (_line(map(escaped, row)) for row in table.rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
