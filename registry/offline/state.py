"""From manifests to networks: one state of a cluster, or two that can be compared. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from registry.connectivity.grouping import Grouped, Marks, group, marks_of
from registry.connectivity.network import Network
from registry.connectivity.objects import PodKey
from registry.connectivity.rules import Reader
from registry.offline.manifests import Manifests

Pod = tuple[str, str]
"""Namespace and name."""


class State(NamedTuple):
    """A network, in which of its groups each pod is, and the addresses that are a pod's own."""

    network: Network
    pods: dict[Pod, PodKey]
    addresses: dict[Pod, tuple[str, ...]]


def states_of(manifests: Sequence[Manifests], *, blocks_match_pods: bool) -> list[State]:
    """The states that manifests tell, each made from the first, so that places in them stay comparable."""
    first, *others = manifests
    network = Network(blocks_match_pods=blocks_match_pods)
    for name, labels in first.namespaces.items():
        network.put_namespace(name, labels)
    for policy in first.policies.values():
        network.put_policy(policy)
    grouped = group([one.members for one in manifests], _marks(network, first, others))
    for pods in grouped[0].groups:
        network.put_pods(pods)
    later = [
        _changed(network.fork(), (first, grouped[0]), (theirs, pods))
        for theirs, pods in zip(others, grouped[1:], strict=True)
    ]
    return [
        State(network, pods.of, _addresses(one))
        for network, pods, one in zip([network, *later], grouped, manifests, strict=True)
    ]


def _addresses(manifests: Manifests) -> dict[Pod, tuple[str, ...]]:
    """Pods on the host's network have the node's."""
    return {
        (one.workload.namespace, one.pod): one.addresses
        for one in manifests.members
        if one.pod and one.addresses and not one.host_network
    }


def _marks(network: Network, first: Manifests, others: Iterable[Manifests]) -> Marks:
    """Those of the policies of all states."""
    reader = Reader()
    found = list(network.all_policies())
    for one in others:
        new = (policy for key, policy in one.policies.items() if first.policies.get(key) != policy)
        found += map(reader.read, new)
    return marks_of(found, blocks_match_pods=network.blocks_match_pods)


def _changed(network: Network, old: tuple[Manifests, Grouped], new: tuple[Manifests, Grouped]) -> Network:
    """The network, in which the old is, with what is new in its place."""
    (was, pods_were), (now, pods_are) = old, new
    before = {one.key: one for one in pods_were.groups}
    after = {one.key: one for one in pods_are.groups}
    for policy in was.policies.keys() - now.policies.keys():
        network.drop_policy(policy)
    for pods in before.keys() - after.keys():
        network.drop_pods(pods)
    for name in was.namespaces.keys() - now.namespaces.keys():
        network.drop_namespace(name)
    for name, labels in now.namespaces.items():
        if was.namespaces.get(name) != labels:
            network.put_namespace(name, labels)
    for key, found in after.items():
        if before.get(key) != found:
            network.put_pods(found)
    for name_of, policy_now in now.policies.items():
        if was.policies.get(name_of) != policy_now:
            network.put_policy(policy_now)
    return network
