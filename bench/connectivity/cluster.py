"""A cluster of any size, the same each time: 50 workloads and 50 policies in each namespace.

The policies are what clusters have: a default that denies all but DNS and the own namespace, access from one
workload or from a tier of a team's namespaces at numbered and named ports, egress to blocks of addresses and
to teams, the internet without private ranges, and access from everywhere to one port.
"""

import random
from typing import Any, Final

import msgspec

from registry.connectivity.network import Network
from registry.connectivity.objects import PodGroup, PodKey, Policy
from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.planning.objects import Key
from registry.planning.pods import Port

IN_NAMESPACE: Final = 50
TEAMS: Final = ("red", "green", "blue", "pink")
TIERS: Final = ("web", "db", "cache")
_SEED: Final = 5
_PORTS: Final = frozenset([Port("TCP", 8080, "http"), Port("TCP", 9090, "metrics")])
_DNS: Final = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ns-0"}},
            "podSelector": {"matchLabels": {"app": "app-1"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}],
}


class Cluster(msgspec.Struct, frozen=True):
    """What an informer would hold: labels of namespaces by name, pods of workloads, policies."""

    namespaces: dict[str, dict[str, str]]
    pods: list[PodGroup]
    policies: list[Policy]

    def network(self) -> Network:
        """The engine, told of all of it."""
        network = Network()
        for name, labels in self.namespaces.items():
            network.put_namespace(name, labels)
        for group in self.pods:
            network.put_pods(group)
        for policy in self.policies:
            network.put_policy(policy)
        return network


def cluster(workloads: int) -> Cluster:
    """A cluster of so many workloads and policies, in multiples of a namespace."""
    random_one = random.Random(_SEED)  # noqa: S311 (not for secrets)
    names = [f"ns-{number}" for number in range(max(1, workloads // IN_NAMESPACE))]
    pods: list[PodGroup] = []
    policies: list[Policy] = []
    for name in names:
        for number in range(IN_NAMESPACE):
            pods.append(_pods(random_one, name, number))
            spec = _default() if number == 0 else _spec(random_one, number)
            policies.append(policy(name, number, spec))
    labels = {name: {"team": TEAMS[place % len(TEAMS)]} for place, name in enumerate(names)}
    return Cluster(labels, pods, policies)


def policy(namespace: str, number: int, spec: dict[str, Any]) -> Policy:
    """A policy as an informer holds it."""
    return Policy(namespace=namespace, name=f"policy-{number}", spec=canonical(normalise_spec(spec)))


def _pods(random_one: random.Random, namespace: str, number: int) -> PodGroup:
    app = f"app-{number}"
    labels = {"app": app, "app.kubernetes.io/name": app, "tier": random_one.choice(TIERS), "version": "v1"}
    return PodGroup(
        key=PodKey(Key("apps", "Deployment", namespace, app)),
        labels=tuple(sorted(labels.items())),
        ports=_PORTS,
        pods=3,
    )


def _default() -> dict[str, Any]:
    return {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [_DNS, {"to": [{"podSelector": {}}]}],
    }


def _spec(random_one: random.Random, number: int) -> dict[str, Any]:
    make = random_one.choices(
        (_from_workload, _from_tier, _to_block, _to_team, _from_internet, _from_everywhere),
        weights=(40, 20, 15, 10, 10, 5),
    )
    selector = {"matchLabels": {"app": f"app-{number}"}}
    return {"podSelector": selector, **make[0](random_one)}


def _from_workload(random_one: random.Random) -> dict[str, Any]:
    peer = {"podSelector": {"matchLabels": {"app": f"app-{random_one.randrange(IN_NAMESPACE)}"}}}
    return _ingress([peer], {"port": random_one.choice([5432, 6379, 8080, "http"])})


def _from_tier(random_one: random.Random) -> dict[str, Any]:
    peer = {
        "namespaceSelector": {"matchLabels": {"team": random_one.choice(TEAMS)}},
        "podSelector": {"matchLabels": {"tier": random_one.choice(TIERS)}},
    }
    return _ingress([peer], {"port": "metrics"})


def _to_block(random_one: random.Random) -> dict[str, Any]:
    block = {"cidr": f"10.{random_one.randrange(256)}.{random_one.randrange(256)}.0/24"}
    return _egress([{"ipBlock": block}], {"port": 443, "endPort": random_one.choice([443, 450])})


def _to_team(random_one: random.Random) -> dict[str, Any]:
    peers = [
        {"podSelector": {"matchLabels": {"tier": "db"}}},
        {"namespaceSelector": {"matchLabels": {"team": random_one.choice(TEAMS)}}},
    ]
    return _egress(peers, {"port": random_one.choice([5432, 3306, random_one.randrange(1, 60_000)])})


def _from_internet(_: random.Random) -> dict[str, Any]:
    block = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}
    return _ingress([{"ipBlock": block}], {"port": 443})


def _from_everywhere(_: random.Random) -> dict[str, Any]:
    return _ingress([{"namespaceSelector": {}}], {"port": 6379})


def _ingress(peers: list[dict[str, Any]], port: dict[str, Any]) -> dict[str, Any]:
    return {"policyTypes": ["Ingress"], "ingress": [{"from": peers, "ports": [port]}]}


def _egress(peers: list[dict[str, Any]], port: dict[str, Any]) -> dict[str, Any]:
    return {"policyTypes": ["Egress"], "egress": [{"to": peers, "ports": [port]}]}
