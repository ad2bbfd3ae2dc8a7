"""Users of templates in the cluster, and policies as the controller would write them."""

from registry.planning.names import policy_name
from registry.planning.objects import Key

MANAGED = {"netpol-registry.dev/managed": "true"}


def label(template, value="true"):
    return {f"template.netpol-registry.dev/{template}": value}


def deploy(api, namespace, labels, plural="deployments", parameters=None):
    pods = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"selector": {"matchLabels": {"app": "db"}}, "template": pods}
    meta = {"name": "db", "labels": labels, "annotations": parameters or {}}
    api.create(f"/apis/apps/v1/namespaces/{namespace}/{plural}", {"metadata": meta, "spec": spec})


def generated(api, namespace, template, revision=1, *, tracking="pinned"):
    """The policy as the controller writes it for the Deployment db."""
    key = Key("apps", "Deployment", namespace, "db")
    labels = {
        "app.kubernetes.io/managed-by": "netpol-registry",
        "netpol-registry.dev/template": template,
        "netpol-registry.dev/revision": str(revision),
    }
    annotations = {
        "netpol-registry.dev/workload": key.kind_name,
        "netpol-registry.dev/tracking": tracking,
        "netpol-registry.dev/parameters": "{}",
    }
    meta = {"name": policy_name(key, template), "labels": labels, "annotations": annotations}
    rules = [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 80}]}]
    spec = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"], "ingress": rules}
    body = {"metadata": meta, "spec": spec}
    api.create(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", body)
