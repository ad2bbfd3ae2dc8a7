import pytest
import yaml

from registry.connectivity import ports
from registry.connectivity.entrances.drawing import with_entrances
from registry.connectivity.entrances.objects import read_entrance
from registry.connectivity.entrances.reaching import arrivals
from registry.connectivity.entrances.routes import ways
from registry.connectivity.entrances.store import Entrances
from registry.connectivity.exposure import exposure
from registry.connectivity.flows import Flows
from registry.connectivity.formats.analyses import exposure_document
from registry.connectivity.formats.ends import Ends
from registry.connectivity.formats.render import render
from registry.connectivity.graph import TooManyEdges, View, graph
from registry.connectivity.members import Members
from registry.connectivity.rules import Peers, peers_of
from registry.planning.pods import Port
from tests.connectivity.formats.answers import check
from tests.connectivity.made import cluster, names, pods, policy

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


def behind(way, network):
    return [(names(network, one.pods), ports.shown(one.ports)) for one in way.behind]


def test_an_ingress_leads_to_the_pods_behind_its_service():
    network = cluster(WEB)
    (way,) = found(SERVICE, INGRESS, CLASS, network=network)
    assert (way.hosts, way.paths, way.controller) == (("shop.example.com",), ("/",), "k8s.io/ingress-nginx")
    assert behind(way, network) == [(["shop/web"], ["TCP 8080"])]


def test_json_is_read_as_yaml_is():
    raw = b'{"kind":"Service","metadata":{"name":"web","namespace":"shop"},"spec":{"type":"NodePort"}}'
    assert read_entrance("Service", raw).spec.type == "NodePort"


@pytest.mark.parametrize("port", ["{number: 80}", "{name: main}"])
def test_an_ingress_names_a_port_of_the_service_by_number_or_name(port):
    (way,) = found(SERVICE, INGRESS.replace("{number: 80}", port))
    assert way.port == "TCP 80"


@pytest.mark.parametrize(
    ("target", "expected"), [("80", "TCP 80"), ("9090", "TCP 9090"), ("http", "TCP 8080")]
)
def test_a_target_port_is_a_number_or_a_name_of_the_containers(target, expected):
    network = cluster(WEB)
    service = SERVICE.replace("targetPort: http", f"targetPort: {target}")
    (way,) = found(service, INGRESS, network=network)
    assert behind(way, network) == [(["shop/web"], [expected])]


def test_a_name_under_another_protocol_is_no_target_port():
    (way,) = found(SERVICE, INGRESS, network=cluster(pods("shop/web", Port("UDP", 8080, "http"))))
    assert "declares its targetPort" in way.problem


def test_without_a_target_port_it_is_the_services():
    network = cluster(WEB)
    (way,) = found(SERVICE.replace(", targetPort: http", ""), INGRESS, network=network)
    assert behind(way, network) == [(["shop/web"], ["TCP 80"])]


def test_a_named_target_port_may_be_another_number_at_each_pod():
    blue, green = (
        pods(f"shop/{name}", Port("TCP", at, "http"), tier="web") for name, at in (("a", 1), ("b", 2))
    )
    network = cluster(blue, green)
    (way,) = found(SERVICE.replace("app: web", "tier: web"), INGRESS, network=network)
    assert sorted(behind(way, network)) == [(["shop/a"], ["TCP 1"]), (["shop/b"], ["TCP 2"])]


def test_pods_on_the_hosts_network_are_behind_a_service_too():
    network = cluster(pods("shop/web", Port("TCP", 8080, "http"), host_network=True))
    (way,) = found(SERVICE, INGRESS, network=network)
    assert behind(way, network) == [(["shop/web"], ["TCP 8080"])]


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ((INGRESS,), "Service/web in shop does not exist"),
        ((SERVICE.replace("port: 80,", "port: 81,"), INGRESS), "has no port 80"),
        ((SERVICE.replace("app: web", "app: gone"), INGRESS), "selects no pods"),
        ((SERVICE.replace("targetPort: http", "targetPort: grpc"), INGRESS), "declares its targetPort"),
        ((SERVICE.replace("selector: {app: web}, ", ""), INGRESS), "has no selector"),
        ((SERVICE.replace("spec: {", "spec: {type: ExternalName, "), INGRESS), "outside of the cluster"),
        (
            (
                INGRESS.replace(
                    "service: {name: web, port: {number: 80}}", "resource: {kind: Bucket, name: x}"
                ),
            ),
            "Bucket",
        ),
    ],
)
def test_a_way_that_leads_nowhere_says_why(texts, problem):
    (way,) = found(*texts)
    assert way.behind == ()
    assert problem in way.problem


def test_a_default_backend_takes_all_names():
    backend = "{service: {name: web, port: {number: 80}}}"
    text = f"{{kind: Ingress, metadata: {{name: all, namespace: shop}}, spec: {{defaultBackend: {backend}}}}}"
    (way,) = found(SERVICE, text)
    assert way.hosts == ("*",)


def test_an_ingress_without_a_class_is_the_default_ones():
    default = CLASS.replace(
        "{name: nginx}", "{name: x, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}"
    )
    (way,) = found(SERVICE, INGRESS.replace("  ingressClassName: nginx\n", ""), default)
    assert way.controller == "k8s.io/ingress-nginx"


def test_the_old_annotation_names_a_class_as_well():
    old = INGRESS.replace("  ingressClassName: nginx\n", "").replace(
        "namespace: shop}", "namespace: shop, annotations: {kubernetes.io/ingress.class: nginx}}"
    )
    (way,) = found(SERVICE, old, CLASS)
    assert way.controller == "k8s.io/ingress-nginx"


def test_a_route_leads_through_its_gateway():
    network = cluster(WEB)
    (way,) = found(SERVICE, GATEWAY, ROUTE, network=network)
    assert (way.through, way.hosts, way.paths) == ("gateway", ("shop.example.com",), ("/api",))
    assert str(way.gateway) == "Gateway.gateway.networking.k8s.io/edge in infra"
    assert behind(way, network) == [(["shop/web"], ["TCP 8080"])]


@pytest.mark.parametrize("kind", ["GRPCRoute", "TLSRoute", "TCPRoute"])
def test_routes_of_other_kinds_are_read(kind):
    protocol = {"GRPCRoute": "HTTPS", "TLSRoute": "TLS", "TCPRoute": "TCP"}[kind]
    (way,) = found(
        SERVICE, GATEWAY.replace("protocol: HTTPS", f"protocol: {protocol}"), ROUTE.replace("HTTPRoute", kind)
    )
    assert way.by.kind == kind
    assert way.behind


@pytest.mark.parametrize(
    ("listener", "hostnames", "expected"),
    [
        ('"*.example.com"', "[shop.example.com]", ("shop.example.com",)),
        ('"*.example.com"', "[]", ("*.example.com",)),
        ("shop.example.com", '["*.example.com"]', ("shop.example.com",)),
        ("null", "[shop.example.org]", ("shop.example.org",)),
        ("null", "[]", ("*",)),
    ],
)
def test_names_are_those_of_listener_and_route(listener, hostnames, expected):
    gateway = GATEWAY.replace('"*.example.com"', listener)
    (way,) = found(SERVICE, gateway, ROUTE.replace("[shop.example.com]", hostnames))
    assert way.hosts == expected


@pytest.mark.parametrize(
    ("gateway", "route"),
    [
        (GATEWAY, ROUTE.replace("[shop.example.com]", "[shop.example.org]")),
        (GATEWAY.replace("from: All", "from: Same"), ROUTE),
        (GATEWAY.replace("from: All", "from: Selector, selector: {matchLabels: {team: x}}"), ROUTE),
        (GATEWAY.replace("HTTPS", "TCP"), ROUTE),
        (GATEWAY, ROUTE.replace("namespace: infra}]", "namespace: infra, sectionName: other}]")),
        (GATEWAY, ROUTE.replace("namespace: infra}]", "namespace: infra, port: 80}]")),
    ],
)
def test_a_route_that_no_listener_takes_leads_nowhere(gateway, route):
    (way,) = found(SERVICE, gateway, route)
    assert way.problem.endswith("has no listener that takes it")


def test_a_gateway_may_take_routes_of_namespaces_by_label():
    network = cluster(WEB, namespaces={"shop": {"team": "x"}})
    gateway = GATEWAY.replace("from: All", "from: Selector, selector: {matchLabels: {team: x}}")
    (way,) = found(SERVICE, gateway, ROUTE, network=network)
    assert way.problem == ""


def test_a_gateway_that_is_not_there_is_told():
    (way,) = found(SERVICE, ROUTE)
    assert way.problem.endswith("in infra does not exist")


def test_a_route_of_a_mesh_is_no_way_in():
    assert (
        found(
            SERVICE, ROUTE.replace("{name: edge, namespace: infra}", "{kind: Service, group: '', name: web}")
        )
        == []
    )


def test_a_backend_of_weight_0_is_none():
    assert found(SERVICE, GATEWAY, ROUTE.replace("port: 80}", "port: 80, weight: 0}")) == []


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (GRANT, True),
        (GRANT.replace("kind: Service", "kind: Service, name: web"), True),
        (GRANT.replace("kind: Service", "kind: Service, name: other"), False),
        (GRANT.replace("HTTPRoute", "TCPRoute"), False),
        (GRANT.replace("namespace: blog", "namespace: x"), False),
        (GRANT.replace("namespace: shop}", "namespace: y}"), False),
    ],
)
def test_another_namespaces_service_takes_a_grant(grant, allowed):
    route = ROUTE.replace("namespace: shop}", "namespace: blog}").replace(
        "{name: web,", "{name: web, namespace: shop,"
    )
    (way,) = found(SERVICE, GATEWAY, route, grant)
    assert bool(way.behind) == allowed
    assert ("ReferenceGrant" in way.problem) != allowed


@pytest.mark.parametrize(
    ("extra", "hosts"),
    [
        ("type: NodePort", ("port 30080 of every node",)),
        ("type: LoadBalancer", ("203.0.113.9",)),
        ("externalIPs: [198.51.100.4]", ("203.0.113.9", "198.51.100.4")),
    ],
)
def test_services_open_to_the_outside_are_ways_in(extra, hosts):
    service = SERVICE.replace("spec: {", f"spec: {{{extra}, ").replace(
        "port: 80,", "port: 80, nodePort: 30080,"
    )
    status = "" if "NodePort" in extra else "status: {loadBalancer: {ingress: [{ip: 203.0.113.9}]}}"
    (way,) = found(service + status)
    assert way.hosts == hosts


def test_a_load_balancer_without_an_address_yet_has_the_services_name():
    (way,) = found(LOAD_BALANCER)
    assert way.hosts == ("LoadBalancer shop/web",)


def test_a_service_within_the_cluster_is_no_way_in():
    assert found(SERVICE) == []


def test_a_service_has_the_names_that_are_published_for_it():
    published = "external-dns.alpha.kubernetes.io/hostname: 'a.example.com, b.example.com'"
    text = LOAD_BALANCER.replace("namespace: shop}", f"namespace: shop, annotations: {{{published}}}}}")
    (way,) = found(text)
    assert way.hosts == ("a.example.com", "b.example.com")


FROM_NGINX = (
    "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {matchLabels: "
    "{kubernetes.io/metadata.name: ingress-nginx}}}], ports: [{port: 8080}]}]}"
)


@pytest.mark.parametrize(
    ("spec", "allowed"),
    [(None, "yes"), (DENY, "no"), (FROM_NGINX, "yes"), (FROM_NGINX.replace("8080", "80"), "no")],
)
def test_whether_the_controllers_pods_are_let_in_is_told(spec, allowed):
    objects = [policy("shop/rule", spec)] if spec else []
    network = cluster(WEB, NGINX, *objects)
    one = arrival(SERVICE, INGRESS, CLASS, network=network)
    assert one.allowed == allowed
    assert names(network, one.forwarders) == ["ingress-nginx/controller"]


def test_a_controller_that_may_not_send_reaches_nothing():
    spec = "{podSelector: {}, policyTypes: [Egress]}"
    network = cluster(WEB, NGINX, policy("ingress-nginx/silent", spec))
    assert arrival(SERVICE, INGRESS, CLASS, network=network).allowed == "no"


def test_some_of_several_pods_are_partly():
    network = cluster(
        pods("shop/a", tier="web"),
        pods("shop/b", tier="web"),
        NGINX,
        policy("shop/deny", "{podSelector: {matchLabels: {app: a}}, policyTypes: [Ingress]}"),
    )
    service = SERVICE.replace("app: web", "tier: web").replace("targetPort: http", "targetPort: 80")
    assert arrival(service, INGRESS, CLASS, network=network).allowed == "partly"


@pytest.mark.parametrize(
    ("controllers", "reason"),
    [(None, "is not known"), (peers_of([]), "no pods of ingress-nginx are known")],
)
def test_a_controller_whose_pods_are_not_known_is_told(controllers, reason):
    one = arrival(SERVICE, INGRESS, CLASS, network=cluster(WEB, NGINX), controllers=controllers)
    assert one.allowed == "unknown"
    assert reason in one.reason


def test_a_controller_outside_of_pods_is_told():
    cloud = CLASS.replace("k8s.io/ingress-nginx", "ingress.k8s.aws/alb")
    assert "load balancers" in arrival(SERVICE, INGRESS, cloud, network=cluster(WEB)).reason


def test_addresses_that_forward_are_compared_with_rules():
    controllers = peers_of([{"ipBlock": {"cidr": "10.0.16.0/20"}}])
    spec = "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/16}}]}]}"
    network = cluster(WEB, policy("shop/rule", spec))
    assert arrival(SERVICE, INGRESS, CLASS, network=network, controllers=controllers).allowed == "yes"


def test_what_is_not_surely_open_to_a_controller_on_the_hosts_network_is_unknown():
    labels = dict(NGINX.labels)
    network = cluster(
        WEB, pods("ingress-nginx/controller", host_network=True, **labels), policy("shop/deny", DENY)
    )
    everyone = peers_of([{"namespaceSelector": {}}])
    one = arrival(SERVICE, INGRESS, CLASS, network=network, controllers=everyone)
    assert one.allowed == "unknown"


def test_what_is_open_to_anyone_is_open_to_a_controller_on_the_hosts_network():
    network = cluster(WEB, pods("ingress-nginx/controller", host_network=True, **dict(NGINX.labels)))
    everyone = Peers(anyone=True)
    assert arrival(SERVICE, INGRESS, CLASS, network=network, controllers=everyone).allowed == "yes"


@pytest.mark.parametrize(
    "labels",
    [
        {"gateway.networking.k8s.io/gateway-name": "edge"},
        {
            "gateway.envoyproxy.io/owning-gateway-name": "edge",
            "gateway.envoyproxy.io/owning-gateway-namespace": "infra",
        },
    ],
)
def test_pods_that_were_started_for_a_gateway_forward_its_traffic(labels):
    network = cluster(WEB, pods("infra/edge-proxy", **labels), policy("shop/deny", DENY))
    one = arrival(SERVICE, GATEWAY, ROUTE, network=network, controllers=None)
    assert names(network, one.forwarders) == ["infra/edge-proxy"]
    assert one.allowed == "no"


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("[{}]", "yes"),
        ("[]", "no"),
        ("[{from: [{podSelector: {}}]}]", "no"),
        ("[{from: [{ipBlock: {cidr: 8.8.0.0/16}}]}]", "partly"),
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}], ports: [{port: http}]}]", "yes"),
        ("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}], ports: [{port: 80}]}]", "no"),
    ],
)
def test_a_load_balancer_brings_the_internet(rules, allowed):
    spec = f"{{podSelector: {{}}, policyTypes: [Ingress], ingress: {rules}}}"
    assert arrival(LOAD_BALANCER, network=cluster(WEB, policy("shop/rule", spec))).allowed == allowed


def test_a_load_balancer_may_be_restricted_to_some_addresses():
    restricted = LOAD_BALANCER.replace("spec: {", "spec: {loadBalancerSourceRanges: [8.8.8.0/24], ")
    spec = "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 8.8.0.0/16}}]}]}"
    assert arrival(restricted, network=cluster(WEB, policy("shop/rule", spec))).allowed == "yes"


def drawn_with(network, view, one):
    found = with_entrances(graph(network, Flows(network), view), network, [one], view)
    return {
        (edge.source, edge.target, edge.ports) for edge in found.edges if edge.source.startswith("entrance")
    }


@pytest.mark.parametrize(
    ("level", "target"), [("namespace", "namespace:shop"), ("workload", "workload:shop/Deployment.apps/web")]
)
def test_a_graph_shows_ways_in_by_name(level, target):
    network = cluster(WEB, NGINX)
    one = arrival(SERVICE, INGRESS, CLASS, network=network)
    assert drawn_with(network, View(level=level), one) == {
        ("entrance:shop.example.com", target, ("TCP 8080",))
    }


def test_a_way_that_policies_deny_is_not_drawn():
    network = cluster(WEB, NGINX, policy("shop/deny", DENY))
    assert drawn_with(network, View(), arrival(SERVICE, INGRESS, CLASS, network=network)) == set()


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (View(focus={"shop": 1}), True),
        (View(focus={"ingress-nginx": 1}), False),
        (View(seen={"ingress-nginx": 1}), False),
        (View(ports=((8080, 8080),)), True),
        (View(ports=((80, 80),)), False),
    ],
)
def test_ways_are_drawn_as_far_as_the_view_goes(view, shown):
    network = cluster(WEB, NGINX)
    assert bool(drawn_with(network, view, arrival(SERVICE, INGRESS, CLASS, network=network))) == shown


def test_more_edges_than_asked_for_are_refused():
    network = cluster(WEB, NGINX)
    with pytest.raises(TooManyEdges):
        drawn_with(network, View(most=0), arrival(SERVICE, INGRESS, CLASS, network=network))


def exposed(network, asked):
    one = arrival(SERVICE, INGRESS, CLASS, network=network)
    return exposure(network, Flows(network), asked, [one])


@pytest.mark.parametrize(("asked", "shown"), [(None, 1), ({"shop": 1}, 1), ({"ingress-nginx": 1}, 0)])
def test_an_exposure_tells_the_ways_in_to_what_is_asked_about(asked, shown):
    assert len(exposed(cluster(WEB, NGINX), asked).entrances) == shown


def test_a_way_in_is_a_document_as_its_schema_says():
    network = cluster(WEB, NGINX, policy("shop/deny", DENY))
    found = exposure_document(exposed(network, None), Ends([network]))
    check("exposure", found)
    (entrance,) = found["entrances"]
    assert (entrance["hosts"], entrance["allowed"]) == (["shop.example.com"], "no")
    assert [one["ports"] for one in entrance["behind"]] == [["TCP 8080"]]


def test_ways_in_are_a_table_of_their_own():
    network = cluster(WEB, NGINX)
    text = render("exposure", exposure_document(exposed(network, None), Ends([network])), "markdown")
    row = "| shop.example.com | Ingress shop/shop | shop: Deployment.apps/web | TCP 8080 | yes |  |"
    assert row in text
