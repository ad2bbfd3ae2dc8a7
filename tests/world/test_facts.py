"""What is detected of the cluster, from its objects; and what goes before what."""

from pathlib import Path

import pytest

from registry.cluster.facts import ControllerClass, NodeCache, Ranges, Service
from registry.cluster.resources import INGRESS_CLASSES
from registry.model.facts import API_SERVER, DEFAULT_FACTS, DNS, PRIVATE, check_fact
from registry.model.ingress_controllers import KNOWN, by_class, by_labels
from registry.planning.objects import Key, Workload
from registry.planning.pods import Pods
from registry.world.facts.dns import cluster_dns
from registry.world.facts.ingress import ingress_controllers
from registry.world.facts.known import Found, fact
from registry.world.facts.ranges import merged, private_ranges

NGINX = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
PODS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}


def service(name="kube-dns", **labels):
    return Service(name=name, namespace="kube-system", selector=labels)


def cache(*addresses, host_network=True):
    labels = {"k8s-app": "node-local-dns"}
    return NodeCache(name="node-local-dns", labels=labels, addresses=addresses, host_network=host_network)


def block(address):
    return {"ipBlock": {"cidr": address}}


@pytest.mark.parametrize(
    ("services", "caches", "expected"),
    [
        ([], [], None),
        ([service(**{"k8s-app": "kube-dns"})], [], [PODS]),
        ([service(), service("dns", **{"k8s-app": "kube-dns"})], [], [PODS]),
        ([service()], [], None),
        (
            [service(**{"k8s-app": "kube-dns"}), service("upstream", **{"k8s-app": "kube-dns"})],
            [],
            [PODS],
        ),
        ([], [cache()], [PODS, block("169.254.20.10/32")]),
        (
            [service(**{"k8s-app": "kube-dns"})],
            [cache("169.254.25.10", "fd00::a")],
            [PODS, block("169.254.25.10/32"), block("fd00::a/128")],
        ),
        (
            [service(**{"k8s-app": "kube-dns"})],
            [cache("169.254.20.10", host_network=False)],
            [PODS, {**PODS, "podSelector": {"matchLabels": {"k8s-app": "node-local-dns"}}}],
        ),
    ],
)
def test_dns_is_the_pods_behind_its_services_and_the_caches(services, caches, expected):
    found = cluster_dns(services, caches)
    assert found.value == expected
    assert expected is None or check_fact(DNS, expected, "") == []


def klass(controller="k8s.io/ingress-nginx", release=""):
    key = Key("networking.k8s.io", INGRESS_CLASSES.kind, "", "class")
    return ControllerClass(name="class", key=key, controller=controller, release_namespace=release)


def proxy(namespace, labels=None, **fields):
    return Workload(
        key=Key("apps", "Deployment", namespace, "proxy"),
        api_version="apps/v1",
        uid="1",
        resource_version="1",
        selector={"matchLabels": labels or NGINX},
        **fields,
    )


@pytest.mark.parametrize(
    ("classes", "workload", "is_taken"),
    [
        ([], proxy("ingress-nginx"), True),
        ([], proxy("traefik"), False),
        ([], proxy("shop"), False),
        ([klass()], proxy("shop"), False),
        ([klass(release="edge")], proxy("edge"), True),
        ([klass(release="edge")], proxy("shop"), False),
        ([klass("traefik.io/ingress-controller", "edge")], proxy("edge"), False),
        ([klass("example.com/own", "edge")], proxy("edge"), False),
        ([], proxy("kube-system"), False),
        ([klass()], proxy("kube-system"), True),
        ([klass("traefik.io/ingress-controller")], proxy("kube-system"), False),
        ([klass()], proxy("ingress-nginx", pods=Pods(host_network=True)), False),
    ],
)
def test_an_ingress_controller_is_taken_where_an_admin_vouches_for_it(classes, workload, is_taken):
    found = ingress_controllers(classes, [workload], {"kube-system"})
    assert (found.value is not None, found.sources == (workload.key,)) == (is_taken, is_taken)
    assert is_taken or any(remark.about == workload.key for remark in found.remarks)


def test_what_somebody_runs_speaks_against_no_default():
    assert not ingress_controllers([], [proxy("shop")], set()).other


def test_an_ingress_controllers_peer_is_its_own_selector_in_its_own_namespace():
    [peer] = ingress_controllers([], [proxy("ingress-nginx")], set()).value
    assert peer == {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}},
        "podSelector": {"matchLabels": NGINX},
    }


@pytest.mark.parametrize(
    ("controller", "word"),
    [
        ("example.com/own", "not known"),
        ("ingress.k8s.aws/alb", "VPC"),
        ("networking.gke.io/gateway", "Google"),
        ("k8s.io/ingress-nginx", "no workload of ingress-nginx"),
    ],
)
def test_a_class_that_nothing_is_let_in_for_is_told(controller, word):
    found = ingress_controllers([klass(controller)], [], set())
    assert (found.value, found.other) == (None, True)
    [remark] = found.remarks
    assert word in remark.message


def test_a_class_that_is_served_is_not_told():
    assert ingress_controllers([klass()], [proxy("ingress-nginx")], set()).remarks == ()


@pytest.mark.parametrize("product", KNOWN, ids=lambda one: one.name)
def test_every_known_product_is_found_by_its_classes_and_labels(product):
    assert [by_class(name) for name in product.classes] == [product] * len(product.classes)
    assert [by_labels({"version": "1", **labels}) for labels in product.pods] == [product] * len(product.pods)
    assert bool(product.pods) != bool(product.outside)


@pytest.mark.parametrize(
    ("controller", "name"),
    [
        ("haproxy.org/ingress-controller/edge", "HAProxy Kubernetes Ingress Controller"),
        ("projectcontour.io/projectcontour/contour", "Contour"),
        ("k8s.io/ingress-nginx-of-mine", None),
        ("", None),
    ],
)
def test_a_class_may_say_more_behind_a_slash(controller, name):
    found = by_class(controller)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("labels", [{}, {"app": "web"}, {"app.kubernetes.io/name": "ingress-nginx"}])
def test_other_pods_are_no_ingress_controllers(labels):
    assert by_labels(labels) is None


@pytest.mark.parametrize(
    ("given", "nodes", "services", "extra"),
    [
        ((), [], [], None),
        ((), ["10.1.0.0/24"], ["10.96.0.0/12", "fd00::/108"], None),
        ((), ["30.0.0.0/24", "30.0.1.0/24", "10.0.0.0/24"], [], ["30.0.0.0/23"]),
        ((), [], ["30.9.0.0/16", "2001:db8::/64"], ["30.9.0.0/16", "2001:db8::/64"]),
        (("30.0.0.0/8",), ["31.0.0.0/24"], [], ["30.0.0.0/8"]),
    ],
)
def test_private_are_also_the_clusters_own_ranges(given, nodes, services, extra):
    def told(blocks):
        return [Ranges(name=f"n{number}", blocks=(block,)) for number, block in enumerate(blocks)]

    found = private_ranges(given, told(nodes), told(services))
    assert found.value == (None if extra is None else [*DEFAULT_FACTS[PRIVATE], *extra])
    assert found.value is None or check_fact(PRIVATE, found.value, "") == []


def test_neighbouring_ranges_are_put_together_and_others_left_out():
    assert merged(["10.0.1.0/24", "fd00::/65", "10.0.0.0/24", "nonsense"]) == ("10.0.0.0/23", "fd00::/65")


@pytest.mark.parametrize(
    ("name", "found", "given", "lost", "known"),
    [
        (DNS, Found(value=[PODS]), {DNS: []}, False, "setting"),
        (DNS, Found(value=[PODS]), {}, False, "detected"),
        (DNS, Found(), {}, False, "default"),
        (DNS, Found(), {}, True, "unknown"),
        (DNS, Found(other=True), {}, False, "unknown"),
        (DNS, Found(value=[PODS], other=True), {}, False, "detected"),
        (DNS, Found(read=False), {}, False, "unknown"),
        (DNS, Found(read=False), {DNS: []}, False, "setting"),
        (API_SERVER, Found(), {}, False, "unknown"),
    ],
)
def test_a_setting_goes_before_what_is_detected_and_that_before_the_default(name, found, given, lost, known):
    one = fact(name, found, given, was_detected=lost)
    assert (one.known, one.value is None) == (known, known == "unknown")
    assert known != "unknown" or one.remarks


@pytest.mark.parametrize("product", KNOWN, ids=lambda one: one.name)
def test_every_known_product_is_documented(product):
    page = (Path(__file__).parents[2] / "docs" / "facts.md").read_text()
    assert product.name in page
    pods = [" with ".join(f"`{key}: {value}`" for key, value in labels.items()) for labels in product.pods]
    names = [f"`{name}`" for name in product.classes if product.pods]
    assert [text for text in (*pods, *names, *product.namespaces) if text not in page] == []
