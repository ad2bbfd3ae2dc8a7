"""A small cluster for each code, in which it is found; the documentation shows them."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from registry.connectivity.network import Network
from registry.connectivity.objects import Origin, PodGroup, PodKey, Policy
from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.planning.objects import Key
from registry.planning.pods import Port

NAMESPACE: Final = "shop"
WORKLOADS: Final = {"web": Port("TCP", 8080, "http"), "db": Port("TCP", 5432, "postgres")}
"""The Deployments of the namespace with their port; the pods of each bear `app: <name>`."""

Spec = dict[str, Any]


class Example(NamedTuple):
    """Specs by the name of their policy; the templates of those that were generated."""

    specs: Mapping[str, Spec]
    templates: Mapping[str, str] = {}

    def network(self) -> Network:
        """The cluster that it is."""
        network = Network()
        network.put_namespace(NAMESPACE, {})
        for name, port in WORKLOADS.items():
            key = PodKey(Key("apps", "Deployment", NAMESPACE, name))
            network.put_pods(PodGroup(key=key, labels=(("app", name),), ports=frozenset([port])))
        for name, spec in self.specs.items():
            network.put_policy(self._policy(name, spec))
        return network

    def _policy(self, name: str, spec: Spec) -> Policy:
        template = self.templates.get(name)
        origin = Origin(template, 1, Key("apps", "Deployment", NAMESPACE, "db")) if template else None
        return Policy(namespace=NAMESPACE, name=name, spec=canonical(normalise_spec(spec)), origin=origin)


def _app(name: str) -> Spec:
    return {"podSelector": {"matchLabels": {"app": name}}}


_DENY_DB: Final = {**_app("db"), "policyTypes": ["Ingress"]}
_FROM_WEB: Final = {
    **_app("db"),
    "policyTypes": ["Ingress"],
    "ingress": [{"from": [_app("web")], "ports": [{"port": 5432}]}],
}
_TO_DB: Final = {
    **_app("web"),
    "policyTypes": ["Egress"],
    "egress": [{"to": [_app("db")], "ports": [{"port": 5432}]}],
}

EXAMPLES: Final[Mapping[str, Example]] = {
    "DefaultUndone": Example(
        {
            "db-deny-all": _DENY_DB,
            "by-hand": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]},
        },
        {"db-deny-all": "deny-all"},
    ),
    "DuplicatePolicy": Example({"from-web": _FROM_WEB, "from-web-again": _FROM_WEB}),
    "NamedPortUnresolved": Example(
        {"db": {**_app("db"), "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": "mysql"}]}]}}
    ),
    "NotLetIn": Example({"to-db": _TO_DB, "db-deny-all": _DENY_DB}),
    "NotLetOut": Example(
        {"from-web": _FROM_WEB, "web-deny-egress": {**_app("web"), "policyTypes": ["Egress"]}}
    ),
    "PeersAbsent": Example(
        {
            "db": {
                **_app("db"),
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [_app("api")]}],
            }
        }
    ),
    "SelectsNothing": Example({"cart": {**_app("cart"), "policyTypes": ["Ingress"]}}),
    "UnmanagedWidens": Example({"db-deny-all": _DENY_DB, "by-hand": _FROM_WEB}, {"db-deny-all": "deny-all"}),
}
"""By the name of the code."""
