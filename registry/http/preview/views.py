"""`/api/v1/templates/{name}/preview`: what a change would do, before it is made."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from flask import Response

from registry.http import problems
from registry.http.access import Caller
from registry.http.answers import json_answer
from registry.http.connectivity.outcome import connections_of
from registry.http.lint.views import linted
from registry.http.operations import CHANGES_TEMPLATE, Operations
from registry.http.paging import Order, paged
from registry.http.preview.body import ParametersPart, PreviewBody, read_preview
from registry.http.preview.schemas import EXAMPLE, REQUEST_EXAMPLE, Previewed, PreviewQuery
from registry.http.problems import Refused
from registry.http.requests import backend, body, caller, parsed
from registry.http.rollouts.body import RolloutBody
from registry.http.rollouts.users import candidates
from registry.http.rollouts.views import target_of
from registry.http.templates.admission import check_admission
from registry.http.templates.recorded import recorded_entry, recorded_revision
from registry.http.templates.saving import edit_of
from registry.http.templates.widening import widens
from registry.http.visibility import Seen, visible
from registry.model.problems import Invalid
from registry.model.template import Template
from registry.planning.objects import Key, Namespace, Workload
from registry.planning.rollout_progress import select
from registry.store.errors import TemplateNotFound
from registry.store.saves import ANY
from registry.world.preview import Apply, Hit, changes_of, counted, give, move, preview, revise
from registry.world.snapshot import Snapshot
from registry.world.supposing import written

Query = Mapping[str, Any]

NO_EDIT: Final[Query] = {"message": ""}

BY_PLACE: Final = Order["Shown"](
    "place", lambda one: (one.key.namespace, one.key.kind, one.key.group, one.key.name)
)

blueprint: Final = Operations(
    "preview", __name__, url_prefix="/api/v1/templates/<name>", description="What a change would do."
)


class Shown(NamedTuple):
    """A hit, by the place that decides who may see it."""

    hit: Hit

    @property
    def key(self) -> Key:
        """What is hit."""
        return self.hit.key

    @property
    def group(self) -> str:
        """Its API group."""
        return self.key.group

    @property
    def kind(self) -> str:
        """Its kind."""
        return self.key.kind

    @property
    def namespace(self) -> str:
        """Where it is."""
        return self.key.namespace


class Change(NamedTuple):
    """A change to be tried: how, on whom, what the template then is, and what making it would need."""

    apply: Apply
    keys: frozenset[Key]
    template: Template | None
    parameters: Mapping[str, Any] | None = None
    needs_force: bool = False


@blueprint.route("/preview", methods=["POST"])
@blueprint.needs("get")
@blueprint.problems(
    *CHANGES_TEMPLATE, problems.INVALID_BODY, problems.REVISION_NOT_FOUND, problems.USER_NOT_FOUND
)
@blueprint.query(PreviewQuery)
@blueprint.takes("PreviewRequest", REQUEST_EXAMPLE)
@blueprint.answer(200, Previewed, example=EXAMPLE)
def preview_change(query: Query, name: str) -> Response:
    """Preview a change.

    Of the template (a document, a rollback, a deletion), of the revision of its pinned users, or of one
    user's parameters: every workload and Namespace for which something changes, with its policies before and
    after, the connections that are added and removed by that, and lint of the result. Refused as the change
    itself would be, except for `force`. Nothing is written. Shown and counted are those that the caller may
    list.
    """
    asked = read_preview(body())
    change, start = _change(name, asked)
    found = preview(start, name, change.keys, change.apply, backend().clock())
    hits = [Shown(hit) for hit in found.hits]
    (seen, complete), (staying, _) = backend().call(_visible(hits, found.staying, caller()))
    return json_answer(
        {
            "name": name,
            "change": asked.change,
            "needsForce": change.needs_force,
            "policies": counted(one.hit for one in seen),
            "staying": len(staying),
            "complete": complete,
            "connections": connections_of(written(changes_of(found.hits))),
            "lint": _lint(change, query),
            **paged(seen, BY_PLACE, _shown, query),
        }
    )


async def _visible(hits: list[Shown], staying: list[Key], who: Caller) -> tuple[Seen[Shown], Seen[Key]]:
    access = backend().access
    return await visible(access, who, hits), await visible(access, who, staying)


def _change(name: str, asked: PreviewBody) -> tuple[Change, Snapshot]:
    made = None
    if asked.document is not None:
        made = _document(asked.document, name)
    elif asked.rollback is not None:
        made = _recorded(name, asked.rollback)
    elif asked.change != "document":
        recorded_entry(name)
    start, keys = backend().users(name, default=bool(made and made.default_in is not None))
    if asked.deletion:
        return _deletion(name, keys), start
    if asked.rollout:
        return _rollout(name, asked.rollout), start
    if asked.parameters:
        return _parameters(name, asked.parameters, start), start
    assert made is not None  # noqa: S101 (exactly one of the five was given)
    return _save(name, made, keys), start


def _save(name: str, made: Template, keys: set[Key]) -> Change:
    entry = backend().watch.catalogue().get(name)
    edit = edit_of(name, made, (ANY,) if entry else None, NO_EDIT)
    backend().call(backend().store.preview(edit))
    backend().call(check_admission(backend().client, backend().settings, made))
    widened = widens(entry.current.template if entry else None, made)
    unchanged = entry is not None and entry.current.digest == made.digest
    return Change(_nothing if unchanged else revise(name, made), frozenset(keys), made, needs_force=widened)


def _deletion(name: str, keys: set[Key]) -> Change:
    if backend().watch.catalogue().get(name) is None:
        raise TemplateNotFound(name)
    return Change(revise(name, None), frozenset(keys), None, needs_force=name in backend().used("used"))


def _rollout(name: str, asked: RolloutBody) -> Change:
    entry = backend().watch.catalogue().get(name)
    if entry is None:
        raise TemplateNotFound(name)
    revision = target_of(entry, asked)
    moved = select(candidates(name, asked), revision).movable
    return Change(move(name, revision, moved), frozenset(moved), _recorded(name, revision))


def _parameters(name: str, asked: ParametersPart, start: Snapshot) -> Change:
    users: tuple[Workload | Namespace, ...] = (*start.workloads, *start.namespaces)
    for one in users:
        same = (one.key.kind, one.key.namespace, one.key.name) == (asked.kind, asked.namespace, asked.name)
        if same and asked.group in (None, one.key.group) and name in one.references:
            entry = backend().watch.catalogue().get(name)
            current = entry.current.template if entry else None
            return Change(give(one, name, asked.values), frozenset({one.key}), current, asked.values)
    detail = (
        f"There is no {asked.kind} {asked.name} in namespace {asked.namespace} that refers to template "
        f"{name}. See usage for those that do."
    )
    raise Refused(problems.USER_NOT_FOUND, detail)


def _document(document: Mapping[str, Any], name: str) -> Template:
    try:
        return parsed(document, name)
    except Refused as refused:
        moved = [msgspec.structs.replace(one, pointer=f"/document{one.pointer}") for one in refused.errors]
        raise Refused(refused.kind, refused.detail, errors=moved) from refused


def _recorded(name: str, number: int) -> Template:
    found = recorded_revision(recorded_entry(name), number).template
    if found is None:
        detail = f"Revision {number} of template {name} records a deletion, so it has no document."
        raise Refused(problems.REVISION_NOT_FOUND, detail)
    return found


def _nothing(_: object) -> None:
    """The template is so already."""


def _lint(change: Change, query: Query) -> Mapping[str, Any] | None:
    if change.template is None:
        return None
    try:
        return linted(change.template, change.parameters, query)
    except Invalid:
        return None  # the hit itself says what is wrong with the parameters


def _shown(one: Shown) -> dict[str, Any]:
    hit = one.hit
    return {
        "group": hit.key.group,
        "kind": hit.key.kind,
        "namespace": hit.key.namespace,
        "name": hit.key.name,
        "before": hit.before,
        "after": hit.after,
        "policies": hit.policies,
    }
