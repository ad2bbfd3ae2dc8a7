"""The answer of a preview as the OpenAPI document shows it, with examples."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from registry.http.connectivity.outcome_schemas import CHANGED, ConnectionsDocument
from registry.http.lint.schemas import Findings, LiveQuery
from registry.http.queries import PageQuery


def _text(description: str, *, null: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=null, metadata={"description": description})


def _count(description: str) -> fields.Integer:
    return fields.Integer(required=True, metadata={"description": description})


class PreviewQuery(PageQuery, LiveQuery):
    """Which page, and how to lint the result."""


class StandingDocument(Schema):
    """What a user has in force, and what stands in the way of what it asks for."""

    revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The revision in force; null without one."}
    )
    tracking = _text("pinned, exact or latest.", null=True)
    parameters = fields.Dict(
        required=True, allow_none=True, metadata={"description": "Those in force, as they were given."}
    )
    reason = _text("Why what is asked for is not in force; null if it is.", null=True)
    message = _text("The same in a sentence.", null=True)


class PolicyChangeDocument(Schema):
    """One NetworkPolicy that is written or deleted."""

    name = _text("Its name.")
    template = _text("The template it is made from.")
    action = fields.String(required=True, validate=validate.OneOf(["create", "update", "delete"]))
    before = fields.Dict(
        required=True, allow_none=True, metadata={"description": "The NetworkPolicySpec now; null for none."}
    )
    after = fields.Dict(
        required=True, allow_none=True, metadata={"description": "The one then; null for none."}
    )


class HitDocument(Schema):
    """A workload or Namespace for which something changes."""

    group = _text("Its API group; empty for a Namespace.")
    kind = _text("Its kind.")
    namespace = _text("Where it is; of a Namespace its own name.")
    name = _text("Its name.")
    before = fields.Nested(StandingDocument, required=True)
    after = fields.Nested(StandingDocument, required=True)
    policies = fields.List(fields.Nested(PolicyChangeDocument), required=True)


class PolicyCounts(Schema):
    """How many policies would be written and deleted."""

    create = _count("New ones.")
    update = _count("Changed in place.")
    delete = _count("Deleted ones.")


class Previewed(Schema):
    """One page of what is hit, by namespace, kind and name; the counts are those of all pages."""

    name = _text("The template's name.")
    change = fields.String(
        required=True,
        validate=validate.OneOf(["document", "rollback", "deletion", "rollout", "parameters"]),
    )
    needs_force = fields.Boolean(
        required=True,
        data_key="needsForce",
        metadata={"description": "The change itself is refused without force=true."},
    )
    policies = fields.Nested(PolicyCounts, required=True)
    staying = _count("How many users keep the policy that they have, such as pinned ones.")
    complete = fields.Boolean(
        required=True, metadata={"description": "The caller may list every kind in the whole cluster."}
    )
    connections = fields.Nested(ConnectionsDocument, required=True)
    lint = fields.Nested(
        Findings,
        required=True,
        allow_none=True,
        metadata={"description": "What lint finds in the result; null where nothing is left to lint."},
    )
    items = fields.List(fields.Nested(HitDocument), required=True)
    next = _text("The cursor of the next page; null on the last one.", null=True)
    total = _count("How many are hit.")


REQUEST_EXAMPLE: Final[dict[str, Any]] = {"rollout": {"revision": 2, "namespaces": ["shop"]}}

_BEFORE: Final = {
    "podSelector": {"matchLabels": {"app": "api"}},
    "policyTypes": ["Ingress"],
    "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 8080}]}],
}
_AFTER: Final = {
    **_BEFORE,
    "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 8443}]}],
}
_STANDING: Final[dict[str, Any]] = {
    "revision": 1,
    "tracking": "pinned",
    "parameters": {},
    "reason": None,
    "message": None,
}
EXAMPLE: Final[dict[str, Any]] = {
    "name": "shop-api",
    "change": "rollout",
    "needsForce": False,
    "policies": {"create": 0, "update": 1, "delete": 0},
    "staying": 3,
    "complete": True,
    "connections": CHANGED,
    "lint": {"findings": []},
    "items": [
        {
            "group": "apps",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "api",
            "before": _STANDING,
            "after": {**_STANDING, "revision": 2},
            "policies": [
                {
                    "name": "api-shop-api-0d8b7c6a5f",
                    "template": "shop-api",
                    "action": "update",
                    "before": _BEFORE,
                    "after": _AFTER,
                }
            ],
        }
    ],
    "next": None,
    "total": 1,
}
