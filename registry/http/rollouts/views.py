"""`/api/v1/templates/{name}/rollouts`: move pinned users to a revision, watch it, stop it.

The service records what is to be done and reads how far it is; the controller does it.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from flask import Response, request

from registry.http import problems
from registry.http.answers import json_answer
from registry.http.connectivity.outcome import connections_of
from registry.http.conversion import invalid
from registry.http.operations import READS_BODY, Operations
from registry.http.problems import Refused
from registry.http.requests import backend, body, caller
from registry.http.rollouts.answers import rollout_answer
from registry.http.rollouts.body import EXAMPLE as REQUEST_EXAMPLE
from registry.http.rollouts.body import RolloutBody, read_rollout
from registry.http.rollouts.schemas import EXAMPLE, PLANNED, RolloutDocument, RolloutQuery, RolloutWriteQuery
from registry.http.rollouts.users import candidates, standing
from registry.http.templates.recorded import recorded_entry
from registry.model.counts import counted
from registry.model.problems import Problem
from registry.planning.catalogue import Entry
from registry.planning.objects import Key
from registry.planning.rollout_progress import Held, Selection, places, select
from registry.planning.rollouts import Rollout, Status, fits, grouped, keys_of
from registry.store import bodies
from registry.store.errors import TemplateNotFound
from registry.store.objects import StoredRollout
from registry.store.rollouts import NoRollout, RolloutUnderWay
from registry.world.preview import changes_of, move, preview
from registry.world.supposing import written

log = logging.getLogger(__name__)

Query = Mapping[str, Any]

blueprint: Final = Operations(
    "rollouts",
    __name__,
    url_prefix="/api/v1/templates/<name>",
    description="Moving pinned users to a revision.",
)


@blueprint.route("/rollouts", methods=["POST"])
@blueprint.needs("update")
@blueprint.problems(
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.INVALID_BODY,
    problems.TEMPLATE_NOT_FOUND,
    problems.ROLLOUT_UNDER_WAY,
    problems.STORE_BUSY,
)
@blueprint.query(RolloutWriteQuery)
@blueprint.takes("RolloutRequest", REQUEST_EXAMPLE)
@blueprint.answer(
    202,
    RolloutDocument,
    example=EXAMPLE,
    headers={"Location": {"description": "Where to look how far it is.", "schema": {"type": "string"}}},
)
@blueprint.other_answer(
    200,
    RolloutDocument,
    description="What would be moved (dryRun), or that nothing is left to.",
    success=True,
    example=PLANNED,
)
def begin_rollout(query: Query, name: str) -> Response:
    """Begin a rollout.

    The users there are now are moved, in batches, by the controller; those already at the revision count as
    moved. Exact and `latest` references are skipped: their label says what they get. A template has one
    rollout at a time. After a stop, or a failure, the same call goes on with whoever is not at the revision.
    """
    asked = read_rollout(body())
    entry = backend().watch.catalogue().get(name)
    if entry is None:
        raise TemplateNotFound(name)
    users = candidates(name, asked)
    revision = target_of(entry, asked)
    selection = select(users, revision)
    rollout = _rollout(entry, asked, revision, selection)
    if not selection.movable:
        detail = "Nothing to move: every pinned user that matches is at the revision, or there is none."
        return json_answer(_answer(rollout, Status(state="done", detail=detail), users, query))
    if query["dry_run"]:
        _refuse_while_one_runs(name)
        connections = _connections(name, revision, selection)
        return json_answer({**_planned(rollout, users, query), "connections": connections})
    stored = _begin(rollout)
    answer = _answer(stored.rollout, stored.status, users, query)
    return json_answer(answer, 202, {"Location": request.path})


@blueprint.route("/rollouts", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(problems.INVALID_QUERY, problems.TEMPLATE_NOT_FOUND, problems.ROLLOUT_NOT_FOUND)
@blueprint.query(RolloutQuery)
@blueprint.answer(200, RolloutDocument, example=EXAMPLE)
def get_rollout(query: Query, name: str) -> Response:
    """Get the rollout of a template.

    The current one, or the last: how far it is by what the policies in the cluster say now. Its users are
    shown as far as the caller may list them; `progress` counts all.
    """
    stored = _recorded(name)
    return json_answer(_current(stored, query))


@blueprint.route("/rollouts/stop", methods=["POST"])
@blueprint.needs("update")
@blueprint.problems(
    problems.INVALID_QUERY, problems.TEMPLATE_NOT_FOUND, problems.ROLLOUT_NOT_FOUND, problems.STORE_BUSY
)
@blueprint.query(RolloutWriteQuery)
@blueprint.answer(200, RolloutDocument, example={**EXAMPLE, "state": "stopping", "detail": "Stopped by ann."})
def stop_rollout(query: Query, name: str) -> Response:
    """Stop a rollout.

    It ends after the batch under way: `stopping` until the controller has said so, then `stopped`. Whoever
    was moved stays moved. One that has ended is answered as it is.
    """
    stored, author = _recorded(name, fresh=True), caller().username

    def stopping(status: Status) -> Status:
        if status.state != "running":
            return status
        return msgspec.structs.replace(status, state="stopping", detail=f"Stopped by {author}.")

    if query["dry_run"]:
        stored = msgspec.structs.replace(stored, status=stopping(stored.status))
    else:
        stored = _change(stored, stopping)
    return json_answer(_current(stored, query))


def target_of(entry: Entry, asked: RolloutBody) -> int:
    """The revision that a rollout moves to. Raises Refused."""
    number = entry.head if asked.revision is None else asked.revision
    if entry.template(number) is not None:
        return number
    known = number in entry.revisions
    reason = (
        f"Revision {number} of template {entry.name} records a deletion, so nobody can have it."
        if known
        else f"Template {entry.name} has no revision {number}; the current one is {entry.head}."
    )
    raise invalid([Problem("/revision", reason, "Name one of its revisions, or leave it out.")])


def _rollout(entry: Entry, asked: RolloutBody, revision: int, selection: Selection) -> Rollout:
    users = grouped([*selection.movable, *selection.there])
    if not fits(users):
        reason = "These are too many users for one rollout; about 10,000 can be moved by one."
        raise invalid([Problem("", reason, "Narrow it by namespaces, one rollout after the other.")])
    return Rollout(
        template=entry.name,
        revision=revision,
        users=users,
        batch=asked.batch,
        pause=asked.pause_seconds,
        skipped=len(selection.skipped),
        author=caller().username,
        started=bodies.now(),
        message=asked.message,
    )


def _connections(name: str, revision: int, selection: Selection) -> Mapping[str, Any]:
    """The connections that the rollout adds and removes. Raises Refused, or ApiError."""
    start, _ = backend().users(name)
    keys = selection.movable
    found = preview(start, name, keys, move(name, revision, keys), backend().clock())
    return connections_of(written(changes_of(found.hits)))


def _begin(rollout: Rollout) -> StoredRollout:
    try:
        stored = backend().call(backend().rollouts.begin(rollout))
    except RolloutUnderWay as error:
        raise _under_way(error.current) from error
    log.info("%r began a rollout of %s to revision %d", rollout.author, rollout.template, rollout.revision)
    return stored


def _refuse_while_one_runs(name: str) -> None:
    current = backend().watch.rollouts.get(name)
    if current and not current.status.ended:
        raise _under_way(current)


def _under_way(current: StoredRollout) -> Refused:
    rollout, status = current.rollout, current.status
    detail = f"{RolloutUnderWay(current)} Wait until it has ended, or stop it."
    members = {
        "revision": rollout.revision,
        "state": status.state,
        "author": rollout.author,
        "started": rollout.started,
    }
    return Refused(problems.ROLLOUT_UNDER_WAY, detail, members={"current": members})


def _recorded(name: str, *, fresh: bool = False) -> StoredRollout:
    recorded_entry(name)
    watch = backend().watch
    if fresh or name not in watch.rollouts:
        backend().call(watch.reread_rollout(name))  # another replica may have recorded it just now
    stored = watch.rollouts.get(name)
    if stored is None:
        raise Refused(problems.ROLLOUT_NOT_FOUND, f"Template {name} never had a rollout.")
    return stored


def _change(stored: StoredRollout, make: Callable[[Status], Status]) -> StoredRollout:
    rollout = stored.rollout
    try:
        return backend().call(backend().rollouts.change(rollout.template, rollout.started, make))
    except NoRollout as error:
        detail = f"The rollout of template {rollout.template} was replaced by another meanwhile."
        raise Refused(problems.ROLLOUT_NOT_FOUND, detail) from error


def _current(stored: StoredRollout, query: Query) -> dict[str, Any]:
    keys = keys_of(stored.rollout.users)
    return _answer(stored.rollout, stored.status, standing(stored.rollout.template, keys), query)


def _planned(rollout: Rollout, users: Mapping[Key, Held], query: Query) -> dict[str, Any]:
    answer = _answer(rollout, Status(), users, query)
    moves = answer["progress"]["left"]
    detail = f"{counted(moves, 'user', 'users')} would be moved; nothing was written."
    return {**answer, "state": "planned", "detail": detail, "started": None}


def _answer(rollout: Rollout, status: Status, users: Mapping[Key, Held], query: Query) -> dict[str, Any]:
    return rollout_answer(rollout, status, places(rollout, status, users), query)
