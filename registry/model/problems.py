"""What is wrong with an input, where, and what to write instead."""

from collections.abc import Iterable

import msgspec


class Problem(msgspec.Struct, frozen=True, order=True):
    """One defect of a document.

    `pointer` is a JSON pointer (RFC 6901) into the document as its author wrote it, `reason` a
    sentence that says what is wrong, `fix` a sentence that says what to write instead.
    """

    pointer: str
    reason: str
    fix: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.reason} {self.fix}"


class Invalid(ValueError):
    """An input that was refused as a whole; nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))
