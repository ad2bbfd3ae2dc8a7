"""`/api/v1/templates/{name}/lint`: what a template says that its author hardly meant."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from registry.http import problems
from registry.http.answers import json_answer
from registry.http.lint.live import lint_live, live_body
from registry.http.lint.schemas import LINTED, DocumentLintQuery, Findings, LintQuery
from registry.http.operations import READS_BODY, Operations
from registry.http.problems import Refused
from registry.http.requests import backend, template
from registry.http.templates.examples import TEMPLATE
from registry.http.templates.recorded import recorded_entry, recorded_revision
from registry.lint.findings import Surroundings
from registry.lint.lint import lint
from registry.model.problems import Invalid, Problem
from registry.model.template import Template
from registry.store.errors import TemplateNotFound

Query = Mapping[str, Any]

LINTS: Final = (problems.INVALID_QUERY, problems.INVALID_PARAMETERS)
"""Problems of what to lint with."""

blueprint: Final = Operations(
    "lint", __name__, url_prefix="/api/v1/templates/<name>", description="What was hardly meant."
)


@blueprint.route("/lint", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(*LINTS, problems.TEMPLATE_NOT_FOUND, problems.REVISION_NOT_FOUND)
@blueprint.query(LintQuery)
@blueprint.answer(200, Findings, example=LINTED)
def lint_template(query: Query, name: str) -> Response:
    """Lint a template.

    As it is stored, beside the namespace defaults of the catalogue; with the defaults of its parameters
    unless some are given. With `live=true` also where it is used.
    """
    return _findings(_stored(name, query.get("revision")), query)


@blueprint.route("/lint", methods=["POST"])
@blueprint.needs("get")
@blueprint.problems(*READS_BODY, *LINTS, problems.INVALID_TEMPLATE)
@blueprint.query(DocumentLintQuery)
@blueprint.takes("Template", TEMPLATE)
@blueprint.answer(200, Findings, example=LINTED)
def lint_document(query: Query, name: str) -> Response:
    """Lint a document.

    The template of this name as it would be; it need not exist, and nothing is saved. With `live=true` also
    for those who use what is stored under that name, each with its own parameters.
    """
    return _findings(template(name), query)


def _stored(name: str, number: int | None) -> Template:
    entry = recorded_entry(name)
    found = recorded_revision(entry, entry.head if number is None else number).template
    if found is None:
        raise TemplateNotFound(name)
    return found


def linted(seen: Template, parameters: Mapping[str, Any] | None, query: Query) -> Mapping[str, Any]:
    """What lint finds in a template, as answers show it; `live` and `pod_ranges` come from the query.

    Raises Invalid when the parameters do not fit.
    """
    ranges = query.get("pod_ranges", backend().cluster.facts.pod_ranges)
    surroundings = Surroundings(backend().facts, ranges, backend().watch.catalogue().defaults)
    if query["live"]:
        return live_body(lint_live(seen, surroundings, parameters))
    return {"findings": lint(seen, parameters, surroundings)}


def _findings(seen: Template, query: Query) -> Response:
    try:
        return json_answer(linted(seen, query.get("parameters"), query))
    except Invalid as error:
        errors = [_in_query(one) for one in error.problems]
        detail = "; ".join(map(str, errors))
        raise Refused(problems.INVALID_PARAMETERS, detail, errors=errors) from error


def _in_query(problem: Problem) -> Problem:
    """A problem of the parameters, as one of the query; those of the template stay where they are."""
    if problem.pointer.startswith("/spec/"):
        return problem
    return Problem(f"/parameters{problem.pointer}", problem.reason, problem.fix)
