"""What an import reads and answers, for the OpenAPI document."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from registry.http.queries import SaveQuery
from registry.http.schemas import ProblemItem
from registry.model.from_policy_parameters import CHOICES

ACTIONS: Final = ("create", "change", "unchanged", "invalid", "refused", "conflict")


def _text(description: str, **arguments: Any) -> fields.String:  # noqa: ANN401 (as marshmallow takes them)
    return fields.String(required=True, metadata={"description": description}, **arguments)


class ImportQuery(SaveQuery):
    """How to import."""

    parameters = fields.String(
        load_default="all",
        validate=validate.OneOf(CHOICES),
        metadata={
            "description": "What of a NetworkPolicy becomes a parameter: its ports, the labels of its peers, "
            "all (address blocks too), or none."
        },
    )


class ImportedItem(Schema):
    """What an import does to one template."""

    pointer = _text("JSON pointer of it in the body; the first token is the index of its document.")
    name = _text("The template; empty where the body does not tell.")
    action = _text(
        "What is done. `invalid`, `refused`: it cannot be saved; `conflict`: others changed it meanwhile.",
        validate=validate.OneOf(ACTIONS),
    )
    revision = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The revision that holds it now; null where none does."},
    )
    etag = _text("The entity tag of that revision.", allow_none=True)
    changes = fields.List(
        fields.Dict(),
        required=True,
        metadata={"description": "What differs from the template as it is: op, pointer, before, after."},
    )
    document = fields.Raw(
        required=True, metadata={"description": "The template document, to be edited and imported again."}
    )
    notes = fields.List(_text("What was made of it."), required=True)
    problems = fields.List(fields.Nested(ProblemItem), required=True)


class LeftOutItem(Schema):
    """A part that is not imported."""

    pointer = _text("JSON pointer of it in the body.")
    name = _text("Its name there.")
    reason = _text("Why it is left out.")


class Imported(Schema):
    """What an import did, or would do."""

    dry_run = fields.Boolean(
        required=True, data_key="dryRun", metadata={"description": "Whether nothing was written."}
    )
    detail = _text("The whole in a sentence.")
    items = fields.List(fields.Nested(ImportedItem), required=True)
    left_out = fields.List(fields.Nested(LeftOutItem), required=True, data_key="leftOut")


IMPORT_BODY: Final[dict[str, Any]] = {
    "description": "A template, a ConfigMap or NetworkPolicy of Kubernetes or a v1 List of these, several of "
    "them as a list or as a stream of YAML documents, or what to read from the cluster.",
    "anyOf": [
        {"type": "object"},
        {"type": "array", "items": {"type": "object"}},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["fromCluster"],
            "properties": {
                "fromCluster": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["namespace"],
                    "properties": {
                        "namespace": {"type": "string"},
                        "networkPolicies": {
                            "type": ["array", "null"],
                            "items": {"type": "string"},
                            "description": "Their names; all of the namespace when it is left out.",
                        },
                    },
                }
            },
        },
    ],
}
