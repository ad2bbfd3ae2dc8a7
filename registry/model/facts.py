"""Cluster facts: what templates may ask about the cluster they are used in.

They are detected at run time and settings override them (`registry.world.facts`); a fact nobody knows
keeps a template that uses it pending instead of guessing.
"""

from collections.abc import Mapping
from typing import Final

from registry.contract import NAME_LABEL
from registry.model.addresses import check_cidr
from registry.model.checks import each, unknown
from registry.model.ingress_controllers import NAMESPACES
from registry.model.networkpolicy import check_peer
from registry.model.problems import Problem

INGRESS_CONTROLLERS: Final = "cluster.ingressControllers"
DNS: Final = "cluster.dns"
API_SERVER: Final = "cluster.apiServer"
PRIVATE: Final = "cluster.private"
FACT_NAMES: Final = (INGRESS_CONTROLLERS, DNS, API_SERVER, PRIVATE)

Facts = Mapping[str, object]
"""Known facts by full name: a list of NetworkPolicyPeers, or of CIDRs for `cluster.private`."""

PRIVATE_RANGES: Final = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
)
"""RFC 1918, RFC 6598 (shared), RFC 3927 (link-local); RFC 4193 (unique local), RFC 4291 (link-local)."""

DEFAULT_FACTS: Final[Facts] = {
    INGRESS_CONTROLLERS: [
        {
            "namespaceSelector": {
                "matchExpressions": [{"key": NAME_LABEL, "operator": "In", "values": list(NAMESPACES)}]
            }
        }
    ],
    # https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/
    DNS: [
        {
            "namespaceSelector": {"matchLabels": {NAME_LABEL: "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    PRIVATE: list(PRIVATE_RANGES),
}
"""What most clusters look like, for where nothing is detected; `cluster.apiServer` is known or it is not."""

SAMPLE_API_SERVER: Final = [{"ipBlock": {"cidr": "192.0.2.10/32"}}]
"""Stands for the API server's address in validation and in the docs (RFC 5737)."""

SAMPLE_FACTS: Final[Facts] = {**DEFAULT_FACTS, API_SERVER: SAMPLE_API_SERVER}


def check_fact(name: str, value: object, pointer: str) -> list[Problem]:
    """Return what is wrong with the value of a fact, for settings that override it."""
    if name not in FACT_NAMES:
        return [unknown(pointer, name, FACT_NAMES)]
    check = each(check_cidr if name == PRIVATE else check_peer)
    return list(check(value, pointer))
