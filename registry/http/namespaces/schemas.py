"""Answers about namespaces as the OpenAPI document shows them, and their query parameters."""

import typing

from marshmallow import Schema, fields, validate

from registry.connectivity.completeness import Enforced
from registry.http.connectivity.outcome_schemas import ConnectionsDocument
from registry.http.described import string, switch
from registry.http.queries import DryRunQuery, PageQuery


def _count(description: str, *, null: bool = False) -> fields.Integer:
    return fields.Integer(required=True, allow_none=null, metadata={"description": description})


def _flag(description: str, *, null: bool = False, name: str | None = None) -> fields.Boolean:
    return fields.Boolean(
        required=True, allow_none=null, data_key=name, metadata={"description": description}
    )


def _names(description: str, name: str | None = None) -> "fields.List[str]":
    return fields.List(fields.String(), required=True, data_key=name, metadata={"description": description})


class NamespaceQuery(PageQuery):
    """Which namespaces."""

    managed = switch("Only managed ones (true), or others (false).", default=None)


class SwitchQuery(PageQuery, DryRunQuery):
    """Whether to write, and what to show."""

    workloads = switch("Also list each workload that becomes isolated or free, or loses traffic.")


class _Page(Schema):
    next = string("The cursor of the next page; null on the last.", allow_none=True, required=True)
    total = _count("How many there are on all pages.")


class NamespaceSummary(Schema):
    """How a namespace stands."""

    name = string("Its name.", required=True)
    managed = _flag("It is enabled.")
    excluded = _flag("It can never be enabled.")
    references = _count("Labels that ask for a template.", null=True)
    generated = _count("Policies that this product wrote.", null=True)
    outdated = _count("Those of an older revision than the current one.", null=True)
    unmanaged = _count("Policies that this product did not write.", null=True)
    pending = _count("References that something stands in the way of.", null=True)


class NamespacePage(_Page):
    """One page of namespaces."""

    items = fields.List(fields.Nested(NamespaceSummary), required=True)


class NamespaceProblem(Schema):
    """What stands in the way of a reference."""

    group = string("The API group of what bears the label; empty for the Namespace itself.", required=True)
    kind = string("Its kind.", required=True)
    name = string("Its name.", required=True)
    template = string("The template.", required=True)
    reason = string("Why, as Events have it.", required=True)
    message = string("The same in a sentence.", required=True)


class LastSwitch(Schema):
    """How long it took to enable or disable a namespace."""

    action = string("enable or disable.", required=True, validate=validate.OneOf(["enable", "disable"]))
    at = fields.DateTime(required=True, metadata={"description": "When the controller heard of it, in UTC."})
    writes = _count("How many policies it wrote, deleted or released.")
    window_seconds = fields.Float(
        required=True,
        data_key="windowSeconds",
        metadata={"description": "From the first of these writes to the last, in the controller."},
    )
    waiting = _count("Objects whose policies were still refused a minute later.")


class NamespaceDocument(NamespaceSummary):
    """How a namespace stands, with what stands in the way."""

    problems = fields.List(fields.Nested(NamespaceProblem), required=True)
    last_switch = fields.Nested(
        LastSwitch,
        required=True,
        allow_none=True,
        data_key="lastSwitch",
        metadata={
            "description": "The last time that it was enabled or disabled; null where no Event tells it any "
            "more, or you may not list Events there."
        },
    )


class PolicyItem(Schema):
    """One NetworkPolicy."""

    name = string("Its name.", required=True)
    managed = _flag("This product wrote it.")
    template = string("Its template; null for an unmanaged one.", required=True, allow_none=True)
    revision = _count("The template's revision.", null=True)
    tracking = string("pinned, exact or latest.", required=True, allow_none=True)
    workload = string(
        "What it belongs to, such as Deployment.apps/db; null for the namespace's own and unmanaged ones.",
        required=True,
        allow_none=True,
    )
    managers = _names("The field managers that wrote it.")
    spec = fields.Dict(required=True, metadata={"description": "Its NetworkPolicySpec."})


class PolicyPage(_Page):
    """One page of policies."""

    items = fields.List(fields.Nested(PolicyItem), required=True)


class SwitchCounts(Schema):
    """How many policies the controller writes and deletes."""

    create = _count("New ones.")
    update = _count("Changed in place.")
    delete = _count("Deleted ones.")
    release = _count("Those left behind as ordinary ones.")


class Directions(Schema):
    """Workloads by direction."""

    ingress = _count("For ingress.")
    egress = _count("For egress.")


class SwitchedWorkload(Schema):
    """A workload for which something changes."""

    group = string("Its API group.", required=True)
    kind = string("Its kind.", required=True)
    name = string("Its name.", required=True)
    isolated = _names("Directions in which policies select its pods for the first time.")
    freed = _names("Directions in which no policy selects its pods any more.")
    cut = _names("Traffic that it loses.")


class Isolation(Schema):
    """Which workloads become isolated, or free."""

    isolated = fields.Nested(Directions, required=True)
    freed = fields.Nested(Directions, required=True)
    looked_at = fields.Integer(
        required=True, data_key="lookedAt", metadata={"description": "How many workloads there are."}
    )
    complete = _flag("The caller may list all of these kinds.")
    workloads = fields.List(
        fields.Nested(SwitchedWorkload),
        required=True,
        allow_none=True,
        metadata={"description": "Each of them; null unless asked for."},
    )


class Keeper(Schema):
    """A policy that keeps traffic."""

    policy = string("Its name.", required=True)
    template = string("Its template; null for an unmanaged one.", required=True, allow_none=True)


class TrafficItem(Schema):
    """One kind of traffic that most workloads need."""

    traffic = string(
        "Which.",
        required=True,
        validate=validate.OneOf(["dns", "apiServer", "ingressControllers", "monitoring", "webhooks"]),
    )
    direction = string(
        "Seen from the workloads.", required=True, validate=validate.OneOf(["ingress", "egress"])
    )
    verdict = string(
        "cut for some workloads, kept by policies, unaffected since nothing isolates them in this direction, "
        "absent (there is no such namespace), or unknown (the cluster fact is).",
        required=True,
        validate=validate.OneOf(["cut", "kept", "unaffected", "absent", "unknown"]),
    )
    cut = _count("Workloads that lose it.")
    kept = _count("Isolated workloads that keep it.")
    by = fields.List(fields.Nested(Keeper), required=True)
    template = string(
        "The template that keeps it; null where the catalogue has none.", required=True, allow_none=True
    )


class ReplacingReference(Schema):
    """The reference that takes the place of a policy, since it gives exactly the same."""

    template = string("The template.", required=True)
    revision = _count("Its revision.")
    parameters = fields.Dict(required=True, metadata={"description": "As given; {} for the defaults."})
    workload = string("Whose label it is; null for the Namespace.", required=True, allow_none=True)
    policy = string("The name of the generated policy.", required=True)
    written = _flag("The label is written; false where something asks for the same already.")
    in_place = _flag("The policy itself becomes the generated one, with its UID.", name="inPlace")


class ImportCall(Schema):
    """The call that makes a template of a policy."""

    method = string("POST.", required=True)
    path = string("Where to.", required=True)
    body = fields.Dict(required=True, metadata={"description": "What to send."})
    workloads = _names("Who would then get the label; none: the Namespace.")


class UnmanagedItem(Schema):
    """A policy that this product did not write, and what becomes of it."""

    name = string("Its name.", required=True)
    managers = _names("The field managers that wrote it.")
    action = string(
        "What becomes of it.", required=True, validate=validate.OneOf(["keep", "remove", "adopt"])
    )
    warnings = _names("Tools that manage it, and may bring it back.")
    reference = fields.Nested(
        ReplacingReference,
        required=True,
        allow_none=True,
        metadata={"description": "What takes its place; null where nothing does."},
    )
    reason = string("Why it is kept although adoption was asked for.", required=True, allow_none=True)
    message = string("The same in a sentence, with what to do.", required=True, allow_none=True)
    import_ = fields.Nested(
        ImportCall,
        required=True,
        allow_none=True,
        data_key="import",
        metadata={"description": "The call after which it can be adopted, if there is one."},
    )


class LeftItem(Schema):
    """A policy that could not be removed or adopted; it stays."""

    name = string("Its name.", required=True)
    reason = string("Why, in the API server's words or ours.", required=True)


class UnmanagedDocument(Schema):
    """Policies that this product did not write, and what was done with them."""

    items = fields.List(fields.Nested(UnmanagedItem), required=True)
    backup = string("The backup that was made.", required=True, allow_none=True)
    removed = _names("Those that were removed; they are in the backup.")
    adopted = _names("Those that references stand for now: removed ones, and those taken over in place.")
    left = fields.List(fields.Nested(LeftItem), required=True)


class SwitchedPolicy(Schema):
    """One generated policy that is written or deleted."""

    name = string("Its name.", required=True)
    template = string("Its template.", required=True)
    workload = string("What it belongs to; null for the namespace's own.", required=True, allow_none=True)
    action = string(
        "What happens; release: it stays without our marks.",
        required=True,
        validate=validate.OneOf(["create", "update", "delete", "release"]),
    )
    before = fields.Dict(
        required=True, allow_none=True, metadata={"description": "The spec now; null for none."}
    )
    after = fields.Dict(
        required=True, allow_none=True, metadata={"description": "The spec then; null for none."}
    )


class Switched(_Page):
    """What enabling or disabling does; one page of its policies, by name."""

    namespace = string("The namespace.", required=True)
    action = string("enable or disable.", required=True, validate=validate.OneOf(["enable", "disable"]))
    dry_run = _flag("Nothing was written.", name="dryRun")
    changed = _flag("The label changes; false where the namespace is so already.")
    in_force = _flag(
        "All that was planned was seen in force; false when not within ten seconds, null for a dry run.",
        null=True,
        name="inForce",
    )
    seconds = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "From the label to the last policy, as the service saw it."},
    )
    policies = fields.Nested(SwitchCounts, required=True)
    unmanaged = fields.Nested(UnmanagedDocument, required=True)
    isolation = fields.Nested(Isolation, required=True)
    traffic = fields.List(fields.Nested(TrafficItem), required=True)
    connections = fields.Nested(
        ConnectionsDocument,
        required=True,
        metadata={"description": "The connections that are added and removed, all over the cluster."},
    )
    basis = string("How far this can be trusted.", required=True)
    enforced = string(
        "Whether a network plugin that enforces policies was found.",
        required=True,
        validate=validate.OneOf(typing.get_args(Enforced)),
    )
    problems = fields.List(
        fields.Nested(NamespaceProblem),
        required=True,
        metadata={"description": "What then stands in the way of references; the first 100."},
    )
    items = fields.List(fields.Nested(SwitchedPolicy), required=True)


class BackupItem(Schema):
    """Policies that were removed at one moment."""

    name = string("Its name.", required=True)
    time = fields.DateTime(required=True, metadata={"description": "When, in UTC."})
    author = string("Who asked for it.", required=True)
    config_maps = _names("The ConfigMaps of the namespace that hold it.", "configMaps")
    policies = _names("The names of the policies.")


class BackupPage(_Page):
    """One page of backups, the newest first."""

    items = fields.List(fields.Nested(BackupItem), required=True)


class RestoredDocument(Schema):
    """What restoring did, or would do."""

    namespace = string("The namespace.", required=True)
    backup = string("The backup.", required=True)
    dry_run = _flag("Nothing was written.", name="dryRun")
    created = _names("Policies that were missing.")
    unchanged = _names("Those that are there and equal.")
    differing = _names("Those that are there and differ; they stay as they are.")
