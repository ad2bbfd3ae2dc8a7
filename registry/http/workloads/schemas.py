"""Workloads and changes of their templates as the OpenAPI document shows them."""

from marshmallow import Schema, fields, validate

from registry.http.connectivity.outcome_schemas import ConnectionsDocument
from registry.http.connectivity.schemas import answer_schema
from registry.http.described import string
from registry.http.preview.schemas import PolicyChangeDocument


def _text(description: str, *, null: bool = False) -> fields.String:
    return string(description, required=True, allow_none=null)


def _revision(description: str) -> fields.Integer:
    return fields.Integer(required=True, allow_none=True, metadata={"description": description})


def _switch(description: str, name: str | None = None) -> fields.Boolean:
    return fields.Boolean(required=True, data_key=name, metadata={"description": description})


class _Place(Schema):
    group = _text("Its API group; empty for the core group.")
    kind = _text("Its kind.")
    namespace = _text("Where it is.")
    name = _text("Its name.")


class AttachedDocument(Schema):
    """One template that a workload asks for or has a policy of."""

    template = _text("Its name.")
    value = _text("The value of the label; null where only a policy is left.", null=True)
    tracking = _text("pinned, exact or latest.", null=True)
    revision = _revision("The revision in force; null without one.")
    current = _revision("The newest revision of the template; null where there is no such template.")
    parameters = fields.Dict(
        required=True, allow_none=True, metadata={"description": "In force, else given; null if unreadable."}
    )
    outdated = _switch("There is a newer revision.")
    policy = _text("The NetworkPolicy that was generated; null for none.", null=True)
    since = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "When that was last written, in UTC."}
    )
    reason = _text("Why what is asked for is not in force; null if it is.", null=True)
    message = _text("The same in a sentence.", null=True)


class WorkloadSummary(_Place):
    """A workload and its templates."""

    no_effect = _switch("Its pods use the host's network, which NetworkPolicies do not reach.", "noEffect")
    templates = fields.List(fields.Nested(AttachedDocument), required=True)


class WorkloadPage(Schema):
    """One page of workloads, by kind and name."""

    namespace = _text("The namespace.")
    complete = _switch("You may list every kind there that is followed.")
    items = fields.List(fields.Nested(WorkloadSummary), required=True)
    next = _text("The cursor of the next page; null on the last.", null=True)
    total = fields.Integer(required=True, metadata={"description": "How many there are on all pages."})


class ConditionDocument(Schema):
    """What is so or not, as in the status of a Kubernetes object."""

    type = fields.String(
        required=True,
        validate=validate.OneOf(["NamespaceManaged", "InForce", "Effective", "SelectorUnique"]),
    )
    status = fields.String(required=True, validate=validate.OneOf(["True", "False", "Unknown"]))
    reason = _text("Why, in one word that never changes its meaning.")
    message = _text("Why, for a person, and what to do.")


class OverlapDocument(_Place):
    """Another workload whose selector can select the same pod."""

    selector = fields.Dict(required=True, metadata={"description": "Its LabelSelector."})


class WorkloadDocument(WorkloadSummary):
    """A workload, its templates, and what else matters for them."""

    selector = fields.Dict(
        required=True, allow_none=True, metadata={"description": "Its LabelSelector; null for none."}
    )
    conditions = fields.List(fields.Nested(ConditionDocument), required=True)
    overlaps = fields.List(fields.Nested(OverlapDocument), required=True)
    neighbours = fields.Raw(
        required=True,
        allow_none=True,
        metadata={
            "anyOf": [answer_schema("neighbours"), {"type": "null"}],
            "description": "Who can reach it, and whom it can reach; null where it does not say which pods "
            "it has. Of peers with the same ports 20 namespaces are told, with 20 workloads by name in each; "
            "the rest is counted, and so are those of namespaces of which you may list nothing (`hidden`).",
        },
    )


class OtherEffect(_Place):
    """What becomes of another object's policies."""

    policies = fields.List(fields.Nested(PolicyChangeDocument), required=True)


class EffectDocument(_Place):
    """What attaching or detaching does, or would do."""

    template = _text("The template.")
    value = _text("The value of the label then; null for none.", null=True)
    changed = _switch("The workload is, or would be, written; false where it is so already.")
    dry_run = _switch("Nothing was written because of dryRun.", "dryRun")
    detail = _text("The same in a sentence.")
    revision = _revision("The revision that is then in force; null without one.")
    tracking = _text("pinned, exact or latest.", null=True)
    parameters = fields.Dict(
        required=True, allow_none=True, metadata={"description": "Those in force then, as they are given."}
    )
    reason = _text("Why what is asked for is not in force then; null if it is.", null=True)
    message = _text("The same in a sentence.", null=True)
    policies = fields.List(
        fields.Nested(PolicyChangeDocument),
        required=True,
        metadata={"description": "The workload's policies that change."},
    )
    others = fields.List(
        fields.Nested(OtherEffect),
        required=True,
        metadata={"description": "Others whose policies change, such as the Namespace; those you may list."},
    )
    connections = fields.Nested(
        ConnectionsDocument,
        required=True,
        allow_none=True,
        metadata={"description": "What that does to connections; null without dryRun."},
    )
    warnings = fields.List(string("What to know besides, such as who may undo it."), required=True)
