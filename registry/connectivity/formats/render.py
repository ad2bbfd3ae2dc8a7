"""One answer in one format."""

from typing import Final, Literal, get_args

import msgspec

from registry.connectivity.formats.comma_separated import comma_separated
from registry.connectivity.formats.dot import dot
from registry.connectivity.formats.drawing import drawing
from registry.connectivity.formats.ends import Document
from registry.connectivity.formats.markdown import markdown
from registry.connectivity.formats.mermaid import mermaid
from registry.connectivity.formats.tables import tables

Format = Literal["markdown", "json", "csv", "dot", "mermaid"]

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
DRAWN: Final = ("graph", "diff")
"""Answers that dot and Mermaid can draw."""


def formats_of(answer: str) -> tuple[Format, ...]:
    """The formats that an answer has."""
    return FORMATS if answer in DRAWN else ("markdown", "json", "csv")


def render(answer: str, document: Document, format_: Format) -> str:
    """The text of an answer, such as `graph`, from its document; it ends with a line break.

    Raises KeyError for a format that the answer has not.
    """
    match format_:
        case "json":
            return msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"
        case "csv":
            return comma_separated(tables(answer, document))
        case "dot":
            return dot(drawing(answer, document))
        case "mermaid":
            return mermaid(drawing(answer, document))
        case _:
            return markdown(tables(answer, document))
