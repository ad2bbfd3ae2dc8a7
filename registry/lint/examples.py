"""A document for each code that triggers it, for the documentation and the tests."""

from typing import Any, Final

from registry.connectivity.objects import Policy
from registry.connectivity.rules import Reader
from registry.lint.codes import ONE_SIDED
from registry.lint.findings import Surroundings
from registry.lint.live import LIVE
from registry.lint.other_ends import KnownPolicies
from registry.lint.place import place_of
from registry.model.documents import load_yaml
from registry.model.template import Template, parse_template
from registry.planning.objects import Key
from registry.planning.pods import Pods, Port

_SPECS: Final = {
    "AlwaysWidened": """
        policyTypes: [Ingress]
        ingress:
          - from: [{podSelector: {matchLabels: {app: web}}}]
    """,
    "AndOrSplit": """
        policyTypes: [Ingress]
        ingress:
          - from:
              - namespaceSelector: {}
              - podSelector: {matchLabels: {app: prometheus}}
    """,
    "BroadCidr": """
        policyTypes: [Ingress]
        ingress:
          - from:
              - ipBlock: {cidr: 0.0.0.0/0}
              - ipBlock: {cidr: '::/0'}
    """,
    "DnsForgotten": """
        policyTypes: [Egress]
        egress:
          - to: [{podSelector: {matchLabels: {app: postgres}}}]
            ports: [{protocol: TCP, port: 5432}]
    """,
    "EmptyFromAllowsAll": """
        policyTypes: [Ingress]
        ingress:
          - from: []
            ports: [{protocol: TCP, port: 8080}]
    """,
    "EmptyRuleAllowsAll": """
        policyTypes: [Ingress]
        ingress:
          - {}
          - from: [{podSelector: {matchLabels: {app: web}}}]
    """,
    "Ipv4Only": """
        policyTypes: [Ingress]
        ingress:
          - from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
    """,
    "MetadataServiceOpen": """
        policyTypes: [Egress]
        egress:
          - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: '2000::/3'}}]
    """,
    "NamedPortUnresolved": """
        policyTypes: [Ingress]
        ingress:
          - from: [{podSelector: {}}]
            ports: [{protocol: TCP, port: https}]
    """,
    "NeverMatches": """
        policyTypes: [Ingress]
        ingress:
          - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
    """,
    "OneSided": """
        policyTypes: [Ingress]
        ingress:
          - from: [{podSelector: {matchLabels: {app: shopfront}}}]
            ports: [{protocol: TCP, port: 8080}]
    """,
    "PodIpInIpBlock": """
        policyTypes: [Ingress]
        ingress:
          - from: [{ipBlock: {cidr: 10.244.1.17/32}}]
    """,
    "PolicyTypesMissing": """
        egress:
          - to: ['${cluster.dns}']
            ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
    """,
    "PortNotServed": """
        policyTypes: [Ingress]
        ingress:
          - from: [{podSelector: {}}]
            ports: [{protocol: TCP, port: 80}]
    """,
    "RulesIgnored": """
        policyTypes: [Ingress]
        ingress:
          - from: [{podSelector: {matchLabels: {app: web}}}]
            ports: [{protocol: TCP, port: 8080}]
        egress:
          - to: [{podSelector: {matchLabels: {app: postgres}}}]
    """,
    "ShadowedRule": """
        policyTypes: [Ingress]
        ingress:
          - from: [{podSelector: {}}]
          - from: [{podSelector: {matchLabels: {app: web}}}]
            ports: [{protocol: TCP, port: 8080}]
    """,
}

_DEFAULT: Final[dict[str, Any]] = {
    "name": "same-namespace",
    "description": "Lets the pods of a namespace talk to each other.",
    "scope": "namespace",
    "defaultIn": {},
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]},
}

_DEPLOYMENT: Final = Key("apps", "Deployment", "shop", "web")
_PLACE: Final = place_of(
    {"shop": {}},
    [(_DEPLOYMENT, Pods(labels=(("app", "web"),), ports=frozenset({Port("TCP", 8080, "http")})))],
)
_SHOPFRONT: Final = Key("apps", "Deployment", "shop", "shopfront")
_WITH_PEER: Final = place_of(
    {"shop": {}},
    [*_PLACE.workloads.items(), (_SHOPFRONT, Pods(labels=(("app", "shopfront"),)))],
)
_DENY: Final = Reader().read(
    Policy(namespace="shop", name="deny", spec=b'{"podSelector":{},"policyTypes":["Egress"]}')
)


def example(code: str) -> Template:
    """Return a template in which lint finds `code`, in the example's surroundings."""
    spec = load_yaml(_SPECS[code])
    description = f"An example of {code}."
    return parse_template({"name": "example", "description": description, "scope": "workload", "spec": spec})


def surroundings(code: str) -> Surroundings:
    """Return what lint has to know beside the example's document."""
    if code == "AlwaysWidened":
        return Surroundings(defaults=(parse_template(_DEFAULT),))
    if code == ONE_SIDED.name:
        target = _WITH_PEER.target(_DEPLOYMENT)
        return Surroundings(place=_WITH_PEER, target=target, policies=KnownPolicies({"shop": (_DENY,)}))
    if code in LIVE:
        return Surroundings(place=_PLACE, target=_PLACE.target(_DEPLOYMENT))
    return Surroundings(pod_ranges=("10.244.0.0/16",) if code == "PodIpInIpBlock" else ())
