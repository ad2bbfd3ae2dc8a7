"""Ingress controllers and gateways that are known: how they name themselves, and which pods forward for them.

What is not in this table is never guessed. Its sources are the projects' own install guides, charts and
manifests, named at each. A class is an IngressClass by `spec.controller`
(https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class) or a GatewayClass by
`spec.controllerName` (https://gateway-api.sigs.k8s.io/api-types/gatewayclass/).
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

_NAME: Final = "app.kubernetes.io/name"


class IngressController(msgspec.Struct, frozen=True, kw_only=True):
    """One product.

    `classes` are its names in classes, which it may extend by `/` and more. `pods` are labels that the
    selectors of what forwards its traffic have, any of them. `namespaces` are those of its install guide.
    `outside` says, of a product that forwards from elsewhere than pods, where from.
    """

    name: str
    classes: tuple[str, ...]
    pods: tuple[Mapping[str, str], ...] = ()
    namespaces: tuple[str, ...] = ()
    outside: str = ""


KNOWN: Final = (
    # https://kubernetes.github.io/ingress-nginx/deploy/
    IngressController(
        name="ingress-nginx",
        classes=("k8s.io/ingress-nginx",),
        pods=({_NAME: "ingress-nginx", "app.kubernetes.io/component": "controller"},),
        namespaces=("ingress-nginx",),
    ),
    # https://docs.nginx.com/nginx-ingress-controller/install/
    IngressController(
        name="NGINX Ingress Controller",
        classes=("nginx.org/ingress-controller",),
        pods=({_NAME: "nginx-ingress"}, {"app": "nginx-ingress"}),
        namespaces=("nginx-ingress",),
    ),
    # https://docs.nginx.com/nginx-gateway-fabric/install/
    IngressController(
        name="NGINX Gateway Fabric",
        classes=("gateway.nginx.org/nginx-gateway-controller",),
        pods=({_NAME: "nginx-gateway"}, {_NAME: "nginx-gateway-fabric"}),
        namespaces=("nginx-gateway",),
    ),
    # https://doc.traefik.io/traefik/getting-started/install-traefik/
    IngressController(
        name="Traefik",
        classes=("traefik.io/ingress-controller", "traefik.io/gateway-controller"),
        pods=({_NAME: "traefik"},),
        namespaces=("traefik",),
    ),
    # https://www.haproxy.com/documentation/kubernetes-ingress/
    IngressController(
        name="HAProxy Kubernetes Ingress Controller",
        classes=("haproxy.org/ingress-controller",),
        pods=({_NAME: "kubernetes-ingress"}, {"run": "haproxy-ingress"}),
        namespaces=("haproxy-controller",),
    ),
    # https://haproxy-ingress.github.io/docs/getting-started/
    IngressController(
        name="HAProxy Ingress",
        classes=("haproxy-ingress.github.io/controller",),
        pods=({_NAME: "haproxy-ingress"},),
    ),
    # https://projectcontour.io/getting-started/; the chart's Envoy is a component
    IngressController(
        name="Contour",
        classes=("projectcontour.io",),
        pods=({"app": "envoy"}, {_NAME: "contour", "app.kubernetes.io/component": "envoy"}),
        namespaces=("projectcontour",),
    ),
    # https://developer.konghq.com/kubernetes-ingress-controller/install/; `gateway` is the chart kong/ingress
    IngressController(
        name="Kong",
        classes=("ingress-controllers.konghq.com/kong", "konghq.com/kic-gateway-controller"),
        pods=(
            {_NAME: "kong", "app.kubernetes.io/component": "app"},
            {_NAME: "gateway", "app.kubernetes.io/component": "app"},
            {"app": "ingress-kong"},
            {"app": "proxy-kong"},
        ),
        namespaces=("kong",),
    ),
    # https://www.getambassador.io/docs/emissary/latest/topics/install/
    IngressController(
        name="Emissary-ingress",
        classes=("getambassador.io/ingress-controller",),
        pods=({_NAME: "emissary-ingress"}, {_NAME: "ambassador"}, {"service": "ambassador"}),
        namespaces=("ambassador", "emissary"),
    ),
    # https://apisix.apache.org/docs/ingress-controller/install/
    IngressController(
        name="Apache APISIX",
        classes=("apisix.apache.org/apisix-ingress-controller",),
        pods=({_NAME: "apisix"},),
        namespaces=("apisix",),
    ),
    # https://gateway.envoyproxy.io/docs/install/install-helm/
    IngressController(
        name="Envoy Gateway",
        classes=("gateway.envoyproxy.io/gatewayclass-controller",),
        pods=({_NAME: "envoy", "app.kubernetes.io/managed-by": "envoy-gateway"},),
        namespaces=("envoy-gateway-system",),
    ),
    # https://istio.io/latest/docs/setup/additional-setup/gateway/
    IngressController(
        name="Istio",
        classes=("istio.io/ingress-controller", "istio.io/gateway-controller"),
        pods=({"istio": "ingressgateway"}, {"istio": "ingress"}),
        namespaces=("istio-ingress", "istio-system"),
    ),
    # https://docs.solo.io/gloo-edge/latest/installation/gateway/kubernetes/
    IngressController(
        name="Gloo",
        classes=("solo.io/gloo-gateway",),
        pods=({"gloo": "gateway-proxy"},),
        namespaces=("gloo-system",),
    ),
    # https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/ingress_class/
    IngressController(
        name="AWS Load Balancer Controller",
        classes=("ingress.k8s.aws/alb", "gateway.k8s.aws/alb", "gateway.k8s.aws/nlb"),
        outside="load balancers with addresses in subnets of the VPC",
    ),
    # https://cloud.google.com/load-balancing/docs/firewall-rules
    IngressController(
        name="Google Cloud load balancers",
        classes=("networking.gke.io/gateway", "k8s.io/ingress-gce", "ingress.gce.io/ingress"),
        outside="Google's front ends (130.211.0.0/22, 35.191.0.0/16) or the proxy-only subnet",
    ),
    # https://learn.microsoft.com/azure/application-gateway/ingress-controller-overview
    IngressController(
        name="Azure Application Gateway",
        classes=("azure/application-gateway", "alb.networking.azure.io/alb-controller"),
        outside="gateways with addresses in a subnet of their own",
    ),
    # https://docs.cilium.io/en/stable/network/servicemesh/ingress-and-network-policy/
    IngressController(
        name="Cilium",
        classes=("cilium.io/ingress-controller", "io.cilium/gateway-controller"),
        outside="Cilium's own proxy on each node, which a NetworkPolicy cannot name",
    ),
)

NAMESPACES: Final = tuple(sorted({namespace for one in KNOWN for namespace in one.namespaces}))
"""The namespaces of all install guides."""


def by_class(controller: str) -> IngressController | None:
    """The product that a class names; None for one that is not known."""
    return next((one for one in KNOWN if any(_names(name, controller) for name in one.classes)), None)


def by_labels(labels: Mapping[str, str]) -> IngressController | None:
    """The product whose traffic pods with these labels forward, by the labels alone; None for others."""
    for wanted, product in _candidates(labels):
        if wanted.items() <= labels.items():
            return product
    return None


def _names(name: str, controller: str) -> bool:
    return controller == name or controller.startswith(f"{name}/")


def _candidates(labels: Mapping[str, str]) -> Iterator[tuple[Mapping[str, str], IngressController]]:
    for item in labels.items():
        yield from _BY_LABEL.get(item, ())


_BY_LABEL: Final[dict[tuple[str, str], list[tuple[Mapping[str, str], IngressController]]]] = {}
for _product in KNOWN:
    for _labels in _product.pods:
        _BY_LABEL.setdefault(next(iter(_labels.items())), []).append((_labels, _product))
