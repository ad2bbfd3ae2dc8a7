"""Builders for tests of planning: a catalogue, a namespace, workloads, a cluster to carry plans out in."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from registry.model.documents import canonical
from registry.model.facts import DEFAULT_FACTS
from registry.model.template import parse_template
from registry.planning.catalogue import Catalogue, Entry, Revision
from registry.planning.changes import Plan
from registry.planning.names import owner_key
from registry.planning.namespaces import NamespaceView, allowing_selectors, plan_namespace
from registry.planning.objects import Key, LivePolicy, Manager, Namespace, Selector, Workload
from registry.planning.orphans import Clock
from registry.planning.pods import Pods
from registry.planning.resolve import Applied, Surroundings
from registry.planning.workloads import WorkloadView, plan_workload

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK = Clock(NOW, timedelta(hours=1))
DB = Key("apps", "Deployment", "shop", "db")


def document(name: str, **fields: Any) -> dict[str, Any]:
    """A workload-scoped template that opens one port, with `fields` put over it."""
    base = {
        "name": name,
        "title": name,
        "description": f"Template {name}.",
        "category": "test",
        "scope": "workload",
        "parameters": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 5432}},
        },
        "spec": {
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"protocol": "TCP", "port": "${port}"}]}],
        },
    }
    merged = {**base, **fields}
    if "port" not in str(merged["spec"]):
        del merged["parameters"]
    return merged


PRESET = {"replacesDefaults": True, "spec": {"policyTypes": ["Ingress", "Egress"]}}
ALLOW = {
    "scope": "namespace",
    "defaultIn": {},
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]},
}
DENY = {"scope": "namespace", "defaultIn": {}, "spec": {"policyTypes": ["Ingress"]}}


def catalogue(**documents: dict[str, Any] | list[dict[str, Any] | None]) -> Catalogue:
    """Templates by name (`_` for `-`): fields, or a list of such for revisions; None is a deletion."""
    entries = {}
    for key, given in documents.items():
        name = key.replace("_", "-")
        revisions = given if isinstance(given, list) else [given]
        entries[name] = Entry(
            name=name,
            head=len(revisions),
            revisions={n: _revision(name, n, fields) for n, fields in enumerate(revisions, 1)},
        )
    return Catalogue(entries)


def _revision(name: str, number: int, fields: dict[str, Any] | None) -> Revision:
    template = None if fields is None else parse_template(document(name, **fields))
    return Revision(
        name=name, number=number, author="admin", time="", message="", digest=str(number), template=template
    )


def namespace(*, managed: bool = True, **fields: Any) -> Namespace:
    """The Namespace `shop`."""
    return Namespace(name="shop", uid="ns", resource_version="1", managed=managed, **fields)


def workload(references: Mapping[str, str], key: Key = DB, **fields: Any) -> Workload:
    """A Deployment in `shop` whose pods bear `app: <name>`."""
    selector = fields.setdefault("selector", {"matchLabels": {"app": key.name}}) or {}
    labels = tuple(sorted(selector.get("matchLabels", {}).items()))
    fields.setdefault("pods", Pods(labels=labels, host_network=fields.pop("host_network", False)))
    return Workload(
        key=key,
        api_version="apps/v1",
        uid=f"uid-{key.name}",
        resource_version="1",
        references=dict(references),
        **fields,
    )


class Cluster:
    """Live policies, as an API server would hold them; carries plans out one change after the other."""

    def __init__(self, templates: Catalogue, space: Namespace | None = None) -> None:
        self.catalogue = templates
        self.namespace = space or namespace()
        self.policies: dict[str, LivePolicy] = {}
        self.applied: dict[Key, dict[str, Applied]] = {}
        self.presets: tuple[Selector, ...] = ()
        self._version = 0

    @property
    def around(self) -> Surroundings:
        return Surroundings(self.catalogue, DEFAULT_FACTS, self.namespace)

    def owned(self, key: Key) -> tuple[LivePolicy, ...]:
        return tuple(policy for policy in self.policies.values() if owner_key(policy) == key)

    def plan(self, one: Workload | None, key: Key = DB, **view: Any) -> Plan:
        view.setdefault("live", self.owned(key))
        whole = WorkloadView(
            key=key,
            workload=one,
            named=self.policies.get,
            applied=self.applied.get(key, {}),
            presets=self.presets,
            defaults=allowing_selectors(self.namespace_view(), self.around),
            **view,
        )
        return plan_workload(whole, self.around, CLOCK)

    def namespace_view(self) -> NamespaceView:
        key = self.namespace.key
        return NamespaceView(
            key=key,
            live=self.owned(key),
            named=self.policies.get,
            applied=self.applied.get(key, {}),
            presets=self.presets,
        )

    def plan_namespace(self) -> Plan:
        return plan_namespace(self.namespace_view(), self.around)

    def run(self, one: Workload, key: Key = DB) -> Plan:
        """Plan for a workload and carry it out, remembering what was applied."""
        plan = self.plan(one, key)
        self.carry_out(plan)
        self.applied[key] = dict(plan.in_force)
        return plan

    def carry_out(self, plan: Plan) -> None:
        for change in plan.changes:
            self.write(change)

    def write(self, change: Any) -> None:
        self._version += 1
        if change.action == "delete":
            del self.policies[change.name]
        else:
            self.policies[change.name] = live_from(change.body(), change.live, self._version)

    def edit(self, name: str, **fields: Any) -> None:
        """Change a live policy behind the controller's back."""
        self.policies[name] = msgspec.structs.replace(self.policies[name], **fields)

    def names(self) -> list[str]:
        """Templates of the live policies, in order."""
        return sorted(policy.labels["netpol-registry.dev/template"] for policy in self.policies.values())


def live_from(body: Mapping[str, Any], before: LivePolicy | None, version: int) -> LivePolicy:
    """What the API server answers to a write with `body`."""
    meta = body["metadata"]
    return LivePolicy(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=before.uid if before else f"policy-{version}",
        resource_version=str(version),
        labels=dict(meta["labels"]),
        annotations=dict(meta["annotations"]),
        owners=tuple(dict(owner) for owner in meta.get("ownerReferences", ())),
        managers=(Manager("netpol-registry", ""),),
        spec=canonical(body["spec"]),
    )


def reasons(plan: Plan) -> list[str]:
    """Reasons of pending references."""
    return [problem.reason for problem in plan.problems]


def told(plan: Plan) -> list[str]:
    """Reasons of all notes of a plan and its changes."""
    changes: Iterable[Any] = plan.changes
    return [note.reason for note in (*plan.notes, *(note for change in changes for note in change.notes))]


def actions(plan: Plan) -> list[str]:
    """`create postgres`, in order."""
    return [f"{change.action} {change.template}" for change in plan.changes]
