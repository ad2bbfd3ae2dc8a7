"""Objects of the Gateway API, from their JSON: of each only what counts.

Source: https://gateway-api.sigs.k8s.io/reference/spec/. All versions that were ever served have these
members in the same places.
"""

from typing import Final

import msgspec

from registry.connectivity.entrances.structs import Meta, Struct
from registry.connectivity.selectors import LabelSelector

GATEWAY: Final = "gateway.networking.k8s.io"

ROUTE_KINDS: Final = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")


class _RouteNamespaces(Struct, frozen=True):
    whose: str = msgspec.field(default="Same", name="from")
    selector: LabelSelector | None = None


class _AllowedRoutes(Struct, frozen=True):
    namespaces: _RouteNamespaces = _RouteNamespaces()


class Listener(Struct, frozen=True):
    """A listener of a Gateway; without a hostname it takes all."""

    name: str = ""
    hostname: str | None = None
    port: int = 0
    protocol: str = ""
    allowed_routes: _AllowedRoutes = _AllowedRoutes()


class _GatewaySpec(Struct, frozen=True):
    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] | None = None


class Gateway(Struct, frozen=True):
    """A Gateway."""

    metadata: Meta
    spec: _GatewaySpec = _GatewaySpec()


class ParentRef(Struct, frozen=True):
    """What a route is attached to: a Gateway, or one of its listeners."""

    name: str
    group: str = GATEWAY
    kind: str = "Gateway"
    namespace: str = ""
    section_name: str = ""
    port: int | None = None


class BackendRef(Struct, frozen=True):
    """Where a route leads to."""

    name: str
    group: str = ""
    kind: str = "Service"
    namespace: str = ""
    port: int | None = None
    weight: int | None = None


class _PathMatch(Struct, frozen=True):
    value: str = ""


class _Match(Struct, frozen=True):
    path: _PathMatch | None = None


class RouteRule(Struct, frozen=True):
    """A rule of a route; GRPCRoutes match by other things than a path."""

    matches: tuple[_Match, ...] | None = None
    backend_refs: tuple[BackendRef, ...] | None = None


class _RouteSpec(Struct, frozen=True):
    parent_refs: tuple[ParentRef, ...] | None = None
    hostnames: tuple[str, ...] | None = None
    rules: tuple[RouteRule, ...] | None = None


class GatewayRoute(Struct, frozen=True):
    """A route of the Gateway API, of any kind."""

    metadata: Meta
    spec: _RouteSpec = _RouteSpec()
    kind: str = ""


class GrantFrom(Struct, frozen=True):
    """Who may refer."""

    group: str
    kind: str
    namespace: str


class GrantTo(Struct, frozen=True):
    """To what; without a name to all of the kind."""

    group: str
    kind: str
    name: str | None = None


class _GrantSpec(Struct, frozen=True):
    sources: tuple[GrantFrom, ...] = msgspec.field(default=(), name="from")
    targets: tuple[GrantTo, ...] = msgspec.field(default=(), name="to")


class ReferenceGrant(Struct, frozen=True):
    """What its namespace lets others refer to: https://gateway-api.sigs.k8s.io/api-types/referencegrant/."""

    metadata: Meta
    spec: _GrantSpec = _GrantSpec()
