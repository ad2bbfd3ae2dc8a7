"""The objects that lead from outside to workloads, from their JSON: of each only what counts.

Sources: https://kubernetes.io/docs/concepts/services-networking/service/,
https://kubernetes.io/docs/concepts/services-networking/ingress/ and
https://gateway-api.sigs.k8s.io/reference/spec/. All versions of the Gateway API that were ever served have
these members in the same places.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.connectivity.selectors import LabelSelector

NETWORKING: Final = "networking.k8s.io"
GATEWAY: Final = "gateway.networking.k8s.io"

ROUTE_KINDS: Final = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("Service",),
    NETWORKING: ("Ingress", "IngressClass"),
    GATEWAY: ("Gateway", "GatewayClass", "ReferenceGrant", *ROUTE_KINDS),
}
"""All kinds that are read here, by group."""


OTHER_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    # https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/
    "traefik.io": ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP"),
    # https://projectcontour.io/docs/main/config/fundamentals/
    "projectcontour.io": ("HTTPProxy",),
    # https://istio.io/latest/docs/reference/config/networking/virtual-service/
    "networking.istio.io": ("VirtualService",),
    # https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/network_apis/
    "route.openshift.io": ("Route",),
    # https://docs.nginx.com/nginx-ingress-controller/configuration/virtualserver-and-virtualserverroute-resources/
    "k8s.nginx.org": ("VirtualServer",),
    # https://www.getambassador.io/docs/emissary/latest/topics/using/intro-mappings
    "getambassador.io": ("Mapping",),
    # https://apisix.apache.org/docs/ingress-controller/concepts/apisix_route/
    "apisix.apache.org": ("ApisixRoute",),
}
"""Kinds of single products that lead inside as well, and are not read."""


class _Struct(msgspec.Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """What all of these have in common."""


class Meta(_Struct, frozen=True):
    """What counts of an object's metadata."""

    name: str
    namespace: str = ""
    annotations: dict[str, str] | None = None


class ServicePort(_Struct, frozen=True):
    """A port of a Service; without a targetPort it is the pods' port as well."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    node_port: int | None = None


class ServiceSpec(_Struct, frozen=True):
    """A Service's spec."""

    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: tuple[ServicePort, ...] | None = None
    external_ips: tuple[str, ...] | None = msgspec.field(default=None, name="externalIPs")
    load_balancer_source_ranges: tuple[str, ...] | None = None


class _Point(_Struct, frozen=True):
    ip: str = ""
    hostname: str = ""


class _LoadBalancer(_Struct, frozen=True):
    ingress: tuple[_Point, ...] | None = None


class _ServiceStatus(_Struct, frozen=True):
    load_balancer: _LoadBalancer | None = None


class Service(_Struct, frozen=True):
    """A Service."""

    metadata: Meta
    spec: ServiceSpec = ServiceSpec()
    status: _ServiceStatus = _ServiceStatus()

    @property
    def points(self) -> tuple[str, ...]:
        """Where its load balancer can be reached, as names or addresses."""
        found = (self.status.load_balancer or _LoadBalancer()).ingress or ()
        return tuple(one.hostname or one.ip for one in found if one.hostname or one.ip)


class _PortRef(_Struct, frozen=True):
    name: str = ""
    number: int | None = None


class _ServiceRef(_Struct, frozen=True):
    name: str
    port: _PortRef = _PortRef()


class IngressBackend(_Struct, frozen=True):
    """Where an Ingress leads to: a Service, or something else that `resource` names."""

    service: _ServiceRef | None = None
    resource: dict[str, Any] | None = None


class _Path(_Struct, frozen=True):
    backend: IngressBackend = IngressBackend()
    path: str = ""


class _Http(_Struct, frozen=True):
    paths: tuple[_Path, ...] = ()


class _IngressRule(_Struct, frozen=True):
    host: str = ""
    http: _Http | None = None


class _IngressSpec(_Struct, frozen=True):
    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: tuple[_IngressRule, ...] | None = None


class Ingress(_Struct, frozen=True):
    """An Ingress."""

    metadata: Meta
    spec: _IngressSpec = _IngressSpec()


class _ClassSpec(_Struct, frozen=True):
    controller: str = ""
    controller_name: str = ""


class ControllerClass(_Struct, frozen=True):
    """An IngressClass or a GatewayClass."""

    metadata: Meta
    spec: _ClassSpec = _ClassSpec()
    kind: str = ""

    @property
    def controller(self) -> str:
        """The name by which its controller knows it."""
        return self.spec.controller or self.spec.controller_name

    @property
    def is_default(self) -> bool:
        """Whether Ingresses without a class are its."""
        annotations = self.metadata.annotations or {}
        return annotations.get("ingressclass.kubernetes.io/is-default-class") == "true"


class _RouteNamespaces(_Struct, frozen=True):
    whose: str = msgspec.field(default="Same", name="from")
    selector: LabelSelector | None = None


class _AllowedRoutes(_Struct, frozen=True):
    namespaces: _RouteNamespaces = _RouteNamespaces()


class Listener(_Struct, frozen=True):
    """A listener of a Gateway; without a hostname it takes all."""

    name: str = ""
    hostname: str | None = None
    port: int = 0
    protocol: str = ""
    allowed_routes: _AllowedRoutes = _AllowedRoutes()


class _GatewaySpec(_Struct, frozen=True):
    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] | None = None


class Gateway(_Struct, frozen=True):
    """A Gateway."""

    metadata: Meta
    spec: _GatewaySpec = _GatewaySpec()


class ParentRef(_Struct, frozen=True):
    """What a route is attached to: a Gateway, or one of its listeners."""

    name: str
    group: str = GATEWAY
    kind: str = "Gateway"
    namespace: str = ""
    section_name: str = ""
    port: int | None = None


class BackendRef(_Struct, frozen=True):
    """Where a route leads to."""

    name: str
    group: str = ""
    kind: str = "Service"
    namespace: str = ""
    port: int | None = None
    weight: int | None = None


class _PathMatch(_Struct, frozen=True):
    value: str = ""


class _Match(_Struct, frozen=True):
    path: _PathMatch | None = None


class RouteRule(_Struct, frozen=True):
    """A rule of a route; GRPCRoutes match by other things than a path."""

    matches: tuple[_Match, ...] | None = None
    backend_refs: tuple[BackendRef, ...] | None = None


class _RouteSpec(_Struct, frozen=True):
    parent_refs: tuple[ParentRef, ...] | None = None
    hostnames: tuple[str, ...] | None = None
    rules: tuple[RouteRule, ...] | None = None


class GatewayRoute(_Struct, frozen=True):
    """A route of the Gateway API, of any kind."""

    metadata: Meta
    spec: _RouteSpec = _RouteSpec()
    kind: str = ""


class GrantFrom(_Struct, frozen=True):
    """Who may refer."""

    group: str
    kind: str
    namespace: str


class GrantTo(_Struct, frozen=True):
    """To what; without a name to all of the kind."""

    group: str
    kind: str
    name: str | None = None


class _GrantSpec(_Struct, frozen=True):
    sources: tuple[GrantFrom, ...] = msgspec.field(default=(), name="from")
    targets: tuple[GrantTo, ...] = msgspec.field(default=(), name="to")


class ReferenceGrant(_Struct, frozen=True):
    """What its namespace lets others refer to: https://gateway-api.sigs.k8s.io/api-types/referencegrant/."""

    metadata: Meta
    spec: _GrantSpec = _GrantSpec()


Entrance = Service | Ingress | ControllerClass | Gateway | GatewayRoute | ReferenceGrant

_STRUCTS: Final[Mapping[str, type[Entrance]]] = {
    "Service": Service,
    "Ingress": Ingress,
    "IngressClass": ControllerClass,
    "GatewayClass": ControllerClass,
    "Gateway": Gateway,
    "ReferenceGrant": ReferenceGrant,
    **dict.fromkeys(ROUTE_KINDS, GatewayRoute),
}


def is_entrance(group: str, kind: str) -> bool:
    """Whether objects of this kind are read here."""
    return kind in KINDS.get(group, ())


def read_entrance(kind: str, found: bytes | Mapping[str, Any]) -> Entrance:
    """An object of one of `KINDS`, from JSON or from what was read of YAML.

    Raises ValueError for what no API server would take.
    """
    struct = _STRUCTS[kind]
    read: Entrance
    read = (
        msgspec.json.decode(found, type=struct)
        if isinstance(found, bytes)
        else msgspec.convert(found, struct)
    )
    if isinstance(read, GatewayRoute | ControllerClass):
        return msgspec.structs.replace(read, kind=kind)
    return read
