"""`/api/v1/templates/{name}/revisions` and `render`: what was, and what would be generated."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from flask import Response

from registry.http import problems
from registry.http.answers import json_answer, quoted, revision_summary
from registry.http.conversion import converted
from registry.http.operations import ETAG, READS_BODY, Operations
from registry.http.paging import Order, page
from registry.http.problems import Refused
from registry.http.queries import PageQuery, RenderQuery
from registry.http.requests import backend, body
from registry.http.schemas import Rendered, RevisionPage
from registry.http.templates.examples import RENDER, RENDERED, REVISION, REVISIONS
from registry.http.templates.recorded import recorded_entry, recorded_revision
from registry.model.facts import FACT_NAMES
from registry.model.labels import check_selector
from registry.model.parameters import Parameters, fill
from registry.model.placeholders import WORKLOAD_NAME
from registry.model.problems import Invalid
from registry.model.rendering import Context, render
from registry.model.template import Template
from registry.planning.catalogue import Revision
from registry.store.errors import TemplateNotFound

Query = Mapping[str, Any]

NEWEST_FIRST: Final = Order[Revision]("-revision", lambda one: (f"{one.number:010d}",), descending=True)

blueprint: Final = Operations(
    "revisions", __name__, url_prefix="/api/v1/templates/<name>", description="What was, and what would be."
)


class RenderBody(msgspec.Struct, forbid_unknown_fields=True):
    """Where and with which parameters to render; `selector` is that of the workload's pods."""

    namespace: str = "default"
    parameters: dict[str, Any] = {}
    workload: str | None = None
    selector: dict[str, Any] | None = None


@blueprint.route("/revisions", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(problems.INVALID_QUERY, problems.TEMPLATE_NOT_FOUND)
@blueprint.query(PageQuery)
@blueprint.answer(200, RevisionPage, example=REVISIONS)
def list_revisions(query: Query, name: str) -> Response:
    """List the revisions of a template.

    The newest first, deletions included, also of a template that is deleted now.
    """
    return page(recorded_entry(name).revisions.values(), NEWEST_FIRST, revision_summary, query)


@blueprint.route("/revisions/<int:number>", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(problems.TEMPLATE_NOT_FOUND, problems.REVISION_NOT_FOUND)
@blueprint.answer(200, {"$ref": "#/components/schemas/Revision"}, headers=ETAG, example=REVISION)
def get_revision(name: str, number: int) -> Response:
    """Get a revision of a template.

    With the document as it was then; null where the revision records a deletion.
    """
    revision = recorded_revision(recorded_entry(name), number)
    document = revision.template.document if revision.template else None
    return json_answer({**revision_summary(revision), "template": document}, 200, {"ETag": quoted(revision)})


@blueprint.route("/render", methods=["POST"])
@blueprint.needs("get")
@blueprint.problems(
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.TEMPLATE_NOT_FOUND,
    problems.REVISION_NOT_FOUND,
    problems.INVALID_BODY,
    problems.INVALID_PARAMETERS,
)
@blueprint.query(RenderQuery)
@blueprint.takes("RenderRequest", RENDER)
@blueprint.answer(200, Rendered, example=RENDERED)
def render_template(query: Query, name: str) -> Response:
    """Render a template.

    Answers the NetworkPolicySpec that would be generated, and writes nothing. A cluster fact that is not
    known is listed, and there is no spec then.
    """
    asked = converted(body() or {}, RenderBody, "RenderRequest")
    entry = recorded_entry(name)
    revision = recorded_revision(entry, query.get("revision", entry.head))
    if revision.template is None:
        raise TemplateNotFound(name)
    try:
        return json_answer(_rendered(revision, revision.template, asked))
    except Invalid as error:
        raise Refused(problems.INVALID_PARAMETERS, str(error), errors=error.problems) from error


def _rendered(revision: Revision, template: Template, asked: RenderBody) -> dict[str, Any]:
    parameters = _filled(template, asked)
    facts = backend().facts
    unknown = list(_unknown(template, asked, facts))
    context = Context(asked.namespace, asked.workload, facts)
    spec = None if unknown else _with_selector(render(template, parameters, context), template, asked)
    return {
        "name": revision.name,
        "revision": revision.number,
        "parameters": parameters,
        "spec": spec,
        "unknownFacts": unknown,
        "notes": list(_notes(template, asked)),
    }


def _filled(template: Template, asked: RenderBody) -> Parameters:
    if asked.selector is not None and (wrong := check_selector(asked.selector, "/selector")):
        raise Invalid(wrong)
    try:
        return fill(template, asked.parameters)
    except Invalid as error:
        # the parameters are one member of the body
        raise Invalid(
            msgspec.structs.replace(one, pointer=f"/parameters{one.pointer}") for one in error.problems
        ) from error


def _unknown(template: Template, asked: RenderBody, facts: Mapping[str, object]) -> Iterator[dict[str, str]]:
    for name in sorted(template.variables):
        if name in FACT_NAMES and facts.get(name) is None:
            yield {"fact": name, "reason": "Not known here: a reference stays pending until it is."}
        if name == WORKLOAD_NAME and asked.workload is None:
            yield {"fact": name, "reason": "Give the name of a workload in `workload`."}


def _with_selector(spec: dict[str, object], template: Template, asked: RenderBody) -> dict[str, object]:
    if template.scope == "namespace" or not asked.selector:
        return spec
    return {"podSelector": asked.selector, **spec}


def _notes(template: Template, asked: RenderBody) -> Iterator[str]:
    if template.scope == "workload" and not asked.selector:
        yield "podSelector is left out: it is the workload's own selector, which `selector` can state here."
    if template.scope == "namespace" and asked.selector:
        yield "selector is ignored: a template of scope namespace has its own."
