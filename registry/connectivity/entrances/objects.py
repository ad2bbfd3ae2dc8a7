"""The objects that lead from outside to workloads, from their JSON: of each only what counts.

Sources: https://kubernetes.io/docs/concepts/services-networking/service/,
https://kubernetes.io/docs/concepts/services-networking/ingress/; those of `gateway_api` have theirs.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.connectivity.entrances.gateway_api import (
    GATEWAY,
    ROUTE_KINDS,
    Gateway,
    GatewayRoute,
    ReferenceGrant,
)
from registry.connectivity.entrances.structs import Meta, Struct

NETWORKING: Final = "networking.k8s.io"
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


class ServicePort(Struct, frozen=True):
    """A port of a Service; without a targetPort it is the pods' port as well."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    node_port: int | None = None


class ServiceSpec(Struct, frozen=True):
    """A Service's spec."""

    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: tuple[ServicePort, ...] | None = None
    external_ips: tuple[str, ...] | None = msgspec.field(default=None, name="externalIPs")
    load_balancer_source_ranges: tuple[str, ...] | None = None


class _Point(Struct, frozen=True):
    ip: str = ""
    hostname: str = ""


class _LoadBalancer(Struct, frozen=True):
    ingress: tuple[_Point, ...] | None = None


class _ServiceStatus(Struct, frozen=True):
    load_balancer: _LoadBalancer | None = None


class Service(Struct, frozen=True):
    """A Service."""

    metadata: Meta
    spec: ServiceSpec = ServiceSpec()
    status: _ServiceStatus = _ServiceStatus()

    @property
    def points(self) -> tuple[str, ...]:
        """Where its load balancer can be reached, as names or addresses."""
        found = (self.status.load_balancer or _LoadBalancer()).ingress or ()
        return tuple(one.hostname or one.ip for one in found if one.hostname or one.ip)


class _PortRef(Struct, frozen=True):
    name: str = ""
    number: int | None = None


class _ServiceRef(Struct, frozen=True):
    name: str
    port: _PortRef = _PortRef()


class IngressBackend(Struct, frozen=True):
    """Where an Ingress leads to: a Service, or something else that `resource` names."""

    service: _ServiceRef | None = None
    resource: dict[str, Any] | None = None


class _Path(Struct, frozen=True):
    backend: IngressBackend = IngressBackend()
    path: str = ""


class _Http(Struct, frozen=True):
    paths: tuple[_Path, ...] = ()


class _IngressRule(Struct, frozen=True):
    host: str = ""
    http: _Http | None = None


class _IngressSpec(Struct, frozen=True):
    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: tuple[_IngressRule, ...] | None = None


class Ingress(Struct, frozen=True):
    """An Ingress."""

    metadata: Meta
    spec: _IngressSpec = _IngressSpec()


class _ClassSpec(Struct, frozen=True):
    controller: str = ""
    controller_name: str = ""


class ControllerClass(Struct, frozen=True):
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
