"""The objects that lead inside, by kind and name, and what is not known of them."""

from collections.abc import Iterable, Iterator, Sequence

from registry.connectivity.completeness import ServedKind
from registry.connectivity.entrances.gateway_api import GATEWAY, Gateway, GatewayRoute, ReferenceGrant
from registry.connectivity.entrances.objects import NETWORKING, ControllerClass, Entrance, Ingress, Service

Name = tuple[str, str]
"""Namespace and name."""


class Entrances:
    """All of them. `missing` names the kinds that could not be read, with the reason.

    `others` are kinds that lead inside as well and are not read.
    """

    def __init__(
        self,
        objects: Iterable[Entrance] = (),
        missing: dict[str, str] | None = None,
        others: Sequence[ServedKind] = (),
    ) -> None:
        self.services: dict[Name, Service] = {}
        self.ingresses: dict[Name, Ingress] = {}
        self.gateways: dict[Name, Gateway] = {}
        self.routes: dict[tuple[str, str, str], GatewayRoute] = {}
        self.grants: dict[Name, ReferenceGrant] = {}
        self.classes: dict[Name, ControllerClass] = {}
        self.missing = missing or {}
        self.others = others
        for one in objects:
            self.put(one)

    def put(self, entrance: Entrance) -> None:
        """Take in one."""
        name = (entrance.metadata.namespace, entrance.metadata.name)
        match entrance:
            case Service():
                self.services[name] = entrance
            case Ingress():
                self.ingresses[name] = entrance
            case Gateway():
                self.gateways[name] = entrance
            case GatewayRoute():
                self.routes[entrance.kind, *name] = entrance
            case ReferenceGrant():
                self.grants[name] = entrance
            case ControllerClass():
                self.classes[entrance.kind, name[1]] = entrance

    def makers(self) -> Iterator[tuple[str, str, str]]:
        """Group, kind and namespace of what makes ways: each once."""
        kinds: tuple[tuple[str, str, Iterable[Name]], ...] = (
            ("", "Service", self.services),
            (NETWORKING, "Ingress", self.ingresses),
            *((GATEWAY, kind, [(namespace, name)]) for kind, namespace, name in self.routes),
        )
        yield from dict.fromkeys((group, kind, of) for group, kind, names in kinds for of, _ in names)

    def ingress_class(self, ingress: Ingress) -> ControllerClass | None:
        """The class of an Ingress: the one that it names, else the default one; None where none is known."""
        annotations = ingress.metadata.annotations or {}
        named = ingress.spec.ingress_class_name or annotations.get("kubernetes.io/ingress.class")
        if named:
            return self.classes.get(("IngressClass", named))
        return next((one for one in self.classes.values() if one.is_default), None)

    def gateway_class(self, gateway: Gateway) -> ControllerClass | None:
        """The class of a Gateway; None for one that is not known."""
        return self.classes.get(("GatewayClass", gateway.spec.gateway_class_name))

    def may_refer(self, route: GatewayRoute, namespace: str, service: str) -> bool:
        """Whether a route may lead to a Service in that namespace."""
        own = route.metadata.namespace
        if namespace == own:
            return True
        grants = (one.spec for (of, _), one in self.grants.items() if of == namespace)
        return any(
            any(one.kind == route.kind and one.namespace == own for one in grant.sources)
            and any(one.kind == "Service" and one.name in (None, "", service) for one in grant.targets)
            for grant in grants
        )
