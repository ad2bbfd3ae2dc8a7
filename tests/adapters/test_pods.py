"""The pods that workloads make, out of their JSON."""

import msgspec

from registry.cluster.client import Client
from registry.cluster.connection import connect
from registry.cluster.pods import decode_pods, read_place
from registry.cluster.resources import DEPLOYMENTS
from registry.lint.place import Pods, Port
from registry.planning.objects import Key


def pods(labels=None, **spec):
    template = {"metadata": {"labels": labels}, "spec": spec}
    whole = {"metadata": {"name": "db", "namespace": "shop"}, "spec": {"template": template}}
    key, found = decode_pods(DEPLOYMENTS, msgspec.json.encode(whole))
    assert key == Key("apps", "Deployment", "shop", "db")
    return found


def container(*ports, **fields):
    return {"name": "c", "ports": list(ports), **fields}


HTTP = {"containerPort": 80, "name": "http", "protocol": "TCP"}
DNS = {"containerPort": 53, "protocol": "UDP"}


def test_the_labels_are_those_of_the_pod_template():
    assert pods({"b": "2", "a": "1"}).labels == (("a", "1"), ("b", "2"))


def test_the_ports_are_those_of_all_containers():
    found = pods(containers=[container(HTTP), container(DNS)])
    assert (found.ports, found.undeclared) == ({Port("TCP", 80, "http"), Port("UDP", 53)}, False)


def test_a_sidecar_serves_and_a_container_that_ends_does_not():
    init = [container(DNS, restartPolicy="Always"), container({"containerPort": 1})]
    assert pods(containers=[container(HTTP)], initContainers=init).ports == {
        Port("TCP", 80, "http"),
        Port("UDP", 53),
    }


def test_a_container_without_ports_is_told():
    assert pods(containers=[container(HTTP), {"name": "other"}]).undeclared


def test_the_hosts_network_is_told():
    assert pods(hostNetwork=True).host_network


def test_a_workload_with_next_to_nothing_is_read():
    assert pods() == Pods()


async def test_the_cluster_is_read_in_pages(control_plane, api, make_namespace, monkeypatch):
    monkeypatch.setattr("registry.cluster.listing.PAGE", 1)
    namespace = make_namespace({"team": "ops"})
    for name in ("a", "b", "c"):
        deploy(api, namespace, name)
    async with Client(connect(str(control_plane.kubeconfig("server")))) as client:
        place = await read_place(client)
    assert place.namespaces[namespace]["team"] == "ops"
    web = Pods(labels=(("app", "web"),), ports=frozenset({Port("TCP", 80, "http")}))
    assert set(place.pods[namespace]) == {web}
    keys = [Key("apps", "Deployment", namespace, name) for name in ("a", "b", "c")]
    assert [place.workloads[key] for key in keys] == [web, web, web]


def deploy(api, namespace, name):
    containers = [{"name": "c", "image": "i", "ports": [HTTP]}]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    api.create(
        f"/apis/apps/v1/namespaces/{namespace}/deployments", {"metadata": {"name": name}, "spec": spec}
    )
