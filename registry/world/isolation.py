"""Which pods policies isolate, and whether traffic that most workloads need still gets through.

By rule, not by connection: a rule that covers the peers of a cluster fact keeps the traffic. Isolation is by
direction (https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from registry.contract import NAME_LABEL
from registry.lint.coverage import covers_rule
from registry.model.facts import API_SERVER, DNS, INGRESS_CONTROLLERS, Facts
from registry.planning.exclusion import matches
from registry.planning.names import template_of
from registry.planning.objects import LivePolicy

Direction = Literal["ingress", "egress"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("ingress", "egress")
_SIDES: Final[Mapping[Direction, str]] = {"ingress": "from", "egress": "to"}
_TYPES: Final[Mapping[Direction, str]] = {"ingress": "Ingress", "egress": "Egress"}

Peer = Mapping[str, Any]
Port = Mapping[str, Any]


class Policy(msgspec.Struct, frozen=True):
    """A policy by what it does; `template` is empty for an unmanaged one."""

    name: str
    template: str
    spec: Mapping[str, Any]

    def isolates(self, labels: Mapping[str, str], direction: Direction) -> bool:
        """Whether it selects such pods for a direction."""
        return _TYPES[direction] in _types(self.spec) and matches(self.spec.get("podSelector", {}), labels)


def policies(found: Iterable[LivePolicy], unmanaged: Iterable[LivePolicy]) -> list[Policy]:
    """These policies, told apart from unmanaged ones."""
    theirs = {live.name for live in unmanaged}
    return [
        Policy(live.name, "" if live.name in theirs else template_of(live), msgspec.json.decode(live.spec))
        for live in found
    ]


class Policies:
    """Policies of a namespace, found by the labels of pods without going through all of them."""

    def __init__(self, found: Iterable[Policy]) -> None:
        self._by_label: defaultdict[tuple[str, str] | None, list[Policy]] = defaultdict(list)
        for policy in found:
            labels = policy.spec.get("podSelector", {}).get("matchLabels", {})
            self._by_label[min(labels.items(), default=None)].append(policy)

    def isolating(self, labels: Mapping[str, str], direction: Direction) -> list[Policy]:
        """Those that isolate such pods in a direction; none: all traffic of that direction passes."""
        places: list[tuple[str, str] | None] = [None, *labels.items()]
        return [
            policy
            for place in places
            for policy in self._by_label.get(place, ())
            if policy.isolates(labels, direction)
        ]


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Traffic that most workloads need: its peers by a cluster fact or fixed.

    Of each group of `ports` one is enough; without any, the port is the workload's own and not known.
    `template` is the shipped one that keeps it.
    """

    name: str
    direction: Direction
    template: str
    fact: str = ""
    fixed: tuple[Peer, ...] = ()
    ports: tuple[tuple[Port, ...], ...] = ()

    def peers(self, facts: Facts, namespaces: Iterable[str] | None) -> list[Peer] | None:
        """Its peers one by one, None when the fact is not known.

        `namespaces` are all that exist, if they are known: peers in others are left out.
        """
        given: Any = facts.get(self.fact) if self.fact else self.fixed
        if given is None:
            return None
        existing = None if namespaces is None else set(namespaces)
        return [one for peer in given for one in _alternatives(peer, existing)]


TRAFFIC: Final = (
    Traffic(
        name="dns",
        direction="egress",
        template="allow-dns",
        fact=DNS,
        ports=(({"protocol": "UDP", "port": 53},), ({"protocol": "TCP", "port": 53},)),
    ),
    Traffic(
        name="apiServer",
        direction="egress",
        template="to-api-server",
        fact=API_SERVER,
        ports=(({"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 6443}),),
    ),
    Traffic(
        name="ingressControllers",
        direction="ingress",
        template="from-ingress-controller",
        fact=INGRESS_CONTROLLERS,
    ),
    Traffic(
        name="monitoring",
        direction="ingress",
        template="from-monitoring",
        fixed=({"namespaceSelector": {"matchLabels": {NAME_LABEL: "monitoring"}}},),
    ),
    Traffic(name="webhooks", direction="ingress", template="allow-port", fact=API_SERVER),
)
"""Admission webhooks are called by the API server."""


def keepers(traffic: Traffic, peers: Sequence[Peer], found: Sequence[Policy]) -> dict[str, Policy] | None:
    """Which of the policies that isolate some pods let traffic through together, by name; None: it is cut."""
    kept: dict[str, Policy] = {}
    for peer in peers:
        for group in traffic.ports or ((),):
            keeper = next((policy for policy in found if _keeps(policy, traffic, peer, group)), None)
            if keeper is None:
                return None
            kept[keeper.name] = keeper
    return kept


def _keeps(policy: Policy, traffic: Traffic, peer: Peer, group: tuple[Port, ...]) -> bool:
    side = _SIDES[traffic.direction]
    rules = policy.spec.get(traffic.direction, ())
    if not group:
        return any(covers_rule({side: rule.get(side)}, {side: [peer]}, side) for rule in rules)
    return any(covers_rule(rule, {side: [peer], "ports": [port]}, side) for rule in rules for port in group)


def _alternatives(peer: Peer, existing: set[str] | None) -> Iterator[Peer]:
    """A peer in one namespace of several, for each of these: a policy for the one that is used is enough."""
    names = list(_names(peer.get("namespaceSelector", {})))
    if not names:
        yield peer
        return
    for name in names:
        if existing is None or name in existing:
            yield {**peer, "namespaceSelector": {"matchLabels": {NAME_LABEL: name}}}


def _names(selector: Mapping[str, Any]) -> Iterator[str]:
    """The names that a selector of namespaces by name alone lists."""
    labels, expressions = selector.get("matchLabels", {}), selector.get("matchExpressions", ())
    if labels.keys() == {NAME_LABEL} and not expressions:
        yield labels[NAME_LABEL]
    elif not labels and len(expressions) == 1:
        [one] = expressions
        if (one["key"], one["operator"]) == (NAME_LABEL, "In"):
            yield from one["values"]


def _types(spec: Mapping[str, Any]) -> Sequence[str]:
    return spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
