"""`/api/v1/templates/{name}/diff` and `rollback`: what changed between revisions, and taking it back."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import Response

from registry.http import problems
from registry.http.answers import json_answer, revision_summary
from registry.http.conversion import converted
from registry.http.operations import CHANGES_TEMPLATE, ETAG, IF_MATCH, Operations
from registry.http.problems import Refused
from registry.http.queries import DiffQuery, SaveQuery
from registry.http.requests import body, expected, parsed
from registry.http.schemas import Difference, Saved
from registry.http.templates.examples import DIFF, ROLLBACK, SAVED
from registry.http.templates.recorded import recorded_entry, recorded_revision
from registry.http.templates.saving import based, edit_of
from registry.model.differences import diff, unified
from registry.planning.catalogue import Revision
from registry.store.bodies import text_of
from registry.store.saves import Edit, etag

Query = Mapping[str, Any]

blueprint: Final = Operations(
    "history",
    __name__,
    url_prefix="/api/v1/templates/<name>",
    description="What changed, and taking it back.",
)


class RollbackBody(msgspec.Struct, forbid_unknown_fields=True):
    """To which revision."""

    revision: int


@blueprint.route("/diff", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(problems.INVALID_QUERY, problems.TEMPLATE_NOT_FOUND, problems.REVISION_NOT_FOUND)
@blueprint.query(DiffQuery)
@blueprint.answer(200, Difference, example=DIFF)
def diff_template(query: Query, name: str) -> Response:
    """Compare two revisions of a template.

    As a unified diff of their YAML, and item by item. Where a revision records a deletion, its text is empty
    and its document null.
    """
    entry = recorded_entry(name)
    old = recorded_revision(entry, query["old"])
    new = recorded_revision(entry, query.get("new", entry.head))
    return json_answer(
        {
            "name": name,
            "from": revision_summary(old),
            "to": revision_summary(new),
            "text": unified(_text(old), _text(new), (_label(old), _label(new))),
            "changes": diff(_document(old), _document(new)),
        }
    )


@blueprint.route("/rollback", methods=["POST"])
@blueprint.needs("update")
@blueprint.problems(*CHANGES_TEMPLATE, problems.INVALID_BODY, problems.REVISION_NOT_FOUND)
@blueprint.query(SaveQuery)
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.takes("RollbackRequest", ROLLBACK)
@blueprint.answer(200, Saved, headers=ETAG, example=SAVED)
def roll_back_template(query: Query, name: str) -> Response:
    """Roll a template back.

    Makes a new revision that equals an old one, unless the template is so already. It is checked and saved
    like the document of a PUT. A deleted template is created again by a POST of the document that it had.
    """
    tags, number = expected(), _number()

    def back(current: Revision) -> Edit:
        document = _document_of(recorded_revision(recorded_entry(name), number))
        message = query["message"] or f"rollback to revision {number}"
        return edit_of(name, parsed(document, name), (etag(current),), {**query, "message": message})

    return based(name, tags, back, query)


def _number() -> int:
    return converted(body(), RollbackBody, "RollbackRequest").revision


def _document_of(revision: Revision) -> dict[str, Any]:
    if revision.template is None:
        detail = (
            f"Revision {revision.number} of template {revision.name} records a deletion, so it has no "
            "document. Use DELETE if that is meant."
        )
        raise Refused(problems.REVISION_NOT_FOUND, detail)
    return revision.template.document


def _document(revision: Revision) -> dict[str, Any] | None:
    return revision.template.document if revision.template else None


def _text(revision: Revision) -> str:
    return text_of(revision.template) if revision.template else ""


def _label(revision: Revision) -> str:
    return f"{revision.name}.yaml\trevision {revision.number}"
