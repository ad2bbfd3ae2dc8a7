"""The codes of lint: a closed table, from which the documentation is made."""

from collections.abc import Mapping
from typing import Final

import msgspec

from registry.lint.findings import Finding, Severity


class Code(msgspec.Struct, frozen=True):
    """One kind of finding; a finding of it may be milder than `severity`, never worse."""

    name: str
    severity: Severity
    title: str
    why: str
    fix: str

    def at(self, pointer: str, message: str, severity: Severity | None = None) -> Finding:
        """Return a finding of this code."""
        return Finding(self.name, severity or self.severity, pointer, message, self.fix)


ALWAYS_WIDENED: Final = Code(
    "AlwaysWidened",
    "warning",
    "A namespace default allows what the template cuts",
    "NetworkPolicies only add up. A default template that is in force in every namespace where this one "
    "can be used already allows all that this one does in a direction, so that nothing is cut there. Info "
    "where the template still cuts the other direction.",
    "Make it a preset (scope workload, `replacesDefaults: true`, both directions), narrow the default, or "
    'opt the namespace out of it with the label value `"false"`.',
)
AND_OR_SPLIT: Final = Code(
    "AndOrSplit",
    "warning",
    "Namespace and pods stand in two items",
    "Two items of a list of peers are joined by OR: all pods of those namespaces, and besides them those "
    "pods in the policy's own namespace. Both selectors in one item mean AND. It is a warning where the "
    "second item adds nothing or can match nothing, and info where both may be meant.",
    "To mean these pods in those namespaces, write both selectors in one item, with one dash.",
)
BROAD_CIDR: Final = Code(
    "BroadCidr",
    "info",
    "An IP block takes in nearly everything",
    "0.0.0.0/0 and ::/0 without `except` hold private networks as well: nodes, other clusters, the "
    "company's machines. A prefix shorter than /8 is more than any one network has, and often a typing "
    "error.",
    "Except the private ranges with `except: ['${cluster.private}']`, or write the blocks that are meant.",
)
DNS_FORGOTTEN: Final = Code(
    "DnsForgotten",
    "warning",
    "Egress is isolated without a way to DNS",
    "Once a policy isolates egress, names are no longer resolved unless a rule allows it, and most "
    "connections begin with a name. DNS uses UDP; a long answer comes over TCP, which is found apart, as "
    "info. A template that allows no egress at all, or only some addresses, is not meant, nor one beside "
    "a default that allows DNS.",
    "Add a rule: `to: ['${cluster.dns}']` with `ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: "
    "53}]`.",
)
EMPTY_FROM_ALLOWS_ALL: Final = Code(
    "EmptyFromAllowsAll",
    "error",
    "An empty list of peers allows everyone",
    "`from: []` and `to: []` read as nobody, but the API server takes them as if they were not there, and "
    "a rule without peers allows everyone.",
    "To allow nobody, remove the rule; to allow everyone, remove the empty list.",
)
EMPTY_RULE_ALLOWS_ALL: Final = Code(
    "EmptyRuleAllowsAll",
    "info",
    "An empty rule allows everything",
    "The rule `{}` allows every peer on every port. It is found where other rules stand beside it, which "
    "then mean nothing, and where a template restricts nothing at all. One direction left open beside a "
    "restricted one is not found.",
    "To allow nothing, remove the rule and keep the direction in `policyTypes`.",
)
IPV4_ONLY: Final = Code(
    "Ipv4Only",
    "info",
    "All of IPv4 and nothing of IPv6",
    "0.0.0.0/0 holds no IPv6 address. In a cluster with both families the connection is cut whenever it "
    "is made over IPv6.",
    "Add an ipBlock with `cidr: ::/0` beside it.",
)
METADATA_SERVICE_OPEN: Final = Code(
    "MetadataServiceOpen",
    "warning",
    "Pods can reach the cloud's metadata service",
    "A wide ipBlock includes 169.254.169.254 (info: fd00:ec2::254), where many clouds hand out "
    "credentials of the node. A block of /16 or longer that holds it is taken as meant.",
    "Add `except: ['${cluster.private}']`, or except 169.254.169.254/32 and fd00:ec2::254/128.",
)
NAMED_PORT_UNRESOLVED: Final = Code(
    "NamedPortUnresolved",
    "warning",
    "No container has a port of that name",
    "A named port stands for whatever number the containers of the pods concerned give that name: of ingress "
    "the pods that the template is used on, of egress those that the rule's peers select. Where none "
    "declares the name with the rule's protocol, the port allows nothing. Info where pods of other "
    "workloads are concerned: those of an operator whose kind is not followed are not looked at, and may "
    "have it. IP blocks and cluster facts say nothing.",
    "Name a port that the containers declare, write its number, or give the containers' port that name.",
)
NEVER_MATCHES: Final = Code(
    "NeverMatches",
    "warning",
    "A peer selects nothing that is there now",
    "No namespace of the cluster has the labels, or no pod template of a workload in the namespaces of the "
    "peer. A warning where no peer of the rule finds a namespace, so that the rule allows nobody; else info, "
    "since a workload may come later, and pods of an operator whose kind is not followed are not looked at. "
    "Labels that pods get beside those of their template, and namespaces without any workload say nothing.",
    "Compare the selector with `kubectl get namespaces --show-labels`, and with the pods' own labels.",
)
ONE_SIDED: Final = Code(
    "OneSided",
    "warning",
    "The other end denies what a rule allows",
    "A connection needs the egress of its source and the ingress of its destination. Policies that are there "
    "isolate all pods that the peer selects, also those that may come, and none lets this one through. "
    "It is found for peers by the labels of pods, in the policy's own namespace or in namespaces by name. "
    "Info where other peers of the rule are let through. Whole namespaces, IP blocks, policies that you may "
    "not list, and clusters with other kinds of policies say nothing.",
    "Allow it at the other end as well, with a template there, or remove the rule. `connectivity/explain` "
    "names the policies that deny it.",
)
POD_IP_IN_IP_BLOCK: Final = Code(
    "PodIpInIpBlock",
    "warning",
    "An IP block lies in the cluster's pod range",
    "Pods get new addresses, and some network plugins never match a pod by its address, so such a block "
    "matches other pods tomorrow, or none. It is found when the pod range is given.",
    "Select the pods by labels, with podSelector and namespaceSelector.",
)
POLICY_TYPES_MISSING: Final = Code(
    "PolicyTypesMissing",
    "warning",
    "policyTypes is left to be guessed",
    "Without policyTypes Kubernetes isolates Ingress always, and Egress when there is an egress rule. A "
    "template with egress rules alone therefore cuts all ingress as well; otherwise the result is as it "
    "reads (info).",
    "Write `policyTypes` with the directions that are meant.",
)
PORT_NOT_SERVED: Final = Code(
    "PortNotServed",
    "warning",
    "The workload declares none of the rule's ports",
    "Policies see the port of the pod, not that of the Service. Kubernetes takes declared ports for "
    "documentation only, so it is found where every container of the workload declares some, and none of the "
    "rule's. Info where another rule of ingress fits, or where the number is declared with another protocol. "
    "Ranges, the ports of a mesh's sidecar and workloads on the host's network say nothing.",
    "Write the containers' own port (a Service's targetPort), or declare the port in the container.",
)
RULES_IGNORED: Final = Code(
    "RulesIgnored",
    "info",
    "Rules of a direction that is not in policyTypes",
    "They have no effect. That is allowed: it is how rules are disabled without being deleted.",
    "Add the direction to `policyTypes`, or remove its rules.",
)
SHADOWED_RULE: Final = Code(
    "ShadowedRule",
    "warning",
    "Another rule covers this one",
    "Rules add up, so a rule whose peers and ports another rule allows already changes nothing. Only what "
    "is certain is found: a placeholder covers nothing but itself.",
    "Remove this rule, or narrow the other one.",
)

CODES: Final[Mapping[str, Code]] = {
    code.name: code
    for code in (
        ALWAYS_WIDENED,
        AND_OR_SPLIT,
        BROAD_CIDR,
        DNS_FORGOTTEN,
        EMPTY_FROM_ALLOWS_ALL,
        EMPTY_RULE_ALLOWS_ALL,
        IPV4_ONLY,
        METADATA_SERVICE_OPEN,
        NAMED_PORT_UNRESOLVED,
        NEVER_MATCHES,
        ONE_SIDED,
        POD_IP_IN_IP_BLOCK,
        POLICY_TYPES_MISSING,
        PORT_NOT_SERVED,
        RULES_IGNORED,
        SHADOWED_RULE,
    )
}
"""All codes by name; a name never changes its meaning."""
