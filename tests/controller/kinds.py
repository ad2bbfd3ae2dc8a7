"""Workloads of every kind, and a custom kind that a test installs."""

from collections.abc import Iterable
from typing import Any, Final

from devcluster.api import Api, Object
from tests.cluster import eventually, unique_name
from tests.controller.shop import template_labels

RBAC: Final = "/apis/rbac.authorization.k8s.io/v1"
DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CONTAINERS: Final = [{"name": "c", "image": "x"}]
LABELS: Final = {"app": "db"}
TEMPLATE: Final = {"metadata": {"labels": LABELS}, "spec": {"containers": CONTAINERS}}
ENDING: Final = {
    "metadata": {"labels": LABELS},
    "spec": {"containers": CONTAINERS, "restartPolicy": "Never"},
}

KINDS: Final[dict[str, tuple[str, Object]]] = {
    "replicasets": (
        "/apis/apps/v1",
        {"selector": {"matchLabels": LABELS}, "template": TEMPLATE, "replicas": 0},
    ),
    "replicationcontrollers": ("/api/v1", {"selector": LABELS, "template": TEMPLATE, "replicas": 0}),
    "jobs": ("/apis/batch/v1", {"template": ENDING, "suspend": True}),
    "cronjobs": (
        "/apis/batch/v1",
        {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": ENDING}}},
    ),
    "pods": ("/api/v1", {"containers": CONTAINERS}),
}
"""By plural: where the API serves it, and a spec."""


def create(api: Api, namespace: str, plural: str, name: str = "db", **metadata: Any) -> Object:
    """Create a workload of a built-in kind; `references` in the metadata are labels by template."""
    root, spec = KINDS[plural]
    references = template_labels(metadata.pop("references", {}))
    body = {"metadata": {"name": name, "labels": {**LABELS, **references}, **metadata}, "spec": spec}
    return api.create(f"{root}/namespaces/{namespace}/{plural}", body)


class CustomKind:
    """A kind like Argo's Rollout, in a group of its own."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.group = f"{unique_name('argo')}.example.com"
        self.name = f"rollouts.{self.group}"

    def install(self) -> None:
        names = {"plural": "rollouts", "singular": "rollout", "kind": "Rollout"}
        versions = [_version("v1alpha1", stored=True)]
        spec = {"group": self.group, "scope": "Namespaced", "names": names, "versions": versions}
        self.api.create(DEFINITIONS, {"metadata": {"name": self.name}, "spec": spec})
        eventually(self._is_served)

    def store_as_v1(self) -> None:
        """Serve v1 too, and store it from now on."""
        versions = [_version("v1", stored=True), _version("v1alpha1", stored=False)]
        self.api.patch(f"{DEFINITIONS}/{self.name}", {"spec": {"versions": versions}})

    def remove(self) -> None:
        if self.api.find(f"{DEFINITIONS}/{self.name}"):
            self.api.delete(f"{DEFINITIONS}/{self.name}")
        eventually(lambda: not self.api.find(f"{DEFINITIONS}/{self.name}"))

    def grant(self, verbs: Iterable[str] = ("get", "list", "watch")) -> None:
        """Let the product watch the kind, as docs/contract.md says."""
        rules = [{"apiGroups": [self.group], "resources": ["rollouts"], "verbs": list(verbs)}]
        labels = {"netpol-registry.dev/aggregate-to-controller": "true"}
        body = {"metadata": {"name": self.name, "labels": labels}, "rules": rules}
        self.api.create(f"{RBAC}/clusterroles", body)
        eventually(self.is_aggregated)

    def revoke(self) -> None:
        if self.api.find(f"{RBAC}/clusterroles/{self.name}"):
            self.api.delete(f"{RBAC}/clusterroles/{self.name}")

    def create(self, namespace: str, name: str = "db", **references: str) -> None:
        body = {"metadata": {"name": name, "labels": template_labels(dict(references))}, "spec": {}}
        self.api.create(self.path(namespace), {**self._type, **body})

    def report(self, namespace: str, selector: str, name: str = "db") -> None:
        """Set the selector in the status, as the kind's own controller does."""
        self.api.patch(f"{self.path(namespace, name)}/status", {"status": {"selector": selector}})

    def await_collection(self, namespace: str) -> None:
        """Wait until the garbage collector knows the kind; it looks for new ones every 30 s."""
        self.create(namespace, "probe")
        uid = self.api.get(self.path(namespace, "probe"))["metadata"]["uid"]
        owner = {**self._type, "name": "probe", "uid": uid}
        maps = f"/api/v1/namespaces/{namespace}/configmaps"
        self.api.create(maps, {"metadata": {"name": "probe", "ownerReferences": [owner]}})
        self.api.delete(self.path(namespace, "probe"))
        eventually(lambda: not self.api.find(f"{maps}/probe"), timeout=90)

    def path(self, namespace: str, name: str = "") -> str:
        return f"/apis/{self.group}/v1alpha1/namespaces/{namespace}/rollouts/{name}".removesuffix("/")

    @property
    def _type(self) -> Object:
        return {"apiVersion": f"{self.group}/v1alpha1", "kind": "Rollout"}

    def _is_served(self) -> bool:
        return self.api.list(f"/apis/{self.group}/v1alpha1/rollouts") == []

    def is_aggregated(self) -> bool:
        rules = self.api.get(f"{RBAC}/clusterroles/netpol-registry-custom-workloads")["rules"] or []
        return any(self.group in rule["apiGroups"] for rule in rules)


def _version(name: str, *, stored: bool) -> Object:
    paths = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    return {
        "name": name,
        "served": True,
        "storage": stored,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        "subresources": {"status": {}, "scale": paths},
    }
