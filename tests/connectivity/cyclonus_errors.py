"""What cyclonus v0.5.6 gets wrong, each with the sentence of the documentation that it goes against."""

from dataclasses import dataclass
from typing import Any

from tests.connectivity.plain import NAME_LABEL

AT = ("TCP", 80)


@dataclass(frozen=True)
class Error:
    """A cluster and a connection of which it says anything but what is `right`: (egress, ingress).

    `because` is what Kubernetes says and where.
    """

    name: str
    because: str
    cluster: dict[str, Any]
    right: tuple[bool, bool]
    source: str = "x/a"
    destination: str = "x/b"
    at: tuple[str, int] = AT


def pod(name, labels):
    return {
        "namespace": "x",
        "name": name,
        "labels": labels,
        "ports": [],
        "addresses": [f"10.0.0.{ord(name)}"],
        "count": 1,
        "hostNetwork": False,
    }


def cluster(spec, namespace=None):
    """Pods x/a, without labels, and x/b, which the policy selects."""
    metadata = {"namespace": "x", "name": "p"}
    return {
        "namespaces": {"x": {NAME_LABEL: "x"} if namespace is None else namespace},
        "pods": [pod("a", {}), pod("b", {"is": "b"})],
        "policies": [
            {"metadata": metadata, "spec": {"podSelector": {"matchLabels": {"is": "b"}}, **spec}},
        ],
        "blocksMatchPods": True,
    }


def from_pods(selector):
    return {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": selector}]}]}


def from_namespaces(selector):
    return {"policyTypes": ["Ingress"], "ingress": [{"from": [{"namespaceSelector": selector}]}]}


NOT_WEB = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}
LABELS = "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
POLICIES = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"

ERRORS = [
    Error(
        name="NotIn does not match pods without the key",
        because='"tier notin (frontend, backend)" selects "all resources with key equal to tier and values '
        'other than frontend and backend, and all resources with no labels with the tier key" '
        f"({LABELS}#set-based-requirement)",
        cluster=cluster(from_pods(NOT_WEB)),
        right=(True, True),
    ),
    Error(
        name="NotIn does not match namespaces without the key",
        because=f"the same sentence ({LABELS}#set-based-requirement)",
        cluster=cluster(from_namespaces(NOT_WEB)),
        right=(True, True),
    ),
    Error(
        name="a policy does not select by NotIn pods without the key",
        because=f"the same sentence ({LABELS}#set-based-requirement)",
        cluster=cluster({"podSelector": NOT_WEB, "policyTypes": ["Ingress"]}),
        right=(True, False),
    ),
    Error(
        name="an empty value in matchLabels matches pods without the key",
        because='"A single {key,value} in the matchLabels map is equivalent to an element of '
        "matchExpressions, whose key field is 'key', the operator is 'In', and the values array contains "
        f"only 'value'\": a label that is not there has no value ({LABELS}#label-selectors)",
        cluster=cluster(from_pods({"matchLabels": {"app": ""}})),
        right=(True, False),
    ),
    Error(
        name="a pod may be kept from itself",
        because=f'"(exception: a pod cannot block access to itself)" ({POLICIES})',
        cluster=cluster({"policyTypes": ["Ingress", "Egress"]}),
        right=(True, True),
        source="x/b",
    ),
    Error(
        name="a policy without policyTypes is refused",
        because='"If no policyTypes are specified on a NetworkPolicy then by default Ingress will always be '
        f'set and Egress will be set if the NetworkPolicy has any egress rules" ({POLICIES})',
        cluster=cluster({}),
        right=(True, False),
    ),
    Error(
        name="a namespace whose labels are set loses the one of its name",
        because='"The Kubernetes control plane sets an immutable label kubernetes.io/metadata.name on all '
        f'namespaces" ({POLICIES}#targeting-a-namespace-by-its-name); its own state forgets it then',
        cluster=cluster(from_namespaces({"matchLabels": {NAME_LABEL: "x"}}), namespace={"ns": "x"}),
        right=(True, True),
    ),
]
