"""Where one YAML document of a stream ends and the next begins."""

import re
from collections.abc import Iterator
from typing import Final

_MARKER: Final = re.compile(r"^(?:---|\.\.\.)(?=\s|$)", re.MULTILINE)
"""Where a document begins or ends; at the start of a line it is nothing else (YAML 1.2, 9.1.2)."""


def split_stream(text: str) -> Iterator[tuple[int, str]]:
    """Each document with the number of its first line; a marker becomes spaces, since it is no part of it."""
    line, start, blank = 1, 0, ""
    for marker in _MARKER.finditer(text):
        part = text[start : marker.start()]
        yield line, blank + part
        line += part.count("\n")
        start, blank = marker.end(), "   "
    yield line, blank + text[start:]
