"""Ways from outside: where Services, Ingresses and routes lead, and why some lead nowhere."""

import pytest

from registry.connectivity import ports
from registry.connectivity.entrances.objects import read_entrance
from registry.planning.pods import Port
from tests.connectivity.made import cluster, names, pods
from tests.connectivity.ways_in import (
    CLASS,
    GATEWAY,
    GRANT,
    INGRESS,
    LOAD_BALANCER,
    ROUTE,
    SERVICE,
    WEB,
    found,
)


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
