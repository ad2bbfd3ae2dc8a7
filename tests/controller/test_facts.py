"""Policies follow what is detected of the cluster, each by one write; what is gone leaves them as is."""

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from devcluster.api import Api, Object
from devcluster.cluster import ControlPlane
from devcluster.faults import Answer, FaultProxy, Match
from tests.cluster import AuditLog, eventually, unique_name, until_passes
from tests.controller.shop import Shop
from tests.controller.store import Catalogue
from tests.controller_process import ControllerProcess

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
SYSTEM = "/api/v1/namespaces/kube-system/services"
CACHES = "/apis/apps/v1/namespaces/kube-system/daemonsets"
NGINX = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
NAME = "kubernetes.io/metadata.name"


@pytest.fixture
def make(api: Api) -> Iterator[Callable[[str, Object], str]]:
    """Create an object of the cluster's own, deleted after the test; returns its name."""
    made: list[str] = []

    def create(path: str, body: Object) -> str:
        name: str = body["metadata"].setdefault("name", unique_name("fact"))
        api.create(path, body)
        made.append(f"{path}/{name}")
        return name

    yield create
    for path in reversed(made):
        if api.find(path):
            api.delete(path)


@pytest.fixture
def edge(make: Callable[[str, Object], str], make_namespace: Callable[..., str]) -> str:
    """A namespace from which Helm, as it were, installed an IngressClass of ingress-nginx."""
    name: str = make_namespace()
    install_class(make, name)
    return name


def install_class(make: Callable[[str, Object], str], namespace: str) -> None:
    annotations = {"meta.helm.sh/release-namespace": namespace}
    make(CLASSES, {"metadata": {"annotations": annotations}, "spec": {"controller": "k8s.io/ingress-nginx"}})


def from_web(shop: Shop) -> list[Any]:
    """The peers that the ingress controllers' template lets in."""
    peers: list[Any] = shop.policy("from-ingress-controller")["spec"]["ingress"][0]["from"]
    return peers


def run_nginx(api: Api, namespace: str, name: str = "nginx") -> Object:
    """What Helm installs, and the peer that it is."""
    Shop(api, namespace).run(name, pod_labels={**NGINX, "app.kubernetes.io/instance": name})
    return {
        "namespaceSelector": {"matchLabels": {NAME: namespace}},
        "podSelector": {"matchLabels": {**NGINX, "app.kubernetes.io/instance": name}},
    }


def follow(check: Callable[[], object]) -> None:
    """Wait until something is so."""

    def so() -> None:
        assert check()

    until_passes(so)


def test_policies_follow_an_ingress_controller_that_comes_by_one_write_each(
    own_controller: ControllerProcess,
    shop: Shop,
    make: Callable[[str, Object], str],
    make_namespace: Callable[..., str],
    audit: AuditLog,
):
    own_controller.start()
    shop.run("web", {"from-ingress-controller": "true"})
    before = shop.await_policy("from-ingress-controller")
    audit.restart()
    edge = make_namespace()
    install_class(make, edge)
    peer = run_nginx(shop.api, edge)
    follow(lambda: from_web(shop) == [peer])
    after = shop.policy("from-ingress-controller")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    writes = audit.writes("controller", "networkpolicies", shop.name)
    assert [write.verb for write in writes] == ["update"]


@pytest.mark.parametrize("controller", ["example.com/own", "ingress.k8s.aws/alb"])
def test_a_controller_that_is_not_known_is_not_guessed(
    own_controller: ControllerProcess, shop: Shop, make: Callable[[str, Object], str], controller: str
):
    make(CLASSES, {"metadata": {}, "spec": {"controller": controller}})
    own_controller.start()
    shop.run("web", {"from-ingress-controller": "true"})
    shop.await_event("FactUnknown")
    assert shop.templates() == []
    assert controller in own_controller.log()


def test_labels_alone_let_nobody_in(
    own_controller: ControllerProcess, api: Api, shop: Shop, make_namespace: Callable[..., str]
):
    own_controller.start()
    shop.run("web", {"from-ingress-controller": "true"})
    before = shop.await_policy("from-ingress-controller")
    run_nginx(api, make_namespace())
    eventually(lambda: "is not let in" in own_controller.log())
    assert shop.policy("from-ingress-controller") == before


def test_an_ingress_controller_that_goes_leaves_policies_as_they_are(
    own_controller: ControllerProcess, api: Api, shop: Shop, edge: str
):
    peer = run_nginx(api, edge)
    own_controller.start()
    shop.run("web", {"from-ingress-controller": "true"})
    follow(lambda: from_web(shop) == [peer])
    before = shop.policy("from-ingress-controller")
    api.delete(Shop(api, edge).path("nginx"))
    event = shop.await_event("FactUnknown")
    assert "cluster.ingressControllers" in event["message"]
    run_nginx(api, edge)
    follow(lambda: own_controller.log().count("cluster.ingressControllers is now detected") == 2)
    assert shop.policy("from-ingress-controller") == before


def test_a_fact_that_flaps_is_written_when_it_has_settled(
    own_controller: ControllerProcess, api: Api, shop: Shop, edge: str, audit: AuditLog
):
    own_controller.start()
    first = run_nginx(api, edge)
    shop.run("web", {"from-ingress-controller": "true"})
    follow(lambda: from_web(shop) == [first])
    audit.restart()
    for _ in range(10):
        second = run_nginx(api, edge, "other")
        api.delete(Shop(api, edge).path("other"))
    run_nginx(api, edge, "other")
    follow(lambda: from_web(shop) == [first, second])
    assert len(audit.writes("controller", "networkpolicies", shop.name)) <= 3


def test_dns_is_where_its_service_and_the_caches_on_the_nodes_are(
    own_controller: ControllerProcess,
    shop: Shop,
    catalogue: Catalogue,
    make: Callable[[str, Object], str],
):
    own_controller.start()
    name = unique_name("ask")
    catalogue.put(name, spec={"policyTypes": ["Egress"], "egress": [{"to": ["${cluster.dns}"]}]})
    shop.run("web", {name: "true"})
    shop.await_policy(name)
    labels = {"k8s-app": "kube-dns", "app.kubernetes.io/name": "coredns"}
    ports = [{"port": 53, "protocol": "UDP"}]
    meta = {"name": "kube-dns", "labels": {"k8s-app": "kube-dns"}}
    make(SYSTEM, {"metadata": meta, "spec": {"selector": labels, "ports": ports}})
    make(CACHES, node_cache())
    pods = {
        "namespaceSelector": {"matchLabels": {NAME: "kube-system"}},
        "podSelector": {"matchLabels": labels},
    }
    blocks = [{"ipBlock": {"cidr": address}} for address in ("169.254.25.10/32", "10.96.0.10/32")]
    follow(lambda: shop.policy(name)["spec"]["egress"][0]["to"] == [pods, *blocks])


def node_cache() -> Object:
    labels = {"k8s-app": "node-local-dns"}
    container = {"name": "c", "image": "x", "args": ["-localip", "169.254.25.10,10.96.0.10"]}
    pods = {
        "metadata": {"labels": labels},
        "spec": {"hostNetwork": True, "containers": [container]},
    }
    return {
        "metadata": {"name": "node-local-dns"},
        "spec": {"selector": {"matchLabels": labels}, "template": pods},
    }


def test_a_reference_waits_for_a_fact_until_an_object_tells_it(
    own_controller: ControllerProcess, shop: Shop, make: Callable[[str, Object], str]
):
    own_controller.start()
    shop.run("web", {"to-api-server": "true"})
    shop.await_event("FactUnknown")
    labels = {"kubernetes.io/service-name": "kubernetes"}
    endpoints = [{"addresses": ["192.0.2.7"]}]
    body = {"metadata": {"labels": labels}, "addressType": "IPv4", "endpoints": endpoints, "ports": []}
    make("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", body)
    assert "192.0.2.7/32" in str(shop.await_policy("to-api-server")["spec"])


def test_private_are_also_the_ranges_of_the_clusters_own_pods(
    own_controller: ControllerProcess, shop: Shop, make: Callable[[str, Object], str]
):
    own_controller.start()
    shop.run("web", {"to-internet": "true"})
    shop.await_policy("to-internet")
    make("/api/v1/nodes", {"metadata": {}, "spec": {"podCIDR": "30.1.2.0/24", "podCIDRs": ["30.1.2.0/24"]}})

    def excepted() -> list[str]:
        blocks: list[str] = shop.policy("to-internet")["spec"]["egress"][0]["to"][0]["ipBlock"]["except"]
        return blocks

    follow(lambda: excepted()[-1] == "30.1.2.0/24")
    assert "10.0.0.0/8" in excepted()


def test_while_objects_cannot_be_read_nothing_is_concluded_from_them(
    control_plane: ControlPlane, own_controller: ControllerProcess, shop: Shop, tmp_path: Path
):
    with FaultProxy(control_plane) as proxy:
        own_controller.credentials(proxy.kubeconfig(tmp_path / "faulty.kubeconfig"))
        fault = proxy.inject(Answer(HTTPStatus.INTERNAL_SERVER_ERROR), Match(resource="ingressclasses"))
        own_controller.start()
        shop.run("web", {"from-ingress-controller": "true"})
        shop.await_event("FactUnknown")
        assert shop.templates() == []
        fault.end()
        eventually(lambda: shop.policy("from-ingress-controller"), timeout=60)
        own_controller.stop()


def test_classes_of_gateways_are_followed_where_their_kind_is_served(
    own_controller: ControllerProcess, make: Callable[[str, Object], str]
):
    own_controller.start()
    make(DEFINITIONS, gateway_classes())
    classes = "/apis/gateway.networking.k8s.io/v1/gatewayclasses"
    body = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {}}
    name = eventually(lambda: make(classes, {**body, "spec": {"controllerName": "example.com/own"}}))
    eventually(lambda: f"GatewayClass {name} names example.com/own" in own_controller.log(), timeout=90)


def gateway_classes() -> Object:
    """The kind as the Gateway API defines it, with any content."""
    names = {"plural": "gatewayclasses", "kind": "GatewayClass", "singular": "gatewayclass"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    group = "gateway.networking.k8s.io"
    return {
        "metadata": {
            "name": f"gatewayclasses.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {"group": group, "scope": "Cluster", "names": names, "versions": [version]},
    }


def test_a_setting_goes_before_what_is_detected(
    own_controller: ControllerProcess, api: Api, shop: Shop, edge: str
):
    given = [{"podSelector": {"matchLabels": {"app": "gateway"}}}]
    own_controller.setting("FACTS", json.dumps({"cluster.ingressControllers": given}))
    run_nginx(api, edge)
    own_controller.start()
    shop.run("web", {"from-ingress-controller": "true"})
    shop.await_policy("from-ingress-controller")
    assert from_web(shop) == given
