"""Whether one connection is allowed: pods or an address, to pods or an address, at one port.

Source:
https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation: "For
a connection from a source pod to a destination pod to be allowed, both the egress policy on the source pod
and the ingress policy on the destination pod need to allow the connection." Policies add up, and pods that
none selects are not isolated.
"""

from typing import NamedTuple

from registry.connectivity.intervals import contains
from registry.connectivity.network import Network, Pods
from registry.connectivity.ports import number_of, resolve
from registry.connectivity.rules import Peers, Rule

Peer = Pods | int
"""Pods, or an address outside of the cluster by its place among all (`addresses.address_of`)."""


class Verdict(NamedTuple):
    """Whether the source may send it, and the destination may receive it."""

    egress: bool
    ingress: bool

    @property
    def allowed(self) -> bool:
        """Whether the connection comes about."""
        return self.egress and self.ingress


def verdict(network: Network, source: Peer, destination: Peer, protocol: str, port: int) -> Verdict:
    """Whether a connection is allowed. Raises KeyError for a protocol other than TCP, UDP and SCTP."""
    number = number_of(protocol, port)
    if is_itself(source, destination):
        return Verdict(egress=True, ingress=True)
    return Verdict(
        egress=isinstance(source, int) or _sends(network, source, destination, number),
        ingress=isinstance(destination, int) or _receives(network, source, destination, number),
    )


def is_itself(source: Peer, destination: Peer) -> bool:
    """Whether both are one and the same pod: "a pod cannot block access to itself"."""
    if source != destination or isinstance(source, int):
        return False
    group = source.group
    return group.pods == 1 or group.key.workload.kind == "Pod"


def _sends(network: Network, source: Pods, destination: Peer, number: int) -> bool:
    policies = source.egress
    return not policies or any(
        allows(network, rule, destination, destination, number)
        for read in policies
        for rule in read.egress or ()
    )


def _receives(network: Network, source: Peer, destination: Pods, number: int) -> bool:
    policies = destination.ingress
    return not policies or any(
        allows(network, rule, source, destination, number) for read in policies for rule in read.ingress or ()
    )


def allows(network: Network, rule: Rule, peer: Peer, destination: Peer, number: int) -> bool:
    """Whether a rule lets through what comes from or goes to `peer`; names of ports are the destination's."""
    return opens(rule, destination, number) and includes(network, rule.peers, peer)


def includes(network: Network, peers: Peers, peer: Peer) -> bool:
    """Whether a rule is about `peer`."""
    return contains(peers.addresses, peer) if isinstance(peer, int) else network.matches(peers, peer)


def opens(rule: Rule, destination: Peer, number: int) -> bool:
    """Whether a rule is about that port of the destination; outside of the cluster no port has a name."""
    ports = rule.ports
    if contains(ports.numbered, number):
        return True
    if not ports.named or isinstance(destination, int):
        return False
    return contains(resolve(ports, destination.group.ports), number)
