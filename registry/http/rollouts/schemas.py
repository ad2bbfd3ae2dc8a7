"""A rollout as the OpenAPI document shows it, with an example, and its query parameters."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from registry.http.connectivity.outcome_schemas import CHANGED, ConnectionsDocument
from registry.http.queries import PageQuery

POSITIONS: Final = ("moved", "left", "failed", "released")
STATES: Final = ("planned", "running", "stopping", "stopped", "done")


def _text(description: str, *, null: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=null, metadata={"description": description})


def _count(description: str) -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": description})


def _switch(description: str, name: str) -> fields.Boolean:
    return fields.Boolean(
        data_key=name,
        truthy={"true"},
        falsy={"false"},
        load_default=False,
        error_messages={"invalid": "Write true or false."},
        metadata={"description": description},
    )


class RolloutQuery(PageQuery):
    """Which users to show."""

    position = fields.String(
        validate=validate.OneOf(POSITIONS), metadata={"description": "Only users that stand there."}
    )


class RolloutWriteQuery(PageQuery):
    """Whether to write."""

    dry_run = _switch("Answer what would be done; write nothing.", "dryRun")


class Counted(Schema):
    """How many users stand where."""

    total = _count("All of them.")
    moved = _count("At the revision.")
    left = _count("Not yet moved; still outdated.")
    failed = _count("They stay as they are; `items` says why.")
    released = _count("Gone, or their label asks for something else by now.")


class NamespaceCounted(Counted):
    """The same of one namespace."""

    namespace = _text("Its name.")


class RolloutUser(Schema):
    """One user of the rollout."""

    group = _text("Its API group; empty for a Namespace.")
    kind = _text("Its kind.")
    namespace = _text("Where it is; of a Namespace its own name.")
    name = _text("Its name.")
    position = fields.String(required=True, validate=validate.OneOf(POSITIONS))
    revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The one in force; null without a policy."}
    )
    reason = _text("Why it failed; null otherwise.", null=True)
    message = _text("The same in a sentence; empty when more than 100 failed.", null=True)


class RolloutDocument(Schema):
    """A rollout and how far it is; one page of its users, by namespace, kind and name."""

    name = _text("The template's name.")
    revision = _count("The revision that users are moved to.")
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    detail = _text("What it is about to do, or why it ended.")
    author = _text("Who began it.")
    message = _text("Why, for people.")
    started = _text("When it began (RFC 3339); null for a dry run.", null=True)
    finished = _text("When it ended; null before.", null=True)
    batch = _count("How many are moved at once.")
    pause_seconds = fields.Integer(
        required=True, data_key="pauseSeconds", metadata={"description": "The wait between batches."}
    )
    skipped = _count("Users that it does not move: their label says which revision, or they have no policy.")
    progress = fields.Nested(Counted, required=True)
    namespaces = fields.List(fields.Nested(NamespaceCounted), required=True)
    complete = fields.Boolean(
        required=True,
        metadata={
            "description": "The caller may list every kind in the whole cluster; else `namespaces`, `items` "
            "and `total` leave out what the caller may not list."
        },
    )
    connections = fields.Nested(
        ConnectionsDocument,
        required=True,
        allow_none=True,
        metadata={"description": "What that does to connections; null without dryRun."},
    )
    items = fields.List(fields.Nested(RolloutUser), required=True)
    next = _text("The cursor of the next page; null on the last one.", null=True)
    total = _count("How many users there are to show.")


_COUNTS: Final = {"total": 2, "moved": 1, "left": 1, "failed": 0, "released": 0}
_USER: Final = {"group": "apps", "kind": "Deployment", "namespace": "shop", "reason": None, "message": None}
EXAMPLE: Final[dict[str, Any]] = {
    "name": "shop-api",
    "revision": 2,
    "state": "running",
    "detail": "",
    "author": "ann",
    "message": "narrower ports",
    "started": "2026-01-01T12:00:00.000Z",
    "finished": None,
    "batch": 1,
    "pauseSeconds": 60,
    "skipped": 1,
    "progress": _COUNTS,
    "namespaces": [{"namespace": "shop", **_COUNTS}],
    "complete": True,
    "connections": None,
    "items": [
        {**_USER, "name": "api", "position": "moved", "revision": 2},
        {**_USER, "name": "web", "position": "left", "revision": 1},
    ],
    "next": None,
    "total": 2,
}

_NONE_YET: Final = {**_COUNTS, "moved": 0, "left": 2}
PLANNED: Final[dict[str, Any]] = {
    **EXAMPLE,
    "state": "planned",
    "detail": "2 users would be moved; nothing was written.",
    "started": None,
    "progress": _NONE_YET,
    "namespaces": [{"namespace": "shop", **_NONE_YET}],
    "connections": CHANGED,
    "items": [
        {**_USER, "name": "api", "position": "left", "revision": 1},
        {**_USER, "name": "web", "position": "left", "revision": 1},
    ],
}
