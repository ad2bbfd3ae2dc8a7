"""Query parameters as they are read."""

from typing import Final

from marshmallow import Schema, ValidationError, fields, validate

from registry.http.described import number, string, switch

PAGE_LIMIT: Final = 500
MESSAGE_LIMIT: Final = 500
CURSOR_LIMIT: Final = 1000
SORTS: Final = ("name", "-name", "category", "changed", "-changed")


def _printable(text: str) -> None:
    if not text.isprintable():
        raise ValidationError("Write one line of printable text.")


class PageQuery(Schema):
    """Which page."""

    limit = fields.Integer(
        load_default=100,
        validate=validate.Range(1, PAGE_LIMIT),
        metadata={"description": "How many items at most."},
    )
    cursor = string("`next` of the page before.", validate=validate.Length(1, CURSOR_LIMIT))


class ListQuery(PageQuery):
    """Which templates."""

    category = string("Only templates of this category.")
    scope = string("Only this scope.", validate=validate.OneOf(["workload", "namespace"]))
    text = string("Only with this in name, title or description, in upper or lower case.")
    usage = string(
        "Only those that something uses, nothing uses, or something uses at an older revision.",
        validate=validate.OneOf(["used", "unused", "outdated"]),
    )
    flagged = switch("Only those with a flag (true), or without one (false).", default=None)
    sort = string(
        "The order; a minus sign turns it around. `changed` is the time of the current revision.",
        load_default="name",
        validate=validate.OneOf(SORTS),
    )


class DryRunQuery(Schema):
    """A write that can be tried first."""

    dry_run = switch("Check everything and answer what would happen; write nothing.", data_key="dryRun")


class WriteQuery(DryRunQuery):
    """How to write."""

    message = string(
        "Why, for the revision's history.",
        load_default="",
        validate=[validate.Length(max=MESSAGE_LIMIT), _printable],
    )


class SaveQuery(WriteQuery):
    """How to save."""

    force = switch("Save even when `defaultIn` is new or wider, which acts on every namespace it matches.")


class DeleteQuery(WriteQuery):
    """How to delete."""

    force = switch("Delete even when it is in use: the policies generated from it are removed.")


class RenderQuery(Schema):
    """What to render."""

    revision = number("The revision; the current one when it is left out.")


class DiffQuery(Schema):
    """Which revisions to compare."""

    old = number("The revision to start from.", data_key="from", required=True)
    new = number("The revision to end at; the current one when it is left out.", data_key="to")
