"""Objects that tell facts of the cluster, as they come over the wire."""

import json

import pytest

from registry.cluster.facts import class_decoder, decode_node_cache, decode_ranges, decode_service
from registry.cluster.resources import GATEWAY_CLASSES, INGRESS_CLASSES


def raw(spec, **metadata):
    return json.dumps({"metadata": {"name": "one", **metadata}, "spec": spec}).encode()


def node_cache(*args, **pods):
    container = {"name": "node-cache", "args": list(args)}
    template = {"metadata": {"labels": {"k8s-app": "node-local-dns"}}}
    template["spec"] = {"hostNetwork": True, "containers": [container], **pods}
    selector = {"matchLabels": {"k8s-app": "node-local-dns"}}
    return decode_node_cache(raw({"selector": selector, "template": template}))


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["-localip", "169.254.20.10,10.96.0.10", "-conf", "/etc/Corefile"], ("169.254.20.10", "10.96.0.10")),
        (["-conf", "x", "--localip=fd00::a"], ("fd00::a",)),
        (["-localip"], ()),
        (["-localip", "__PILLAR__LOCAL__DNS__"], ()),
        ([], ()),
    ],
)
def test_a_node_cache_says_where_it_listens(args, expected):
    assert node_cache(*args).addresses == expected


def test_a_node_cache_may_have_addresses_of_its_own():
    found = node_cache(hostNetwork=False)
    assert (found.host_network, found.labels) == (False, {"k8s-app": "node-local-dns"})


@pytest.mark.parametrize("labels", [None, {"k8s-app": "kube-proxy"}])
def test_another_daemon_set_is_no_node_cache(labels):
    assert decode_node_cache(raw({"template": {"metadata": {"labels": labels}}})) is None


@pytest.mark.parametrize(("spec", "expected"), [({"selector": {"a": "b"}}, {"a": "b"}), ({}, {})])
def test_a_service_says_its_pods_labels(spec, expected):
    assert decode_service(raw(spec)).selector == expected


@pytest.mark.parametrize(
    ("resource", "spec"),
    [(INGRESS_CLASSES, {"controller": "a/b"}), (GATEWAY_CLASSES, {"controllerName": "a/b"})],
)
def test_a_class_says_its_controller_and_the_namespace_of_its_release(resource, spec):
    found = class_decoder(resource)(raw(spec, annotations={"meta.helm.sh/release-namespace": "edge"}))
    assert (found.key.kind, found.controller, found.release_namespace) == (resource.kind, "a/b", "edge")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24", "fd00::/64"]}, ("10.0.0.0/24", "fd00::/64")),
        ({"podCIDR": "10.0.0.0/24"}, ("10.0.0.0/24",)),
        ({"cidrs": ["10.96.0.0/12"]}, ("10.96.0.0/12",)),
        ({}, ()),
    ],
)
def test_nodes_and_service_ranges_say_their_blocks(spec, expected):
    assert decode_ranges(raw(spec)).blocks == expected
