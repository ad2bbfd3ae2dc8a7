"""A namespace as its users see it: workloads with labels, and what becomes of them."""

from typing import Any

from devcluster.api import Api, Object
from tests.cluster import AuditLog, eventually, until_passes

TEMPLATE = "template.netpol-registry.dev/"
PARAMETERS = "params.netpol-registry.dev/"
TEMPLATE_MARK = "netpol-registry.dev/template"
MANAGED = "netpol-registry.dev/managed"
DEFAULTS = ("allow-namespace-communication", "deny-all-ingress")
"""What a managed namespace gets without asking."""
PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


def template_labels(references: dict[str, str | None]) -> dict[str, str | None]:
    """Labels of references by template name."""
    return {TEMPLATE + template: value for template, value in references.items()}


class Shop:
    """One namespace."""

    def __init__(self, api: Api, name: str) -> None:
        self.api = api
        self.name = name
        self.policies_path = f"/apis/networking.k8s.io/v1/namespaces/{name}/networkpolicies"

    def path(self, workload: str, kind: str = "Deployment") -> str:
        return f"/apis/apps/v1/namespaces/{self.name}/{PLURALS[kind]}/{workload}".removesuffix("/")

    def run(self, workload: str, references: dict[str, str] | None = None, **options: Any) -> Object:
        """Create a workload; options: kind, app or pod_labels, parameters, host_network, finalizers."""
        kind = options.get("kind", "Deployment")
        labels = options.get("pod_labels") or {"app": options.get("app", workload)}
        pods = {
            "containers": [{"name": "c", "image": "x"}],
            "hostNetwork": options.get("host_network", False),
        }
        spec: Object = {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pods},
        }
        if kind != "DaemonSet":
            spec["replicas"] = 0
        metadata = {
            "name": workload,
            "labels": template_labels(dict(references or {})),
            "annotations": {PARAMETERS + name: text for name, text in options.get("parameters", {}).items()},
            "finalizers": options.get("finalizers", []),
        }
        return self.api.create(self.path("", kind), {"metadata": metadata, "spec": spec})

    def refer(self, workload: str, **references: str | None) -> None:
        """Set labels of a Deployment (`_` for `-`); None removes one."""
        labels = template_labels({name.replace("_", "-"): value for name, value in references.items()})
        self.api.patch(self.path(workload), {"metadata": {"labels": labels}})

    def parameterise(self, workload: str, template: str, text: str | None) -> None:
        self.api.patch(self.path(workload), {"metadata": {"annotations": {PARAMETERS + template: text}}})

    def label(self, **labels: str | None) -> None:
        """Set labels of the Namespace itself; None removes one."""
        self.api.patch(f"/api/v1/namespaces/{self.name}", {"metadata": {"labels": labels}})

    def enable(self, value: str | None = "true") -> None:
        self.label(**{MANAGED: value})

    def policies(self) -> list[Object]:
        return self.api.list(self.policies_path)

    def templates(self) -> list[str]:
        """Templates of the generated policies, in order."""
        labels = (policy["metadata"].get("labels", {}) for policy in self.policies())
        return sorted(one[TEMPLATE_MARK] for one in labels if TEMPLATE_MARK in one)

    def policy(self, template: str) -> Object:
        """The one policy of a template; LookupError while there is none."""
        found = self.api.list(self.policies_path, labelSelector=f"netpol-registry.dev/template={template}")
        if not found:
            raise LookupError(f"no policy of template {template} in {self.name}")
        (one,) = found
        return one

    def await_policy(self, template: str) -> Object:
        return eventually(lambda: self.policy(template))

    def await_templates(self, *templates: str) -> None:
        """Wait until exactly these templates have policies."""

        def check() -> None:
            assert self.templates() == sorted(templates)

        until_passes(check)

    def await_gone(self, template: str) -> None:
        def check() -> None:
            assert template not in self.templates()

        until_passes(check)

    def policy_path(self, policy: Object) -> str:
        return f"{self.policies_path}/{policy['metadata']['name']}"

    def events(self, reason: str) -> list[Object]:
        return self.api.list(f"/api/v1/namespaces/{self.name}/events", fieldSelector=f"reason={reason}")

    def await_event(self, reason: str) -> Object:
        return eventually(lambda: self.events(reason))[0]


def ports(policy: Object) -> list[int]:
    """Ports of all ingress rules of a policy."""
    return [port["port"] for rule in policy["spec"].get("ingress", ()) for port in rule.get("ports", ())]


def policy_writes(audit: AuditLog, shop: Shop) -> list[str]:
    """`create postgres`-like words for the controller's writes of policies, in order."""
    prefixes = ("shop-", "db-", f"{shop.name}-")
    words = []
    for write in audit.writes("controller", "networkpolicies", shop.name):
        name = write.name.rpartition("-")[0]
        for prefix in prefixes:
            name = name.removeprefix(prefix)
        words.append(f"{write.verb} {name}".strip())
    return words


def limit_policies(shop: Shop, count: int) -> str:
    """Allow no more policies than `count`, which are there; returns the quota's path."""
    hard = {"count/networkpolicies.networking.k8s.io": str(count)}
    quotas = f"/api/v1/namespaces/{shop.name}/resourcequotas"
    shop.api.create(quotas, {"metadata": {"name": "few"}, "spec": {"hard": hard}})
    shop.api.patch(f"{quotas}/few/status", {"status": {"hard": hard, "used": hard}})
    return f"{quotas}/few"
