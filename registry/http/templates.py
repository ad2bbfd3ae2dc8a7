"""`/api/v1/templates`: list, get, create, replace and delete templates."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from registry.http import problems
from registry.http.answers import entry_summary, outcome_answer, page, template_answer
from registry.http.examples import TEMPLATE
from registry.http.operations import ETAG, IF_MATCH, READS_BODY, Operations, header
from registry.http.problems import Refused
from registry.http.requests import backend, caller, expected, template
from registry.http.schemas import DeleteQuery, ListQuery, Saved, SaveQuery, TemplatePage
from registry.http.usage import SHOWN, users_of
from registry.http.widening import widens
from registry.model.template import Template
from registry.planning.catalogue import Entry
from registry.store.bodies import text_of
from registry.store.errors import TemplateNotFound
from registry.store.saves import Edit
from registry.store.writer import Outcome

log = logging.getLogger(__name__)

Query = Mapping[str, Any]

blueprint: Final = Operations(
    "templates", __name__, url_prefix="/api/v1/templates", description="The templates as they are now."
)


@blueprint.route("", methods=["GET"])
@blueprint.needs("list")
@blueprint.problems(problems.INVALID_QUERY)
@blueprint.query(ListQuery)
@blueprint.answer(200, TemplatePage)
def list_templates(query: Query) -> Response:
    """List templates.

    By name, in pages; with what is flagged.
    """
    entries = backend().watch.catalogue().entries
    found = [(name, entry) for name, entry in sorted(entries.items()) if _matches(entry, query)]
    return page([(name, entry_summary(entry)) for name, entry in found], query["limit"], query.get("cursor"))


@blueprint.route("", methods=["POST"])
@blueprint.needs("create")
@blueprint.problems(
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.INVALID_TEMPLATE,
    problems.SCOPE_CHANGED,
    problems.TEMPLATE_EXISTS,
    problems.DEFAULT_WIDENED,
    problems.STORE_FULL,
    problems.STORE_BUSY,
)
@blueprint.query(SaveQuery)
@blueprint.takes("Template", TEMPLATE)
@blueprint.answer(
    201,
    Saved,
    headers={**ETAG, "Location": {"description": "Where it is.", "schema": {"type": "string"}}},
)
@blueprint.other_answer(200, Saved, description="What would be saved (dryRun).", success=True)
def create_template(query: Query) -> Response:
    """Create a template.

    Its name must be free. When one of that name was deleted, its numbers go on and its scope stays.
    """
    made = template()
    return _save(_edit(made.name, made, None, query), query, 201)


@blueprint.route("/<name>", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(problems.TEMPLATE_NOT_FOUND)
@blueprint.doc(parameters=[header("If-None-Match", "The ETag that you have: 304 when it is still that.")])
@blueprint.answer(200, {"$ref": "#/components/schemas/Template"}, headers=ETAG, example=TEMPLATE)
@blueprint.other_answer(
    200, {"type": "string"}, content_type="application/yaml", description="OK", success=True
)
@blueprint.other_answer(304, description="You have it.", success=True)
def get_template(name: str) -> Response:
    """Get a template.

    The document as its author wrote it; in YAML when Accept says application/yaml.
    """
    return template_answer(_entry(name))


@blueprint.route("/<name>", methods=["PUT"])
@blueprint.needs("update")
@blueprint.problems(
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.TEMPLATE_NOT_FOUND,
    problems.DEFAULT_WIDENED,
    problems.PRECONDITION_FAILED,
    problems.PRECONDITION_REQUIRED,
    problems.INVALID_TEMPLATE,
    problems.SCOPE_CHANGED,
    problems.STORE_FULL,
    problems.STORE_BUSY,
)
@blueprint.query(SaveQuery)
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.takes("Template", TEMPLATE)
@blueprint.answer(200, Saved, headers=ETAG)
def replace_template(query: Query, name: str) -> Response:
    """Replace a template.

    Makes a new revision, unless nothing changes. Pinned users stay on theirs; `latest` ones follow.
    """
    tags = expected()
    return _save(_edit(name, template(name), tags, query), query, 200)


@blueprint.route("/<name>", methods=["DELETE"])
@blueprint.needs("delete")
@blueprint.problems(
    problems.INVALID_QUERY,
    problems.TEMPLATE_NOT_FOUND,
    problems.TEMPLATE_IN_USE,
    problems.PRECONDITION_FAILED,
    problems.PRECONDITION_REQUIRED,
    problems.STORE_BUSY,
)
@blueprint.query(DeleteQuery)
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.answer(200, Saved)
def delete_template(query: Query, name: str) -> Response:
    """Delete a template.

    Refused while it is in use, unless forced. Its revisions stay, and the deletion is one of them.
    """
    edit = _edit(name, None, expected(), query)
    planned = backend().call(backend().store.preview(edit))
    if not query["force"]:
        _refuse_in_use(name)
    return outcome_answer(planned, dry=True) if query["dry_run"] else outcome_answer(_write(edit))


def _entry(name: str) -> Entry:
    entry = backend().watch.catalogue().get(name)
    if entry is None:
        raise TemplateNotFound(name)
    return entry


def _matches(entry: Entry, query: Query) -> bool:
    template = entry.current.template
    if template is None:
        return False
    text = query.get("text", "").casefold()
    return (
        query.get("category") in (None, template.category)
        and query.get("scope") in (None, template.scope)
        and any(text in part.casefold() for part in (template.name, template.title, template.description))
    )


def _edit(name: str, made: Template | None, tags: tuple[str, ...] | None, query: Query) -> Edit:
    return Edit(
        name=name,
        template=made,
        text=text_of(made) if made else None,
        author=caller().username,
        message=query["message"],
        expected=tags,
    )


def _save(edit: Edit, query: Query, status: int) -> Response:
    planned = backend().call(backend().store.preview(edit))
    if not query["force"]:
        _refuse_widening(edit)
    if query["dry_run"]:
        return outcome_answer(planned, status, dry=True)
    return outcome_answer(_write(edit), status)


def _write(edit: Edit) -> Outcome:
    outcome = backend().call(backend().store.save(edit))
    verb = "saved" if edit.template else "deleted"
    number, changed = outcome.revision.number, outcome.changed
    log.info("%r %s template %s: revision %d, changed: %s", edit.author, verb, edit.name, number, changed)
    return outcome


def _refuse_widening(edit: Edit) -> None:
    entry = backend().watch.catalogue().get(edit.name)
    current = entry.current.template if entry else None
    if edit.template and widens(current, edit.template):
        detail = (
            "Its defaultIn is new or wider than before: saving applies the template to every managed "
            "namespace that matches, at once. Send force=true if that is meant."
        )
        before = current.default_in if current else None
        members = {"before": before, "after": edit.template.default_in}
        raise Refused(problems.DEFAULT_WIDENED, detail, members=members)


def _refuse_in_use(name: str) -> None:
    users = backend().call(users_of(backend().client, name))
    if users:
        detail = (
            f"{len(users)} objects use template {name}. Remove their references first, or send force=true: "
            "then the policies generated from it are removed."
        )
        raise Refused(problems.TEMPLATE_IN_USE, detail, members={"users": users[:SHOWN], "total": len(users)})
