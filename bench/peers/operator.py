"""The same minimal job by kopf, as its documentation has it: a handler that creates a policy for a label.

`kopf run --all-namespaces operator.py`, in a virtual environment of its own: see `bench.kopf`. It knows one
template, written here; it validates, renders, compares, repairs and deletes nothing.
"""

from http import HTTPStatus

import kopf
from kubernetes import client, config

LABEL = "template.netpol-registry.dev/postgres"
MANAGED = "netpol-registry.dev/managed"
MARK = {"app.kubernetes.io/managed-by": "kopf"}

managed: set[str] = set()


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: object) -> None:
    """No Events for each handled object."""
    settings.posting.enabled = False
    config.load_kube_config()


@kopf.on.event("", "v1", "namespaces", labels={MANAGED: "true"})
def enabled(name: str, **_: object) -> None:
    """Remember which namespaces are managed."""
    managed.add(name)


@kopf.on.resume("apps", "v1", "deployments", labels={LABEL: "true"})
@kopf.on.create("apps", "v1", "deployments", labels={LABEL: "true"})
@kopf.on.update("apps", "v1", "deployments", labels={LABEL: "true"})
def labelled(name: str, namespace: str, spec: kopf.Spec, **_: object) -> None:
    """Create the policy of a labelled Deployment."""
    if namespace not in managed:
        raise kopf.TemporaryError(f"namespace {namespace} is not enabled", delay=1)
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{name}-postgres", "labels": MARK},
        "spec": {
            "podSelector": dict(spec["selector"]),
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 5432}]}],
        },
    }
    kopf.adopt(policy)
    try:
        client.NetworkingV1Api().create_namespaced_network_policy(namespace, policy)
    except client.ApiException as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
