"""Which listeners of which Gateways take a route, and under which names.

Source: https://gateway-api.sigs.k8s.io/concepts/api-overview/#attaching-routes-to-gateways.
"""

from collections.abc import Iterator
from typing import Final

from registry.connectivity.entrances.gateway_api import GATEWAY, Gateway, GatewayRoute, Listener, ParentRef
from registry.connectivity.entrances.store import Entrances
from registry.connectivity.network import Network
from registry.connectivity.selectors import EVERYTHING, read_selector, selects

ANY_HOST: Final = "*"

_PROTOCOLS: Final = {
    "HTTPRoute": {"HTTP", "HTTPS"},
    "GRPCRoute": {"HTTP", "HTTPS"},
    "TLSRoute": {"TLS"},
    "TCPRoute": {"TCP", "TLS"},
    "UDPRoute": {"UDP"},
}


def parents(route: GatewayRoute, entrances: Entrances) -> Iterator[tuple[ParentRef, Gateway | None]]:
    """The Gateways that a route names, None for one that is not there; a Service as parent is of a mesh."""
    for ref in route.spec.parent_refs or ():
        if (ref.group, ref.kind) == (GATEWAY, "Gateway"):
            yield ref, entrances.gateways.get((ref.namespace or route.metadata.namespace, ref.name))


def hosts(route: GatewayRoute, ref: ParentRef, gateway: Gateway, network: Network) -> list[str] | None:
    """The names under which a Gateway takes a route, `*` for all; None where no listener takes it."""
    taken = [one for one in gateway.spec.listeners or () if _takes(one, route, ref, (gateway, network))]
    found = {host for one in taken for host in _shared(one.hostname or ANY_HOST, route.spec.hostnames)}
    return sorted(found) if found else None


def _takes(listener: Listener, route: GatewayRoute, ref: ParentRef, at: tuple[Gateway, Network]) -> bool:
    gateway, network = at
    if ref.section_name not in ("", listener.name) or ref.port not in (None, listener.port):
        return False
    known = _PROTOCOLS[route.kind]
    if listener.protocol in {one for some in _PROTOCOLS.values() for one in some} - known:
        return False
    allowed = listener.allowed_routes.namespaces
    if allowed.whose == "All":
        return True
    own = route.metadata.namespace
    if allowed.whose == "Selector" and own in network.namespaces:
        selector = read_selector(allowed.selector) if allowed.selector else EVERYTHING
        return selects(selector, network.namespaces[own].labels)
    return allowed.whose == "Same" and own == gateway.metadata.namespace


def _shared(listener: str, hostnames: tuple[str, ...] | None) -> Iterator[str]:
    """The names that a listener and a route both have; the narrower one where one of them has a wildcard."""
    if not hostnames:
        yield listener
        return
    for host in hostnames:
        if _includes(listener, host):
            yield host
        elif _includes(host, listener):
            yield listener


def _includes(wide: str, narrow: str) -> bool:
    return wide in (ANY_HOST, narrow) or (wide.startswith("*.") and narrow.endswith(wide[1:]))
