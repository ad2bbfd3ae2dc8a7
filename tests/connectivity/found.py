"""Findings as tests ask for them, with policies in a few words."""

from registry.connectivity import ports
from registry.connectivity.findings.findings import findings
from registry.connectivity.flows import Flows
from tests.connectivity.made import cluster, names, pods

DENY = "{podSelector: {}, policyTypes: [Ingress]}"
OPEN = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{}]}"


def ingress(app, rules):
    return f"{{podSelector: {{matchLabels: {{app: {app}}}}}, policyTypes: [Ingress], ingress: {rules}}}"


def egress(app, rules):
    return f"{{podSelector: {{matchLabels: {{app: {app}}}}}, policyTypes: [Egress], egress: {rules}}}"


def to(app, *numbers):
    at = f", ports: [{', '.join(f'{{port: {number}}}' for number in numbers)}]" if numbers else ""
    return f"{{to: [{{podSelector: {{matchLabels: {{app: {app}}}}}}}]{at}}}"


def from_(app, *numbers):
    return to(app, *numbers).replace("{to:", "{from:")


def found(*objects, whole=True, namespaces=None):
    network = cluster(*objects, namespaces=namespaces)
    return [(one, network) for one in findings(network, Flows(network), whole=whole)]


def codes(*objects, **options):
    return [one.code for one, _ in found(*objects, **options)]


def only(code, *objects, **options):
    (one,) = (one for one in found(*objects, **options) if one[0].code == code)
    return one


def connections(finding, network):
    return [
        (
            names(network, one.sources),
            names(network, one.destinations),
            ports.shown(one.added or one.removed),
            "added" if one.added else "removed",
        )
        for one in finding.connections
    ]


def policies(finding):
    return [str(one.key) for one in finding.policies]


WEB, DB = pods("shop/web"), pods("shop/db")
