"""Whether policies let in what comes by a way: from the pods of its controller, or from the internet.

Which pods are a controller's is told by the fact `cluster.ingressControllers`, which an admin vouches for,
and of a Gateway by the label that its controller sets on the pods that it starts for it.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from registry.connectivity.addresses import read_cidr
from registry.connectivity.entrances.routes import Way
from registry.connectivity.intervals import Intervals, difference, intersection, union
from registry.connectivity.members import Members
from registry.connectivity.network import Network, Pods
from registry.connectivity.podsets import NOBODY, PodSet
from registry.connectivity.ports import EVERY_PORT, PROTOCOLS, resolve
from registry.connectivity.rules import Peers, Rule
from registry.connectivity.verdict import verdict
from registry.connectivity.zones import INTERNET
from registry.model.ingress_controllers import by_class

Allowed = Literal["yes", "partly", "no", "unknown"]
"""`partly`: from some of the sources, or to some of the pods."""

_GATEWAY: Final = "gateway.networking.k8s.io/gateway-name"
"""https://gateway-api.sigs.k8s.io/geps/gep-1762/"""

_ENVOY: Final = (
    "gateway.envoyproxy.io/owning-gateway-name",
    "gateway.envoyproxy.io/owning-gateway-namespace",
)
"""https://gateway.envoyproxy.io/docs/tasks/operations/customize-envoyproxy/"""

_SHIFT: Final = 16


class Arrival(msgspec.Struct, frozen=True):
    """A way in, and whether policies let in what comes by it; `forwarders` are the controller's pods.

    `reason` says why that is not known.
    """

    way: Way
    allowed: Allowed
    forwarders: PodSet = NOBODY
    reason: str = ""


class _Forwarders(NamedTuple):
    """Where a controller's traffic comes from; nowhere known where `unknown` says why."""

    pods: PodSet
    addresses: Intervals = ()
    unknown: str = ""


def arrivals(
    network: Network, members: Members, found: Iterable[Way], controllers: Peers | None
) -> Iterator[Arrival]:
    """Each way with whether policies let it in; `controllers` is the fact, None where it is not known."""
    gateways = _by_gateway(network)
    for way in found:
        if not way.behind:
            yield Arrival(way, "unknown", reason=way.problem)
            continue
        if way.through == "service":
            wanted = union(map(read_cidr, way.sources)) if way.sources else INTERNET
            yield Arrival(way, _from_addresses(network, way, wanted))
            continue
        forwarders = _forwarders(way, members, network, (controllers, gateways))
        if forwarders.unknown:
            yield Arrival(way, "unknown", reason=forwarders.unknown)
        elif forwarders.pods:
            yield _from_pods(network, way, forwarders.pods)
        else:
            yield Arrival(way, _from_addresses(network, way, forwarders.addresses))


def _by_gateway(network: Network) -> dict[tuple[str, str], dict[str, int]]:
    """The pods that were started for a Gateway, by its namespace and name."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for pods in network.all_pods():
        labels = dict(pods.group.labels)
        if _GATEWAY in labels:
            gateway = (pods.namespace.name, labels[_GATEWAY])
        elif _ENVOY[0] in labels:
            gateway = (labels.get(_ENVOY[1], ""), labels[_ENVOY[0]])
        else:
            continue
        of = found.setdefault(gateway, {})
        of[pods.namespace.name] = of.get(pods.namespace.name, 0) | 1 << pods.place
    return found


def _forwarders(
    way: Way,
    members: Members,
    network: Network,
    known: tuple[Peers | None, dict[tuple[str, str], dict[str, int]]],
) -> _Forwarders:
    controllers, gateways = known
    if way.gateway and (own := gateways.get((way.gateway.namespace, way.gateway.name))):
        return _Forwarders(own)
    product = by_class(way.controller) if way.controller else None
    if product and product.outside:
        return _Forwarders(NOBODY, unknown=f"{product.name} forwards from {product.outside}")
    if controllers is None:
        return _Forwarders(NOBODY, unknown="which pods are the controller's is not known")
    pods: dict[str, int] = {}
    vouched = members.of(Rule(controllers, EVERY_PORT))
    for one in network.pods_in(vouched):
        labels = dict(one.group.labels).items()
        if product is None or any(wanted.items() <= labels for wanted in product.pods):
            pods[one.namespace.name] = pods.get(one.namespace.name, 0) | 1 << one.place
    if not pods and not controllers.addresses:
        named = f" of {product.name}" if product else ""
        return _Forwarders(NOBODY, unknown=f"no pods{named} are known that forward it")
    return _Forwarders(pods, controllers.addresses)


def _from_pods(network: Network, way: Way, forwarders: PodSet) -> Arrival:
    answers = {
        verdict(network, source, destination, protocol, port).allowed
        for destination, protocol, port in _destinations(network, way)
        for source in network.pods_in(forwarders)
    }
    allowed = _allowed(answers)
    if allowed != "yes" and any(source.group.host_network for source in network.pods_in(forwarders)):
        reason = "the controller is on the host's network: it comes from its nodes' addresses"
        return Arrival(way, "unknown", forwarders, reason)
    return Arrival(way, allowed, forwarders)


def _destinations(network: Network, way: Way) -> Iterator[tuple[Pods, str, int]]:
    """Each pod behind a way, with each of its ports."""
    for behind in way.behind:
        for pods in network.pods_in(behind.pods):
            for low, _ in behind.ports:
                yield pods, PROTOCOLS[low >> _SHIFT], low & 0xFFFF


def _allowed(answers: set[bool]) -> Allowed:
    if answers == {True}:
        return "yes"
    return "no" if answers == {False} else "partly"


def _from_addresses(network: Network, way: Way, wanted: Intervals) -> Allowed:
    """Whether the pods let in these addresses; a load balancer may put a node's in their place."""
    answers = {
        answer
        for behind in way.behind
        for pods in network.pods_in(behind.pods)
        for answer in _lets_in(pods, behind.ports, wanted)
    }
    return _allowed(answers)


def _lets_in(pods: Pods, ports: Intervals, wanted: Intervals) -> set[bool]:
    """Whether all of the wanted addresses are let in, none, or both for some of each."""
    if not pods.ingress:
        return {True}
    declared = pods.group.ports
    rules = (rule for read in pods.ingress for rule in read.ingress or ())
    opened = union(
        span
        for rule in rules
        if intersection(resolve(rule.ports, declared), ports)
        for span in rule.peers.addresses
    )
    reached = intersection(wanted, opened)
    if not difference(wanted, reached):
        return {True}
    return {True, False} if reached else {False}
