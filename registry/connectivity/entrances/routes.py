"""The ways from outside to workloads: by which object, under which name, through which controller, where to.

Nothing is guessed: what an object leads to that is not there, or may not be referred to, is told as a problem
of the way.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from registry.connectivity.entrances.gateway_api import GATEWAY, BackendRef, GatewayRoute
from registry.connectivity.entrances.gateways import ANY_HOST, hosts, parents
from registry.connectivity.entrances.objects import (
    NETWORKING,
    ControllerClass,
    Ingress,
    IngressBackend,
    Service,
    ServicePort,
)
from registry.connectivity.entrances.services import Backends, Behind, port_of
from registry.connectivity.entrances.store import Entrances
from registry.connectivity.members import Members
from registry.connectivity.network import Network
from registry.connectivity.podsets import PodSet, meet
from registry.planning.objects import Key

_DOMAINS: Final = "external-dns.alpha.kubernetes.io/hostname"
"""Names of a Service: https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/"""

Through = Literal["ingress", "gateway", "service"]
"""A controller's pods forward what comes by an Ingress or a Gateway; to a Service it comes by itself."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way in. `hosts` are names, `*` for all, of a Service its addresses; `controller` is its class's.

    `gateway` is the Gateway that it comes through. `behind` are pods and their ports, nobody where `problem`
    says why it leads nowhere. `sources` are CIDRs that the way is restricted to, none for all.
    """

    through: Through
    by: Key
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    controller: str = ""
    gateway: Key | None = None
    service: Key | None = None
    port: str = ""
    sources: tuple[str, ...] = ()
    behind: tuple[Behind, ...] = ()
    problem: str = ""


class _Target(NamedTuple):
    """What a backend comes to."""

    service: Key | None
    port: str
    behind: tuple[Behind, ...]
    problem: str


class _Gathered:
    """Targets by host, each with all the paths that lead to it."""

    def __init__(self) -> None:
        self._found: dict[object, tuple[str, _Target, list[str]]] = {}

    def add(self, host: str, target: _Target, paths: Iterable[str]) -> None:
        same = (host, target.service, target.port, target.problem)
        self._found.setdefault(same, (host, target, []))[2].extend(paths)

    def __iter__(self) -> Iterator[tuple[str, _Target, tuple[str, ...]]]:
        for host, target, paths in self._found.values():
            yield host, target, tuple(dict.fromkeys(paths))


def ways(network: Network, members: Members, entrances: Entrances) -> Iterator[Way]:
    """All ways in, in the order of kinds and names; `members` are of this network."""
    reading = _Reading(network, entrances, Backends(network, members))
    for _, service in sorted(entrances.services.items()):
        yield from reading.service(service)
    for _, ingress in sorted(entrances.ingresses.items()):
        yield from reading.ingress(ingress)
    for _, route in sorted(entrances.routes.items()):
        yield from reading.route(route)


class _Reading:
    def __init__(self, network: Network, entrances: Entrances, backends: Backends) -> None:
        self._network = network
        self._entrances = entrances
        self._backends = backends

    def service(self, service: Service) -> Iterator[Way]:
        """Ways to a Service that is open to the outside by itself."""
        spec = service.spec
        if spec.type not in ("LoadBalancer", "NodePort") and not spec.external_ips:
            return
        key = _key("", "Service", service.metadata.namespace, service.metadata.name)
        for port in spec.ports or ():
            found = self._behind(service, port)
            yield Way(
                through="service",
                by=key,
                hosts=_points(service, port),
                service=key,
                port=found.port,
                sources=(spec.load_balancer_source_ranges or ()) if spec.type == "LoadBalancer" else (),
                behind=found.behind,
                problem=found.problem,
            )

    def ingress(self, ingress: Ingress) -> Iterator[Way]:
        """Ways by an Ingress: one for each host and backend, with all its paths."""
        found = _Gathered()
        if ingress.spec.default_backend:
            found.add(ANY_HOST, self._ingress_target(ingress, ingress.spec.default_backend), ())
        for rule in ingress.spec.rules or ():
            for path in rule.http.paths if rule.http else ():
                target = self._ingress_target(ingress, path.backend)
                found.add(rule.host or ANY_HOST, target, (path.path or "/",))
        controller = _controller(self._entrances.ingress_class(ingress))
        for host, target, paths in found:
            yield Way(
                through="ingress",
                by=_key(NETWORKING, "Ingress", ingress.metadata.namespace, ingress.metadata.name),
                hosts=(host,),
                paths=paths,
                controller=controller,
                service=target.service,
                port=target.port,
                behind=target.behind,
                problem=target.problem,
            )

    def route(self, route: GatewayRoute) -> Iterator[Way]:
        """Ways by a route of the Gateway API: one for each Gateway that takes it, and each backend."""
        key = _key(GATEWAY, route.kind, route.metadata.namespace, route.metadata.name)
        for ref, gateway in parents(route, self._entrances):
            place = _key(GATEWAY, "Gateway", ref.namespace or route.metadata.namespace, ref.name)
            taken = hosts(route, ref, gateway, self._network) if gateway else None
            if gateway is None or taken is None:
                problem = "has no listener that takes it" if gateway else "does not exist"
                yield Way(through="gateway", by=key, gateway=place, problem=f"{place} {problem}")
                continue
            for target, paths in self._route_targets(route):
                yield Way(
                    through="gateway",
                    by=key,
                    hosts=tuple(taken),
                    paths=paths,
                    controller=_controller(self._entrances.gateway_class(gateway)),
                    gateway=place,
                    service=target.service,
                    port=target.port,
                    behind=target.behind,
                    problem=target.problem,
                )

    def _ingress_target(self, ingress: Ingress, backend: IngressBackend) -> _Target:
        if backend.service is None:
            kind = (backend.resource or {}).get("kind", "nothing")
            return _Target(None, "", (), f"leads to {kind}, which is not followed")
        wanted = backend.service.port.number or backend.service.port.name or None
        return self._named((ingress.metadata.namespace, backend.service.name), wanted)

    def _route_targets(self, route: GatewayRoute) -> Iterator[tuple[_Target, tuple[str, ...]]]:
        found = _Gathered()
        for rule in route.spec.rules or ():
            paths = [one.path.value for one in rule.matches or () if one.path and one.path.value]
            for ref in rule.backend_refs or ():
                if ref.weight != 0:
                    found.add(ANY_HOST, self._route_target(route, ref), paths)
        yield from ((target, all_paths) for _, target, all_paths in found)

    def _route_target(self, route: GatewayRoute, ref: BackendRef) -> _Target:
        namespace = ref.namespace or route.metadata.namespace
        if (ref.group, ref.kind) != ("", "Service"):
            return _Target(None, "", (), f"leads to {ref.kind}/{ref.name}, which is not followed")
        if not self._entrances.may_refer(route, namespace, ref.name):
            key = _key("", "Service", namespace, ref.name)
            return _Target(
                key, "", (), f"no ReferenceGrant in {namespace} lets it lead to Service/{ref.name}"
            )
        return self._named((namespace, ref.name), ref.port)

    def _named(self, name: tuple[str, str], wanted: int | str | None) -> _Target:
        service = self._entrances.services.get(name)
        key = _key("", "Service", *name)
        if service is None:
            return _Target(key, "", (), f"{key} does not exist")
        port = port_of(service, wanted)
        if port is None:
            return _Target(key, "", (), f"{key} has no port {wanted or 'that could be meant'}")
        return self._behind(service, port)

    def _behind(self, service: Service, port: ServicePort) -> _Target:
        key = _key("", "Service", service.metadata.namespace, service.metadata.name)
        found = tuple(self._backends.behind(service, port))
        return _Target(
            key, f"{port.protocol} {port.port}", found, "" if found else self._nobody(key, service)
        )

    def _nobody(self, key: Key, service: Service) -> str:
        if service.spec.type == "ExternalName":
            return f"{key} stands for a name outside of the cluster"
        if not service.spec.selector:
            return f"{key} has no selector: what is behind it is not known"
        if self._backends.selected(service):
            return f"no container of the pods behind {key} declares its targetPort"
        return f"{key} selects no pods"


def _points(service: Service, port: ServicePort) -> tuple[str, ...]:
    """Where a Service can be reached from outside: names, addresses, else a port of the nodes.

    In manifests, and before a load balancer has an address, none is known: then it is the Service's name.
    """
    named = (service.metadata.annotations or {}).get(_DOMAINS, "")
    domains = (one.strip() for one in named.split(",") if one.strip())
    points = (*domains, *service.points, *(service.spec.external_ips or ()))
    if points:
        return points
    if port.node_port:
        return (f"port {port.node_port} of every node",)
    return (f"{service.spec.type} {service.metadata.namespace}/{service.metadata.name}",)


def _key(group: str, kind: str, namespace: str, name: str) -> Key:
    return Key(group, kind, namespace, name)


def _controller(found: ControllerClass | None) -> str:
    return found.controller if found else ""


def leads_to(way: Way, pods: PodSet | None) -> bool:
    """Whether a way leads to some of these pods, None for all there are, or to nobody."""
    return pods is None or any(meet(behind.pods, pods) for behind in way.behind)
