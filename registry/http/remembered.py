"""Whole answers that follow from the catalogue alone, kept until it changes; safe for threads.

The same response is sent again and again, so nothing may be changed in it after it was made.
"""

from collections.abc import Callable, Hashable
from typing import Final

from flask import Response, current_app

from registry.planning.catalogue import Catalogue

LIMIT: Final = 1024 * 1024
"""Bytes of answers that are kept; when they are more, all are forgotten."""


class Remembered:
    """The answers made of the catalogue that was last asked about."""

    def __init__(self) -> None:
        self._kept = _Kept(Catalogue())

    def answer(self, catalogue: Catalogue, key: Hashable, make: Callable[[], Response]) -> Response:
        """What `make` makes of this very catalogue, made once for each key."""
        kept = self._kept
        if kept.catalogue is not catalogue:
            kept = self._kept = _Kept(catalogue)
        found = kept.answers.get(key)
        if found is None:
            found = make()
            kept.keep(key, found)
        return found


def remembered() -> Remembered:
    """What this application has kept."""
    found: Remembered = current_app.extensions["remembered"]
    return found


class _Kept:
    """Replaced as a whole, so that a thread never mixes answers of two catalogues."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.answers: dict[Hashable, Response] = {}
        self._size = 0

    def keep(self, key: Hashable, answer: Response) -> None:
        size = answer.content_length or 0
        if self._size + size > LIMIT:
            self.answers = {}
            self._size = 0
        self.answers[key] = answer
        self._size += size
