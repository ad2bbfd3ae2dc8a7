"""What the engine is asked in the bench, each with the time that it takes."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from bench.connectivity.cluster import TIERS, Cluster
from registry.connectivity.diff import diff
from registry.connectivity.explain import explain
from registry.connectivity.flows import Flows
from registry.connectivity.graph import Graph, View, graph
from registry.connectivity.grouping import Member, group, marks_of
from registry.connectivity.network import Network, Pods
from registry.connectivity.objects import PodGroup, Policy
from registry.connectivity.verdict import verdict
from registry.model.documents import canonical

MILLION: Final = 1_000_000
ASKED: Final = ("TCP", 5432)
CHANGED: Final = 2000
"""Workloads that a change of a template hits."""

_CHANGES: Final = 500
_PAIRS: Final = 2000
_REPLICAS: Final = 10
_SEED: Final = 7


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def pairs(network: Network, count: int = _PAIRS) -> list[tuple[Pods, Pods]]:
    """Pods that are asked about, the same each time."""
    random_one = random.Random(_SEED)  # noqa: S311 (not for secrets)
    pods = list(network.all_pods())
    return [(random_one.choice(pods), random_one.choice(pods)) for _ in range(count)]


def verdicts(network: Network) -> float:
    """Microseconds for one verdict."""
    asked = pairs(network)
    return seconds(lambda: [verdict(network, *one, *ASKED) for one in asked]) / len(asked) * MILLION


def explanations(network: Network) -> float:
    """Microseconds for one explanation."""
    asked = pairs(network)
    return seconds(lambda: [explain(network, *one, *ASKED) for one in asked]) / len(asked) * MILLION


def policy_changes(network: Network, made: Cluster) -> float:
    """Milliseconds for one changed policy: a rule gets another port and loses it again."""
    chosen = [one for one in made.policies if b'"ports"' in one.spec][:_CHANGES]
    changed = [change for one in chosen for change in (with_port(one), one)]
    return _each(network.put_policy, changed)


def label_changes(network: Network, made: Cluster) -> float:
    """Milliseconds for one changed label of a workload's pods, which policies select by."""
    changed = [change for group in made.pods[:_CHANGES] for change in (_other_tier(group), group)]
    return _each(network.put_pods, changed)


def _each(change: Callable[[Any], None], changes: list[Any]) -> float:
    def all_of_them() -> None:
        for one in changes:
            change(one)

    return seconds(all_of_them) / len(changes) * 1000


def whole_graph(network: Network) -> tuple[Graph, bytes]:
    """The graph of the whole cluster and its JSON, from nothing that was worked out before."""
    drawn = graph(network, Flows(network), View())
    return drawn, msgspec.json.encode(drawn)


def members(made: Cluster) -> list[Member]:
    """The pods one by one, ten of each workload, with the labels that a ReplicaSet adds."""
    return [_member(pods, number) for pods in made.pods for number in range(_REPLICAS)]


def grouped(pods: list[Member], made: Cluster) -> Network:
    """The engine, told of all pods one by one."""
    network = Network()
    for name, labels in made.namespaces.items():
        network.put_namespace(name, labels)
    for one in made.policies:
        network.put_policy(one)
    for groups in group([pods], marks_of(network.all_policies())):
        for found in groups.groups:
            network.put_pods(found)
    return network


def _member(pods: PodGroup, number: int) -> Member:
    return Member(
        workload=pods.key.workload,
        pod=f"{pods.key.workload.name}-{number}",
        labels=(*pods.labels, ("pod-template-hash", f"{number % 2}")),
        ports=pods.ports,
    )


def template_change(network: Network, made: Cluster) -> int:
    """What a change of a template of 2,000 workloads does to connections; how many rows that has."""
    after = network.fork()
    for one in itertools.islice(_ingress(made), CHANGED):
        after.put_policy(with_port(one))
    return len(diff(Flows(network, after)))


def _ingress(made: Cluster) -> Iterator[Policy]:
    return (one for one in made.policies if b'"ingress":[{' in one.spec)


def with_port(one: Policy) -> Policy:
    """The policy with one more port in its first rule."""
    spec = msgspec.json.decode(one.spec)
    rule = (spec.get("ingress") or spec.get("egress"))[0]
    rule["ports"] = [*rule["ports"], {"protocol": "TCP", "port": 7777}]
    return msgspec.structs.replace(one, spec=canonical(spec))


def _other_tier(group: PodGroup) -> PodGroup:
    labels = dict(group.labels)
    labels["tier"] = TIERS[(TIERS.index(labels["tier"]) + 1) % len(TIERS)]
    return msgspec.structs.replace(group, labels=tuple(sorted(labels.items())))
