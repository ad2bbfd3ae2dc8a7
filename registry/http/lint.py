"""`/api/v1/templates/{name}/lint`: what a template says that its author hardly meant."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response
from marshmallow import Schema, ValidationError, fields, validate

from registry.http import problems
from registry.http.answers import json_answer
from registry.http.examples import TEMPLATE
from registry.http.operations import READS_BODY, Operations
from registry.http.recorded import recorded_entry, recorded_revision
from registry.http.requests import backend, template
from registry.lint.codes import CODES
from registry.lint.findings import SEVERITIES, Surroundings
from registry.lint.lint import lint
from registry.model.addresses import parse_cidr
from registry.model.template import Template
from registry.store.errors import TemplateNotFound

Query = Mapping[str, Any]

MAX_RANGES: Final = 16

blueprint: Final = Operations(
    "lint", __name__, url_prefix="/api/v1/templates/<name>", description="What was hardly meant."
)


class _Ranges(fields.String):
    """Pod CIDRs, separated by commas."""

    def _deserialize(self, *given: Any, **options: Any) -> tuple[str, ...]:  # type: ignore[override]  # noqa: ANN401
        text: str = super()._deserialize(*given, **options)
        ranges = tuple(part.strip() for part in text.split(","))
        if len(ranges) > MAX_RANGES or any(parse_cidr(part) is None for part in ranges):
            raise ValidationError(f"Write at most {MAX_RANGES} blocks such as 10.244.0.0/16, with commas.")
        return ranges


class DocumentLintQuery(Schema):
    """What is known about the cluster."""

    pod_ranges = _Ranges(
        data_key="podRanges",
        metadata={"description": "The cluster's pod CIDRs, separated by commas; PodIpInIpBlock needs them."},
    )


class LintQuery(DocumentLintQuery):
    """What to look at."""

    revision = fields.Integer(
        validate=validate.Range(1, 10**9),
        metadata={"description": "The revision; the current one when it is left out."},
    )


class FindingDocument(Schema):
    """One thing to look at; docs/lint.md explains the codes."""

    code = fields.String(
        required=True,
        validate=validate.OneOf(list(CODES)),
        metadata={"description": "What it is; a code never changes its meaning."},
    )
    severity = fields.String(required=True, validate=validate.OneOf(list(SEVERITIES)))
    pointer = fields.String(required=True, metadata={"description": "JSON pointer into the document."})
    message = fields.String(required=True, metadata={"description": "What is so in this document."})
    fix = fields.String(required=True, metadata={"description": "What to write instead."})


class Findings(Schema):
    """What lint found, the most severe first."""

    findings = fields.List(fields.Nested(FindingDocument), required=True)


@blueprint.route("/lint", methods=["GET"])
@blueprint.needs("get")
@blueprint.problems(problems.INVALID_QUERY, problems.TEMPLATE_NOT_FOUND, problems.REVISION_NOT_FOUND)
@blueprint.query(LintQuery)
@blueprint.answer(200, Findings)
def lint_template(query: Query, name: str) -> Response:
    """Lint a template.

    As it is stored, with the defaults of its parameters and beside the namespace defaults of the catalogue.
    """
    return _findings(_stored(name, query.get("revision")), query)


@blueprint.route("/lint", methods=["POST"])
@blueprint.needs("get")
@blueprint.problems(*READS_BODY, problems.INVALID_QUERY, problems.INVALID_TEMPLATE)
@blueprint.query(DocumentLintQuery)
@blueprint.takes("Template", TEMPLATE)
@blueprint.answer(200, Findings)
def lint_document(query: Query, name: str) -> Response:
    """Lint a document.

    The template of this name as it would be; it need not exist, and nothing is saved.
    """
    return _findings(template(name), query)


def _stored(name: str, number: int | None) -> Template:
    entry = recorded_entry(name)
    found = recorded_revision(entry, entry.head if number is None else number).template
    if found is None:
        raise TemplateNotFound(name)
    return found


def _findings(seen: Template, query: Query) -> Response:
    defaults = backend().watch.catalogue().defaults
    surroundings = Surroundings(backend().settings.facts, query.get("pod_ranges", ()), defaults)
    return json_answer({"findings": lint(seen, None, surroundings)})
