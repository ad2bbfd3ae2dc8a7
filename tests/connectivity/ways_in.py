"""Ways from outside as tests write them: the objects as YAML, and what they come to."""

import yaml

from registry.connectivity.entrances.objects import read_entrance
from registry.connectivity.entrances.reaching import arrivals
from registry.connectivity.entrances.routes import ways
from registry.connectivity.entrances.store import Entrances
from registry.connectivity.members import Members
from registry.connectivity.rules import peers_of
from registry.planning.pods import Port
from tests.connectivity.made import cluster, pods

WEB = pods("shop/web", Port("TCP", 8080, "http"))
NGINX = pods(
    "ingress-nginx/controller",
    **{"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"},
)
CONTROLLERS = peers_of(
    [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}]
)
DENY = "{podSelector: {}, policyTypes: [Ingress]}"

SERVICE = """
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: main, port: 80, targetPort: http}]}
"""
LOAD_BALANCER = SERVICE.replace("spec: {", "spec: {type: LoadBalancer, ")
INGRESS = """
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: nginx
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, backend: {service: {name: web, port: {number: 80}}}}]}
"""
CLASS = """
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
"""
GATEWAY = """
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: envoy
  listeners:
    - {name: https, hostname: "*.example.com", port: 443, protocol: HTTPS,
       allowedRoutes: {namespaces: {from: All}}}
"""
ROUTE = """
kind: HTTPRoute
metadata: {name: shop, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: infra}]
  hostnames: [shop.example.com]
  rules: [{matches: [{path: {value: /api}}], backendRefs: [{name: web, port: 80}]}]
"""
GRANT = """
kind: ReferenceGrant
metadata: {name: routes, namespace: shop}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: blog}]
  to: [{group: "", kind: Service}]
"""


def entrances(*texts):
    documents = [yaml.safe_load(text) for text in texts]
    return Entrances(read_entrance(one["kind"], one) for one in documents)


def found(*texts, network=None):
    network = network or cluster(WEB)
    return list(ways(network, Members(network), entrances(*texts)))


def arrival(*texts, network, controllers=CONTROLLERS):
    members = Members(network)
    (one,) = arrivals(network, members, ways(network, members, entrances(*texts)), controllers)
    return one
