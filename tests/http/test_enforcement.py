"""Whether policies are enforced, and which kinds of policies are not evaluated: as the cluster shows it."""

import contextlib

import pytest

from registry.cluster.served import policy_kinds
from tests.cluster import eventually, unique_name
from tests.http.cluster import MANAGED
from tests.http.connectivity import Connections

DAEMON_SETS = "/apis/apps/v1/namespaces/kube-system/daemonsets"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "policy.networking.k8s.io"
NODES = "/api/v1/nodes"


@contextlib.contextmanager
def running(api, path, body):
    """An object that is there for a while."""
    api.create(path, body)
    try:
        yield
    finally:
        api.delete(f"{path}/{body['metadata']['name']}")


def daemon_set(name, *containers):
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"hostNetwork": True, "containers": list(containers)},
    }
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    return {"metadata": {"name": name}, "spec": spec}


def enforced(service, namespace):
    answer = service.call("POST", f"/api/v1/namespaces/{namespace}/enable?dryRun=true", {})
    return answer.get_json()["enforced"]


def standing(service):
    return service.backend.enforcement.standing


@pytest.fixture
def shop(service, make_namespace):
    namespace = make_namespace()
    service.catch_up()
    return namespace


@pytest.fixture
def team(service, api, make_namespace):
    made = Connections(api, service, make_namespace(MANAGED))
    made.deploy("db")
    made.deploy("web")
    return made


def test_a_cluster_without_a_plugin_that_is_known_says_so(service, shop):
    assert enforced(service, shop) == "unknown"


def test_a_plugin_that_enforces_is_found_while_it_is_there(service, shop, api):
    with running(
        api, DAEMON_SETS, daemon_set("calico-node", {"name": "calico-node", "image": "calico/node:v3"})
    ):
        eventually(lambda: enforced(service, shop) == "found")
    eventually(lambda: enforced(service, shop) == "unknown")


def test_a_plugin_that_does_not_enforce_is_told(service, shop, api):
    flannel = {"name": "kube-flannel", "image": "flannel:v0.27"}
    with running(api, DAEMON_SETS, daemon_set("kube-flannel-ds", flannel)):
        eventually(lambda: enforced(service, shop) == "notFound")
        assert "Install a network plugin" in standing(service).remark
    eventually(lambda: enforced(service, shop) == "unknown")


def test_a_daemon_set_of_a_team_shows_nothing(service, shop, api):
    own = DAEMON_SETS.replace("kube-system", shop)
    api.create(own, daemon_set("calico-node", {"name": "calico-node", "image": "calico/node:v3"}))
    service.catch_up()
    assert enforced(service, shop) == "unknown"


def test_nodes_of_k3s_are_read(service, shop, api):
    node = {"metadata": {"name": unique_name("node")}}
    with running(api, NODES, node):
        info = dict.fromkeys(
            ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion"), "x"
        )
        info |= {
            "kubeletVersion": "v1.36.0+k3s1",
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "",
        }
        api.patch(f"{NODES}/{node['metadata']['name']}/status", {"status": {"nodeInfo": info}})
        eventually(lambda: enforced(service, shop) == "found")
    eventually(lambda: enforced(service, shop) == "unknown")


def test_the_setting_goes_before_what_is_seen(start_service, make_namespace):
    one = start_service(policy_enforcement="yes")
    namespace = make_namespace()
    one.catch_up()
    assert enforced(one, namespace) == "found"


@pytest.fixture
def admin_policies(api):
    """AdminNetworkPolicies are served."""
    name = f"adminnetworkpolicies.{GROUP}"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "AdminNetworkPolicy", "plural": "adminnetworkpolicies", "singular": "adminnetworkpolicy"}
    spec = {"group": GROUP, "scope": "Cluster", "names": names, "versions": [version]}
    approved = {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/network-policy-api/pull/30"}
    with running(api, DEFINITIONS, {"metadata": {"name": name, "annotations": approved}, "spec": spec}):
        path = f"/apis/{GROUP}/v1alpha1/adminnetworkpolicies"
        eventually(lambda: api.list(path) == [])
        yield path
    eventually(lambda: not api.find(f"{DEFINITIONS}/{name}"))


def test_policies_of_other_kinds_are_counted(admin_policies, api, service):
    for number in range(3):
        kind = {"apiVersion": f"{GROUP}/v1alpha1", "kind": "AdminNetworkPolicy"}
        eventually(lambda n=number, k=kind: api.create(admin_policies, {**k, "metadata": {"name": f"p{n}"}}))

    def counted():
        watch = service.backend.enforcement
        service.backend.call(watch.ask())
        return [(one.kind, one.objects) for one in standing(service).not_evaluated]

    eventually(lambda: counted() == [("AdminNetworkPolicy", 3)])


@pytest.mark.usefixtures("admin_policies")
def test_policies_that_may_not_be_listed_are_told_as_served(service):
    stranger = service.backend.client.acting_as(service.control_plane.token("stranger"))
    found = service.backend.call(policy_kinds(stranger))
    assert [(one.kind, one.objects) for one in found] == [("AdminNetworkPolicy", None)]


def test_answers_about_connections_tell_it(team):
    found = team.told("verdict", **team.between())["completeness"]["enforcement"]
    assert (found["enforced"], found["plugins"]) == ("unknown", [])
    assert "POLICY_ENFORCEMENT" in found["remark"]
