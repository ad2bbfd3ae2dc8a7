"""NetworkPolicies by the book: one pair of ends, one port at a time, from JSON objects.

This is the second opinion that the engine is compared with. It shares nothing with it, is as slow as it
likes, and each sentence of the API reference that it carries out stands beside the line that does so. The
quotes are of https://kubernetes.io/docs/concepts/services-networking/network-policies/ and of
https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/

A cluster is `{"namespaces": {name: labels}, "pods": [...], "policies": [...], "blocksMatchPods": bool}`;
policies are NetworkPolicies as the API has them, a pod is

    {"namespace": "a", "name": "p", "labels": {}, "addresses": ["10.0.0.1"], "count": 1, "hostNetwork": false,
     "ports": [{"name": "web", "containerPort": 80, "protocol": "TCP"}]}

where `count` other than 1 are several pods that are alike. An end is a pod, or the text of an address outside
of the cluster. What is asked is `at` a protocol and a port, ("TCP", 80).
"""

from functools import cache
from ipaddress import ip_address, ip_network

NAME_LABEL = "kubernetes.io/metadata.name"


def verdict(cluster, source, destination, at):
    """(may send, may receive)."""
    if is_itself(source, destination):
        return True, True
    return by_policies(cluster, source, destination, at)


def is_itself(source, destination):
    """ "exception: a pod cannot block access to itself"."""
    return not isinstance(source, str) and source is destination and source["count"] == 1


def by_policies(cluster, source, destination, at):
    """The same, of several pods that are alike: one of them may reach another."""
    sends = all_rules(cluster, source, "Egress")
    receives = all_rules(cluster, destination, "Ingress")
    return (
        sends is None or any(rule_allows(cluster, one, destination, destination, at) for one in sends),
        receives is None or any(rule_allows(cluster, one, source, destination, at) for one in receives),
    )


def all_rules(cluster, pod, direction):
    """(policy, rule) of all that isolate a pod; None where nothing does.

    "By default, a pod is non-isolated"; "Network policies do not conflict; they are additive"."""
    policies = isolating(cluster, pod, direction)
    if not policies:
        return None
    return [(policy, rule) for policy in policies for rule in rules_of(policy, direction)]


def isolating(cluster, pod, direction):
    if isinstance(pod, str):
        return []
    return [
        policy
        for policy in cluster["policies"]
        if is_selected(pod, policy) and direction in directions(policy)
    ]


def is_selected(pod, policy):
    """ "Each NetworkPolicy includes a podSelector which selects the grouping of pods to which the policy
    applies", in its own namespace; most plug-ins ignore pods on the host's network in it."""
    return (
        not pod["hostNetwork"]
        and pod["namespace"] == policy["metadata"]["namespace"]
        and selector_matches(policy["spec"].get("podSelector") or {}, pod["labels"])
    )


def directions(policy):
    """ "If no policyTypes are specified on a NetworkPolicy then by default Ingress will always be set and
    Egress will be set if the NetworkPolicy has any egress rules."
    """
    types = policy["spec"].get("policyTypes")
    if types:
        return types
    return ["Ingress", "Egress"] if policy["spec"].get("egress") else ["Ingress"]


def rules_of(policy, direction):
    return policy["spec"].get(direction.lower()) or []


def rule_allows(cluster, written, peer, destination, at):
    """ "Each rule allows traffic which matches both the from and ports sections"."""
    policy, rule = written
    return rule_is_about_peer(cluster, policy, rule, peer) and rule_is_about_port(rule, destination, at)


def rule_is_about_peer(cluster, policy, rule, peer):
    """ "Items in this list are combined using a logical OR operation. If this field is empty or missing,
    this rule matches all sources"."""
    peers = rule.get("from") or rule.get("to")
    if not peers:
        return True
    return any(peer_matches(cluster, policy, one, peer) for one in peers)


def peer_matches(cluster, policy, written, peer):
    if written.get("ipBlock") is not None:
        return any(block_matches(written["ipBlock"], text) for text in addresses_of(cluster, peer))
    if isinstance(peer, str) or peer["hostNetwork"]:
        return False
    return namespace_matches(cluster, policy, written, peer) and selector_matches(
        written.get("podSelector") or {}, peer["labels"]
    )


def addresses_of(cluster, peer):
    """The addresses by which blocks match: of pods only where the plug-in does so, or they are the node's."""
    if isinstance(peer, str):
        return [peer]
    return peer["addresses"] if cluster["blocksMatchPods"] or peer["hostNetwork"] else []


def block_matches(block, text):
    """ "A particular CIDR [...] The except entry describes CIDRs that should not be included within this
    rule."
    """
    return is_within(text, block["cidr"]) and not any(is_within(text, one) for one in block.get("except", ()))


@cache
def is_within(text, cidr):
    address, network = ip_address(text), ip_network(cidr, strict=False)
    return address.version == network.version and address in network


def namespace_matches(cluster, policy, written, pod):
    """ "If podSelector is also set, then the NetworkPolicyPeer as a whole selects the pods matching
    podSelector in the namespaces selected by namespaceSelector. Otherwise it selects the pods matching
    podSelector in the policy's own namespace."
    """
    selector = written.get("namespaceSelector")
    if selector is None:
        return pod["namespace"] == policy["metadata"]["namespace"]
    return selector_matches(selector, labels_of_namespace(cluster, pod["namespace"]))


def labels_of_namespace(cluster, name):
    """ "The Kubernetes API server (part of the control plane) sets this label on all namespaces.  The label
    value is set to the name of the namespace. You can't change this label's value."
    """
    return {**cluster["namespaces"].get(name, {}), NAME_LABEL: name}


def selector_matches(selector, labels):
    """ "The result of matchLabels and matchExpressions are ANDed. An empty label selector matches all
    objects."
    """
    return all(
        key in labels and labels[key] == value for key, value in selector.get("matchLabels", {}).items()
    ) and all(expression_matches(one, labels) for one in selector.get("matchExpressions", ()))


def expression_matches(expression, labels):
    """NotIn and DoesNotExist hold where the key is missing: "all resources [...] with no labels with the key"
    (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#set-based-requirement).
    """
    key, values = expression["key"], expression.get("values", ())
    match expression["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels


def rule_is_about_port(rule, destination, at):
    """ "Each item in this list is combined using a logical OR. If this field is empty or missing, this rule
    matches all ports (traffic not restricted by port)."
    """
    ports = rule.get("ports")
    return not ports or any(port_matches(one, destination, at) for one in ports)


def port_matches(written, destination, at):
    """ "If not specified, this field defaults to TCP"; "If this field is not provided, this matches all port
    names and numbers"; "If set, indicates that the range of ports from port to endPort, inclusive".
    """
    protocol, port = at
    if written.get("protocol", "TCP") != protocol:
        return False
    number = written.get("port")
    if number is None:
        return True
    if isinstance(number, str):
        return has_port(destination, number, at)
    return number <= port <= written.get("endPort", number)


def has_port(destination, name, at):
    """ "This can either be a numerical or named port on a pod": nothing else has names."""
    return not isinstance(destination, str) and any(
        one.get("name") == name and (one.get("protocol", "TCP"), one["containerPort"]) == at
        for one in destination["ports"]
    )


def reasons(cluster, end, peer, at, direction):
    """For each policy that isolates an end: (about the peer, about the port) of each rule."""
    destination = peer if direction == "Egress" else end
    return {
        (policy["metadata"]["namespace"], policy["metadata"]["name"]): [
            (
                rule_is_about_peer(cluster, policy, rule, peer),
                rule_is_about_port(rule, destination, at),
            )
            for rule in rules_of(policy, direction)
        ]
        for policy in isolating(cluster, end, direction)
    }
