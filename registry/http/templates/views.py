"""`/api/v1/templates`: list, get, create, replace and delete templates."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from registry.http import problems
from registry.http.answers import json_answer, outcome_answer, template_answer, unless_known
from registry.http.operations import CHANGES_TEMPLATE, ETAG, IF_MATCH, READS_BODY, Operations, header
from registry.http.paging import paged
from registry.http.problems import Refused
from registry.http.queries import DeleteQuery, ListQuery, PageQuery, SaveQuery
from registry.http.remembered import remembered
from registry.http.requests import (
    MERGE_PATCH,
    backend,
    caller,
    expected,
    merge_patch_body,
    parsed,
    template,
    wants_yaml,
)
from registry.http.schemas import Saved, TemplatePage, UsagePage
from registry.http.templates.examples import (
    CREATED,
    DELETED,
    PATCH,
    REPLACED,
    TEMPLATE,
    TEMPLATES,
    TRIED,
    USAGE,
)
from registry.http.templates.listing import listed
from registry.http.templates.recorded import recorded_entry
from registry.http.templates.saving import based, edit_of, save, written
from registry.http.templates.usage import SHOWN, users_of
from registry.http.templates.uses import BY_PLACE, shown, usage_counts
from registry.http.visibility import visible
from registry.model.counts import counted
from registry.model.documents import dump_yaml
from registry.model.merge_patch import merge_patch
from registry.planning.catalogue import Revision
from registry.store.errors import TemplateNotFound
from registry.store.saves import Edit, etag
from registry.world.usage import uses_of

Query = Mapping[str, Any]

blueprint: Final = Operations(
    "templates", __name__, url_prefix="/api/v1/templates", description="The templates as they are now."
)


@blueprint.route("", methods=["GET"])
@blueprint.needs("list")
@blueprint.problems(problems.INVALID_QUERY)
@blueprint.query(ListQuery)
@blueprint.answer(200, TemplatePage, example=TEMPLATES)
def list_templates(query: Query) -> Response:
    """List templates.

    In pages, sorted by name unless said otherwise; with what is flagged.
    """
    return listed(query)


@blueprint.route("", methods=["POST"])
@blueprint.needs("create")
@blueprint.problems(
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.INVALID_TEMPLATE,
    problems.POLICY_REFUSED,
    problems.DRY_RUN_FAILED,
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
    example=CREATED,
    headers={**ETAG, "Location": {"description": "Where it is.", "schema": {"type": "string"}}},
)
@blueprint.other_answer(200, Saved, description="What would be saved (dryRun).", success=True, example=TRIED)
def create_template(query: Query) -> Response:
    """Create a template.

    Its name must be free. When one of that name was deleted, its numbers go on and its scope stays.
    """
    made = template()
    return save(edit_of(made.name, made, None, query), query, 201)


@blueprint.route("/<name>", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(problems.TEMPLATE_NOT_FOUND)
@blueprint.doc(parameters=[header("If-None-Match", "The ETag that you have: 304 when it is still that.")])
@blueprint.answer(200, {"$ref": "#/components/schemas/Template"}, headers=ETAG, example=TEMPLATE)
@blueprint.other_answer(
    200,
    {"type": "string"},
    content_type="application/yaml",
    description="OK",
    success=True,
    example=dump_yaml(TEMPLATE),
)
@blueprint.other_answer(304, description="You have it.", success=True)
def get_template(name: str) -> Response:
    """Get a template.

    The document as its author wrote it; in YAML when Accept says application/yaml.
    """
    catalogue, yaml = backend().watch.catalogue(), wants_yaml()
    entry = catalogue.get(name)
    if entry is None:
        raise TemplateNotFound(name)
    made = remembered().answer(catalogue, (name, yaml), lambda: template_answer(entry, yaml=yaml))
    return unless_known(made)


@blueprint.route("/<name>/usage", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(problems.INVALID_QUERY, problems.TEMPLATE_NOT_FOUND)
@blueprint.query(PageQuery)
@blueprint.answer(200, UsagePage, example=USAGE)
def get_usage(query: Query, name: str) -> Response:
    """List the users of a template.

    Those that the caller may see anyway: each kind is shown where the caller may `list` it. With what is in
    force, or why not, as far as the cluster's objects tell it.
    """
    entry = recorded_entry(name)
    start, keys = backend().users(name)
    uses = uses_of(start, name, keys, backend().clock())
    seen, complete = backend().call(visible(backend().access, caller(), uses))
    return json_answer(
        {**usage_counts(entry, seen, complete=complete), **paged(seen, BY_PLACE, shown, query)}
    )


@blueprint.route("/<name>", methods=["PUT"])
@blueprint.needs("update")
@blueprint.problems(*CHANGES_TEMPLATE)
@blueprint.query(SaveQuery)
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.takes("Template", TEMPLATE)
@blueprint.answer(200, Saved, headers=ETAG, example=REPLACED)
def replace_template(query: Query, name: str) -> Response:
    """Replace a template.

    Makes a new revision, unless nothing changes. Pinned users stay on theirs; `latest` ones follow.
    """
    tags = expected()
    return save(edit_of(name, template(name), tags, query), query, 200)


@blueprint.route("/<name>", methods=["PATCH"])
@blueprint.needs("patch")
@blueprint.problems(*CHANGES_TEMPLATE)
@blueprint.query(SaveQuery)
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.takes("MergePatch", PATCH, [MERGE_PATCH])
@blueprint.answer(200, Saved, headers=ETAG, example=REPLACED)
def patch_template(query: Query, name: str) -> Response:
    """Change members of a template.

    By a JSON merge patch (RFC 7396): null removes a member, lists are replaced whole. The result is checked
    and saved like that of a PUT.
    """
    tags, patch = expected(), merge_patch_body()

    def patched(current: Revision) -> Edit:
        document = current.template.document if current.template else None
        return edit_of(name, parsed(merge_patch(document, patch), name), (etag(current),), query)

    return based(name, tags, patched, query)


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
@blueprint.answer(200, Saved, example=DELETED)
def delete_template(query: Query, name: str) -> Response:
    """Delete a template.

    Refused while it is in use, unless forced. Its revisions stay, and the deletion is one of them.
    """
    edit = edit_of(name, None, expected(), query)
    planned = backend().call(backend().store.preview(edit))
    if not query["force"]:
        _refuse_in_use(name)
    return outcome_answer(planned, dry=True) if query["dry_run"] else outcome_answer(written(edit))


def _refuse_in_use(name: str) -> None:
    users = backend().call(users_of(backend().client, backend().kinds(), name))
    if users:
        using = counted(len(users), "object uses", "objects use")
        detail = (
            f"{using} template {name}. Remove their references first, or send force=true: "
            "then the policies generated from it are removed."
        )
        raise Refused(problems.TEMPLATE_IN_USE, detail, members={"users": users[:SHOWN], "total": len(users)})
