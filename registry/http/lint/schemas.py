"""What lint over HTTP takes and answers, for the documentation, and an example."""

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from registry.http.described import number, switch
from registry.lint.codes import CODES, PORT_NOT_SERVED
from registry.lint.findings import SEVERITIES
from registry.lint.users import SHOWN
from registry.model.addresses import parse_cidr
from registry.model.parameters import Parameters, load_parameters
from registry.model.problems import Invalid

MAX_RANGES: Final = 16

LINTED: Final = {
    "findings": [
        {
            "code": "PortNotServed",
            "severity": "warning",
            "pointer": "/spec/ingress/0/ports",
            "message": "This rule allows TCP 5432; the workload's containers declare TCP 6432.",
            "fix": PORT_NOT_SERVED.fix,
            "users": [{"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "db"}],
            "total": 1,
        }
    ],
    "live": {"users": 12, "unfit": 0, "complete": True},
}


class _Ranges(fields.String):
    """Pod CIDRs, separated by commas."""

    def _deserialize(self, *given: Any, **options: Any) -> tuple[str, ...]:  # type: ignore[override]  # noqa: ANN401
        text: str = super()._deserialize(*given, **options)
        ranges = tuple(part.strip() for part in text.split(","))
        if len(ranges) > MAX_RANGES or any(parse_cidr(part) is None for part in ranges):
            raise ValidationError(f"Write at most {MAX_RANGES} blocks such as 10.244.0.0/16, with commas.")
        return ranges


class _Parameters(fields.String):
    """An object of parameters, written in JSON."""

    def _deserialize(self, *given: Any, **options: Any) -> Parameters:  # type: ignore[override]  # noqa: ANN401
        try:
            return load_parameters(super()._deserialize(*given, **options))
        except Invalid as error:
            raise ValidationError([f"{one.reason} {one.fix}" for one in error.problems]) from error


class LiveQuery(Schema):
    """What to lint beside."""

    live = switch(
        "Whether to look also at the users of the template that the caller may list, each with its own "
        "parameters, in the cluster as it is now."
    )
    pod_ranges = _Ranges(
        data_key="podRanges",
        metadata={
            "description": "The cluster's pod CIDRs, separated by commas, which PodIpInIpBlock needs; those "
            "of the settings when it is left out."
        },
    )


class DocumentLintQuery(LiveQuery):
    """What to lint with."""

    parameters = _Parameters(
        metadata={
            "description": "The parameters to lint with, an object in JSON; the template's defaults when "
            "it is left out."
        },
    )


class LintQuery(DocumentLintQuery):
    """What to look at."""

    revision = number("The revision; the current one when it is left out.")


class UserDocument(Schema):
    """What a reference sits on."""

    group = fields.String(required=True)
    kind = fields.String(required=True)
    namespace = fields.String(required=True)
    name = fields.String(required=True)


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
    users = fields.List(
        fields.Nested(UserDocument),
        metadata={"description": f"Of a finding in the cluster: the first {SHOWN} users that it concerns."},
    )
    total = fields.Integer(metadata={"description": "Of a finding in the cluster: how many it concerns."})


class LiveDocument(Schema):
    """What was looked at in the cluster."""

    users = fields.Integer(required=True, metadata={"description": "Users looked at."})
    unfit = fields.Integer(
        required=True, metadata={"description": "Users whose parameters do not fit: not looked at."}
    )
    complete = fields.Boolean(
        required=True,
        metadata={
            "description": "Whether the caller may see all users, workloads and namespaces; where not, "
            "nothing is concluded from what is not seen."
        },
    )


class Findings(Schema):
    """What lint found, the most severe first."""

    findings = fields.List(fields.Nested(FindingDocument), required=True)
    live = fields.Nested(LiveDocument, metadata={"description": "With `live=true`."})
