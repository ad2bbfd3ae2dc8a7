"""Query parameters as they are read, and answers as the OpenAPI document shows them."""

from typing import Any, Final

from marshmallow import INCLUDE, Schema, ValidationError, fields, validate

PAGE_LIMIT: Final = 500
MESSAGE_LIMIT: Final = 500
CURSOR_LIMIT: Final = 1000
SORTS: Final = ("name", "-name", "category", "changed", "-changed")


def _text(description: str, **arguments: Any) -> fields.String:  # noqa: ANN401 (as marshmallow takes them)
    return fields.String(metadata={"description": description}, **arguments)


def _switch(
    description: str,
    *,
    default: bool | None = False,
    **arguments: Any,  # noqa: ANN401 (as marshmallow takes them)
) -> fields.Boolean:
    # Exactly these two words, as the labels have them: `yes` and `1` are refused.
    return fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        load_default=default,
        error_messages={"invalid": "Write true or false."},
        metadata={"description": description},
        **arguments,
    )


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
    cursor = _text("`next` of the page before.", validate=validate.Length(1, CURSOR_LIMIT))


class ListQuery(PageQuery):
    """Which templates."""

    category = _text("Only templates of this category.")
    scope = _text("Only this scope.", validate=validate.OneOf(["workload", "namespace"]))
    text = _text("Only with this in name, title or description, in upper or lower case.")
    usage = _text(
        "Only those that something uses, nothing uses, or something uses at an older revision.",
        validate=validate.OneOf(["used", "unused", "outdated"]),
    )
    flagged = _switch("Only those with a flag (true), or without one (false).", default=None)
    sort = _text(
        "The order; a minus sign turns it around. `changed` is the time of the current revision.",
        load_default="name",
        validate=validate.OneOf(SORTS),
    )


class DryRunQuery(Schema):
    """A write that can be tried first."""

    dry_run = _switch("Check everything and answer what would happen; write nothing.", data_key="dryRun")


class WriteQuery(DryRunQuery):
    """How to write."""

    message = _text(
        "Why, for the revision's history.",
        load_default="",
        validate=[validate.Length(max=MESSAGE_LIMIT), _printable],
    )


class SaveQuery(WriteQuery):
    """How to save."""

    force = _switch("Save even when `defaultIn` is new or wider, which acts on every namespace it matches.")


class DeleteQuery(WriteQuery):
    """How to delete."""

    force = _switch("Delete even when it is in use: the policies generated from it are removed.")


class RenderQuery(Schema):
    """What to render."""

    revision = fields.Integer(
        validate=validate.Range(1, 10**9),
        metadata={"description": "The revision; the current one when it is left out."},
    )


def _number(description: str, **arguments: Any) -> fields.Integer:  # noqa: ANN401 (as marshmallow takes them)
    return fields.Integer(
        validate=validate.Range(1, 10**9), metadata={"description": description}, **arguments
    )


class DiffQuery(Schema):
    """Which revisions to compare."""

    old = _number("The revision to start from.", data_key="from", required=True)
    new = _number("The revision to end at; the current one when it is left out.", data_key="to")


class ProblemItem(Schema):
    """One thing that is wrong."""

    pointer = _text("JSON pointer (RFC 6901) to the place, in the body or the query.", required=True)
    reason = _text("What is wrong.", required=True)
    fix = _text("What to write instead.", required=True)


class ProblemDocument(Schema):
    """A problem document (RFC 9457). Some types have further members; docs/api.md lists them."""

    class Meta:
        """As RFC 9457 has it (3.2), further members are no fault."""

        unknown = INCLUDE

    type = fields.Url(required=True, metadata={"description": "The stable type of the problem."})
    title = _text("The type in words.", required=True)
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = _text("What happened here, and what to do.", required=True)
    errors = fields.List(fields.Nested(ProblemItem), metadata={"description": "Each thing that is wrong."})


class TemplateSummary(Schema):
    """A template as lists show it."""

    name = _text("Its name.", required=True)
    title = _text("Its title.", required=True)
    description = _text("What it does.", required=True)
    category = _text("Its group in lists.", required=True)
    scope = _text("workload or namespace.", required=True)
    revision = fields.Integer(required=True, metadata={"description": "The current revision."})
    etag = _text("What If-Match of a change has to say.", required=True)
    changed = fields.DateTime(required=True, metadata={"description": "When that was made, in UTC."})
    author = _text("Who made it.", required=True)
    flag = _text(
        "The entry in the ConfigMap was edited by hand and is not valid, or was removed; the revision shown "
        "stays in force.",
        allow_none=True,
        validate=validate.OneOf(["Invalid", "Removed"]),
    )
    problems = fields.List(
        fields.Nested(ProblemItem), metadata={"description": "What is wrong with the entry."}
    )


class _Page(Schema):
    next = _text("The cursor of the next page; null on the last.", allow_none=True, required=True)
    total = fields.Integer(required=True, metadata={"description": "How many there are on all pages."})


class TemplatePage(_Page):
    """One page of templates."""

    items = fields.List(fields.Nested(TemplateSummary), required=True)


class RevisionSummary(Schema):
    """One immutable version of a template."""

    name = _text("The template's name.", required=True)
    revision = fields.Integer(required=True, metadata={"description": "Its number: 1, 2, 3, ..."})
    etag = _text("Its entity tag.", required=True)
    author = _text("The user, or the field manager of an edit of the ConfigMap.", required=True)
    time = fields.DateTime(required=True, metadata={"description": "When, in UTC."})
    message = _text("Why, in the author's words.", required=True)
    digest = _text("sha256 of the document's canonical JSON; empty for a deletion.", required=True)
    deleted = fields.Boolean(
        required=True, metadata={"description": "It records that the template was deleted."}
    )


class RevisionPage(_Page):
    """One page of revisions, the newest first."""

    items = fields.List(fields.Nested(RevisionSummary), required=True)


class Saved(RevisionSummary):
    """What a write did, or would do."""

    changed = fields.Boolean(required=True, metadata={"description": "Whether it makes a new revision."})
    dry_run = fields.Boolean(
        required=True, data_key="dryRun", metadata={"description": "Nothing was written."}
    )
    detail = _text("The same in a sentence.", required=True)


class DifferenceItem(Schema):
    """One difference. Items apply in their order, as those of a JSON Patch (RFC 6902)."""

    op = _text("What happens.", required=True, validate=validate.OneOf(["add", "remove", "change"]))
    pointer = _text("JSON pointer (RFC 6901) into the document as the items before left it.", required=True)
    before = fields.Raw(allow_none=True, metadata={"description": "What was there; not with add."})
    after = fields.Raw(allow_none=True, metadata={"description": "What is there then; not with remove."})


class _Compared(Schema):
    name = _text("The template's name.", required=True)
    text = _text("A unified diff of the YAML texts; empty when they are equal.", required=True)
    changes = fields.List(fields.Nested(DifferenceItem), required=True)


Difference: Final = _Compared.from_dict(
    {
        "from": fields.Nested(RevisionSummary, required=True),
        "to": fields.Nested(RevisionSummary, required=True),
    },
    name="Difference",
)
"""What changed between two revisions; `from` cannot be written in a class."""


class UserItem(Schema):
    """One user of a template."""

    group = _text("Its API group; empty for a Namespace.", required=True)
    kind = _text("Its kind.", required=True)
    namespace = _text("Where it is; of a Namespace its own name.", required=True)
    name = _text("Its name.", required=True)
    value = _text("The value of its label; null for a default.", required=True, allow_none=True)
    tracking = _text("pinned, exact or latest.", required=True, allow_none=True)
    revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The revision in force; null without one."}
    )
    parameters = fields.Dict(
        required=True, allow_none=True, metadata={"description": "In force, else given; null if unreadable."}
    )
    outdated = fields.Boolean(required=True, metadata={"description": "There is a newer revision."})
    reason = _text("Why what is asked for is not in force; null if it is.", required=True, allow_none=True)
    message = _text("The same in a sentence.", required=True, allow_none=True)


class RevisionUsers(Schema):
    """How many are on a revision."""

    revision = fields.Integer(required=True, metadata={"description": "The revision in force."})
    users = fields.Integer(required=True, metadata={"description": "How many users it has."})


class UsagePage(_Page):
    """One page of users, by namespace, kind and name; the counts are those of all pages."""

    name = _text("The template's name.", required=True)
    revision = fields.Integer(required=True, metadata={"description": "The current revision."})
    revisions = fields.List(fields.Nested(RevisionUsers), required=True)
    outdated = fields.Integer(required=True, metadata={"description": "How many are on an older one."})
    without_policy = fields.Integer(
        required=True, data_key="withoutPolicy", metadata={"description": "How many have none in force."}
    )
    complete = fields.Boolean(
        required=True, metadata={"description": "The caller may list every kind in the whole cluster."}
    )
    items = fields.List(fields.Nested(UserItem), required=True)


class UnknownFact(Schema):
    """A cluster fact that the template asks for and nobody knows."""

    fact = _text("Its name, such as cluster.apiServer.", required=True)
    reason = _text("What follows from it.", required=True)


class Rendered(Schema):
    """The policy that would be generated."""

    name = _text("The template's name.", required=True)
    revision = fields.Integer(required=True, metadata={"description": "The revision that was rendered."})
    parameters = fields.Dict(
        required=True, metadata={"description": "The parameters with defaults filled in."}
    )
    spec = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "The NetworkPolicySpec; null when facts are unknown."},
    )
    unknown_facts = fields.List(fields.Nested(UnknownFact), required=True, data_key="unknownFacts")
    notes = fields.List(_text("Something to know about the result."), required=True)


class Alive(Schema):
    """The process runs."""

    status = _text("`alive`.", required=True)
