"""Traffic that most workloads need, and who its peers are, by the facts of the cluster."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from registry.connectivity.intervals import Intervals, union
from registry.connectivity.ports import number_of
from registry.contract import NAME_LABEL
from registry.model.facts import API_SERVER, DNS, INGRESS_CONTROLLERS, Facts

Direction = Literal["ingress", "egress"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("ingress", "egress")

Peer = Mapping[str, Any]
"""A NetworkPolicyPeer as JSON."""


def _ports(protocol: str, *numbers: int) -> Intervals:
    return union((place, place) for place in (number_of(protocol, number) for number in numbers))


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
    ports: tuple[Intervals, ...] = ()

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
        ports=(_ports("UDP", 53), _ports("TCP", 53)),
    ),
    Traffic(
        name="apiServer",
        direction="egress",
        template="to-api-server",
        fact=API_SERVER,
        ports=(_ports("TCP", 443, 6443),),
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
