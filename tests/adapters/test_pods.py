"""The pods that workloads make, out of their JSON."""

import msgspec

from registry.cluster.client import Client
from registry.cluster.credentials import connect
from registry.cluster.pods import living_pods
from registry.cluster.resources import DEPLOYMENTS
from registry.cluster.workloads import workload_decoder
from registry.planning.pods import Pods, Port


def pods(labels=None, **spec):
    template = {"metadata": {"labels": labels}, "spec": spec}
    whole = {"metadata": {"name": "db", "namespace": "shop"}, "spec": {"template": template}}
    found = workload_decoder(DEPLOYMENTS)(msgspec.json.encode(whole))
    assert found
    return found.pods


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


async def test_a_pod_that_lives_says_what_its_workload_does_not(control_plane, api, make_namespace):
    namespace = make_namespace()
    pod = {"metadata": {"name": "one", "labels": {"app": "web", "team": "a"}}}
    pod["spec"] = {"containers": [{"name": "c", "image": "i", "ports": [HTTP]}]}
    api.create(f"/api/v1/namespaces/{namespace}/pods", pod)
    async with Client(connect(str(control_plane.kubeconfig("server")))) as client:
        found = await living_pods(client, namespace, {"matchLabels": {"app": "web"}})
        other = await living_pods(client, namespace, {"matchLabels": {"app": "db"}})
    assert found == Pods((("app", "web"), ("team", "a")), frozenset({Port("TCP", 80, "http")}))
    assert other is None
