"""The engine's network of a cluster that is written as `plain` reads it, and where its pods are in it."""

import json

from registry.connectivity.network import Network
from registry.connectivity.objects import PodGroup, PodKey, Policy, PolicyKey
from registry.planning.objects import Key
from registry.planning.pods import Port


def pod_key(namespace, name):
    return PodKey(Key("", "Group", namespace, name))


def group_of(pod):
    return PodGroup(
        key=pod_key(pod["namespace"], pod["name"]),
        labels=tuple(sorted(pod["labels"].items())),
        ports=frozenset(
            Port(one.get("protocol", "TCP"), one["containerPort"], one.get("name", ""))
            for one in pod["ports"]
        ),
        addresses=tuple(pod["addresses"]),
        host_network=pod["hostNetwork"],
        pods=pod["count"],
    )


def policy_of(policy):
    metadata = policy["metadata"]
    return Policy(
        namespace=metadata["namespace"], name=metadata["name"], spec=json.dumps(policy["spec"]).encode()
    )


def network_of(cluster):
    made = Network(blocks_match_pods=cluster["blocksMatchPods"])
    for name, labels in cluster["namespaces"].items():
        made.put_namespace(name, labels)
    for pod in cluster["pods"]:
        made.put_pods(group_of(pod))
    for policy in cluster["policies"]:
        made.put_policy(policy_of(policy))
    return made


def apply(network, change):
    """Tell the network of a change."""
    match change:
        case {"put pod": pod}:
            network.put_pods(group_of(pod))
        case {"put policy": policy}:
            network.put_policy(policy_of(policy))
        case {"put namespace": (name, labels)}:
            network.put_namespace(name, labels)
        case {"drop pod": key}:
            network.drop_pods(pod_key(*key))
        case {"drop policy": key}:
            network.drop_policy(PolicyKey(*key))
        case {"drop namespace": name}:
            network.drop_namespace(name)
