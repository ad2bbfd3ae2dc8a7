"""What `plain` says of a whole cluster: every pair, at every port where some answer may change."""

from functools import cached_property
from ipaddress import ip_address, ip_network

from registry.connectivity.intervals import contains
from registry.connectivity.ports import number_of
from tests.connectivity import plain
from tests.connectivity.clusters import PROTOCOLS

LAST_PORT = 65_535


class Expected:
    """A cluster, its pods by key, addresses around all its blocks, and who reaches whom."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.pods = {(pod["namespace"], pod["name"]): pod for pod in cluster["pods"]}

    @cached_property
    def rules(self):
        return [
            rule
            for policy in self.cluster["policies"]
            for direction in ("Ingress", "Egress")
            for rule in plain.rules_of(policy, direction)
        ]

    @cached_property
    def ports(self):
        """(protocol, port): the first and last of all ports, all that are named somewhere, those beside."""
        named = {1, LAST_PORT, *(one["containerPort"] for pod in self.pods.values() for one in pod["ports"])}
        for rule in self.rules:
            for one in rule.get("ports") or ():
                named |= {one.get("port"), one.get("endPort")}
        numbers = [one for one in named if isinstance(one, int)]
        near = {number + step for number in numbers for step in (-1, 0, 1)}
        return [
            (protocol, number)
            for protocol in PROTOCOLS
            for number in sorted(near)
            if 1 <= number <= LAST_PORT
        ]

    @cached_property
    def outside(self):
        """Addresses at both ends of each block and exception and right beside them, and one in none."""
        found = {ip_address("192.0.2.1"), ip_address("2001:db8::1")}
        for rule in self.rules:
            for peer in rule.get("from") or rule.get("to") or ():
                for cidr in written_cidrs(peer):
                    network = ip_network(cidr, strict=False)
                    for edge, step in ((network.network_address, -1), (network.broadcast_address, 1)):
                        found |= {edge}
                        if 0 < int(edge) < 2**edge.max_prefixlen - 1:
                            found |= {edge + step}
        return sorted(map(str, found))

    def is_open(self, pod, direction):
        """Whether no policy isolates a pod."""
        return not plain.isolating(self.cluster, pod, direction)

    def connections(self, source, destination):
        """The ports at which policies let an end reach another."""
        sends = self._about(source, destination, "Egress")
        receives = self._about(destination, source, "Ingress")
        return {
            port
            for port in self.ports
            if all(
                rules is None or any(plain.rule_is_about_port(rule, destination, port) for rule in rules)
                for rules in (sends, receives)
            )
        }

    def _about(self, end, peer, direction):
        """The rules of an end that are about the peer, None where nothing isolates it: ports aside."""
        rules = plain.all_rules(self.cluster, end, direction)
        if rules is None:
            return None
        return [rule for policy, rule in rules if plain.rule_is_about_peer(self.cluster, policy, rule, peer)]

    def among(self, intervals):
        """The same of the engine's ports."""
        return {port for port in self.ports if contains(intervals, number_of(*port))}


def written_cidrs(peer):
    block = peer.get("ipBlock")
    return [block["cidr"], *block.get("except", ())] if block else []
