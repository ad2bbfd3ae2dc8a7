"""Answers as the OpenAPI document shows them."""

from typing import Final

from marshmallow import INCLUDE, Schema, fields, validate

from registry.http.described import string


class ProblemItem(Schema):
    """One thing that is wrong."""

    pointer = string("JSON pointer (RFC 6901) to the place, in the body or the query.", required=True)
    reason = string("What is wrong.", required=True)
    fix = string("What to write instead.", required=True)


class ProblemDocument(Schema):
    """A problem document (RFC 9457). Some types have further members; docs/api.md lists them."""

    class Meta:
        """As RFC 9457 has it (3.2), further members are no fault."""

        unknown = INCLUDE

    type = fields.Url(required=True, metadata={"description": "The stable type of the problem."})
    title = string("The type in words.", required=True)
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = string("What happened here, and what to do.", required=True)
    errors = fields.List(fields.Nested(ProblemItem), metadata={"description": "Each thing that is wrong."})


class TemplateSummary(Schema):
    """A template as lists show it."""

    name = string("Its name.", required=True)
    title = string("Its title.", required=True)
    description = string("What it does.", required=True)
    category = string("Its group in lists.", required=True)
    scope = string("workload or namespace.", required=True)
    revision = fields.Integer(required=True, metadata={"description": "The current revision."})
    etag = string("What If-Match of a change has to say.", required=True)
    changed = fields.DateTime(required=True, metadata={"description": "When that was made, in UTC."})
    author = string("Who made it.", required=True)
    flag = string(
        "The entry in the ConfigMap was edited by hand and is not valid, or was removed; the revision shown "
        "stays in force.",
        allow_none=True,
        validate=validate.OneOf(["Invalid", "Removed"]),
    )
    problems = fields.List(
        fields.Nested(ProblemItem), metadata={"description": "What is wrong with the entry."}
    )


class _Page(Schema):
    next = string("The cursor of the next page; null on the last.", allow_none=True, required=True)
    total = fields.Integer(required=True, metadata={"description": "How many there are on all pages."})


class TemplatePage(_Page):
    """One page of templates."""

    items = fields.List(fields.Nested(TemplateSummary), required=True)


class RevisionSummary(Schema):
    """One immutable version of a template."""

    name = string("The template's name.", required=True)
    revision = fields.Integer(required=True, metadata={"description": "Its number: 1, 2, 3, ..."})
    etag = string("Its entity tag.", required=True)
    author = string("The user, or the field manager of an edit of the ConfigMap.", required=True)
    time = fields.DateTime(required=True, metadata={"description": "When, in UTC."})
    message = string("Why, in the author's words.", required=True)
    digest = string("sha256 of the document's canonical JSON; empty for a deletion.", required=True)
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
    detail = string("The same in a sentence.", required=True)


class DifferenceItem(Schema):
    """One difference. Items apply in their order, as those of a JSON Patch (RFC 6902)."""

    op = string("What happens.", required=True, validate=validate.OneOf(["add", "remove", "change"]))
    pointer = string("JSON pointer (RFC 6901) into the document as the items before left it.", required=True)
    before = fields.Raw(allow_none=True, metadata={"description": "What was there; not with add."})
    after = fields.Raw(allow_none=True, metadata={"description": "What is there then; not with remove."})


class _Compared(Schema):
    name = string("The template's name.", required=True)
    text = string("A unified diff of the YAML texts; empty when they are equal.", required=True)
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

    group = string("Its API group; empty for a Namespace.", required=True)
    kind = string("Its kind.", required=True)
    namespace = string("Where it is; of a Namespace its own name.", required=True)
    name = string("Its name.", required=True)
    value = string("The value of its label; null for a default.", required=True, allow_none=True)
    tracking = string("pinned, exact or latest.", required=True, allow_none=True)
    revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The revision in force; null without one."}
    )
    parameters = fields.Dict(
        required=True, allow_none=True, metadata={"description": "In force, else given; null if unreadable."}
    )
    outdated = fields.Boolean(required=True, metadata={"description": "There is a newer revision."})
    reason = string("Why what is asked for is not in force; null if it is.", required=True, allow_none=True)
    message = string("The same in a sentence.", required=True, allow_none=True)


class RevisionUsers(Schema):
    """How many are on a revision."""

    revision = fields.Integer(required=True, metadata={"description": "The revision in force."})
    users = fields.Integer(required=True, metadata={"description": "How many users it has."})


class UsagePage(_Page):
    """One page of users, by namespace, kind and name; the counts are those of all pages."""

    name = string("The template's name.", required=True)
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

    fact = string("Its name, such as cluster.apiServer.", required=True)
    reason = string("What follows from it.", required=True)


class Rendered(Schema):
    """The policy that would be generated."""

    name = string("The template's name.", required=True)
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
    notes = fields.List(string("Something to know about the result."), required=True)


class Alive(Schema):
    """The process runs."""

    status = string("`alive`.", required=True)
