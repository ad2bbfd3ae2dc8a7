"""Ways from outside to workloads in the graph: by Services, Ingresses and routes of the Gateway API."""

import asyncio
import contextlib

import pytest

from registry.cluster.client import Client
from registry.cluster.official import connect
from registry.world.entrances import EntrancesWatch
from tests.cluster import eventually
from tests.http.cluster import MANAGED
from tests.http.connectivity import Connections
from tests.rights import grant

NETWORKING = "/apis/networking.k8s.io/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GATEWAY = "gateway.networking.k8s.io"


class Front(Connections):
    """A team whose workload is behind a Service."""

    def expose(self, **spec):
        """A Service for the web."""
        ports = [{"port": 80, "targetPort": 8080}]
        body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports, **spec}}
        self.api.create(f"/api/v1/namespaces/{self.namespace}/services", body)

    def host(self, name):
        """An Ingress for it under this name."""
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
        body = {"metadata": {"name": name}, "spec": {"rules": [{"host": name, "http": {"paths": paths}}]}}
        self.api.create(f"{NETWORKING}/namespaces/{self.namespace}/ingresses", body)

    def entrances(self, user="admin"):
        """Names of ways in, with the workloads and ports that they lead to."""
        found = self.ask("graph", user=user, namespace=self.namespace).get_json()
        names = {one["id"]: one["name"] for one in found["nodes"]}
        kinds = {one["id"]: one["kind"] for one in found["nodes"]}
        return {
            (names[one["source"]], names[one["target"]], *one["ports"])
            for one in found["edges"]
            if kinds[one["source"]] == "entrance"
        }


@pytest.fixture
def front(service, api, make_namespace):
    made = Front(api, service, make_namespace(MANAGED))
    made.deploy("web")
    return made


def test_an_ingress_is_a_way_in_while_it_is_there(front, api):
    host = f"{front.namespace}.example.com"
    front.expose()
    front.host(host)
    eventually(lambda: front.entrances() == {(host, "Deployment.apps/web", "TCP 8080")})
    api.delete(f"{NETWORKING}/namespaces/{front.namespace}/ingresses/{host}")
    eventually(lambda: front.entrances() == set())


def test_a_service_that_is_open_to_the_outside_is_a_way_in(front):
    front.expose(type="NodePort")
    eventually(lambda: [name.startswith("port 3") for name, *_ in front.entrances()] == [True])


def test_the_internet_that_a_policy_keeps_out_comes_in_no_way(front):
    front.expose(type="NodePort")
    eventually(front.entrances)
    front.policy("deny", {"podSelector": {}, "policyTypes": ["Ingress"]})
    eventually(lambda: front.entrances() == set())


def test_names_are_for_those_who_may_list_what_says_them(front, api):
    front.expose(type="NodePort")
    front.host("secret.example.com")
    grant(api, front.namespace, "deployments.apps", "list get")
    eventually(lambda: len(front.entrances()) == 2)
    assert front.entrances("stranger") == set()
    grant(api, front.namespace, "services", "list")
    eventually(lambda: len(front.entrances("stranger")) == 1, timeout=30)


def test_an_exposure_tells_by_which_names_what_is_outside_comes_in(front):
    front.expose()
    front.host("shop.example.com")
    eventually(front.entrances)
    [entrance] = front.told("exposure", namespace=front.namespace)["entrances"]
    assert (entrance["hosts"], entrance["by"]["kind"]) == (["shop.example.com"], "Ingress")
    [behind] = entrance["behind"]
    assert behind["ports"] == ["TCP 8080"]
    assert front.told("exposure", workload=front.end("web"))["entrances"] == [entrance]


def test_ways_in_to_a_workload_are_its_own(front):
    front.deploy("db")
    front.expose(type="NodePort")
    eventually(front.entrances)
    assert front.told("exposure", workload=front.end("db"))["entrances"] == []


@contextlib.contextmanager
def serving(api, group, plural, kind):
    """A kind that is served in its version v1 meanwhile."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    approved = {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/891"}
    names = {"plural": plural, "kind": kind, "singular": kind.lower()}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    meta = {"name": f"{plural}.{group}", "annotations": approved}
    api.create(DEFINITIONS, {"metadata": meta, "spec": spec})
    eventually(lambda: api.list(f"/apis/{group}/v1/{plural}") == [])
    try:
        yield
    finally:
        api.delete(f"{DEFINITIONS}/{plural}.{group}")
        eventually(lambda: not api.find(f"{DEFINITIONS}/{plural}.{group}"))


@pytest.fixture
def gateways(api):
    """Gateways and HTTPRoutes are served."""
    with serving(api, GATEWAY, "gateways", "Gateway"), serving(api, GATEWAY, "httproutes", "HTTPRoute"):
        yield


def test_kinds_that_are_not_read_are_told_once_there_are_any(front, api, service):
    def told():
        service.backend.call(service.backend.entrances.look())
        found = front.told("graph", namespace=front.namespace)["completeness"]["leftOut"]
        return [(one["total"], one["objects"]) for one in found if one["reason"] == "EntranceKind"]

    with serving(api, "projectcontour.io", "httpproxies", "HTTPProxy"):
        assert told() == []
        path = f"/apis/projectcontour.io/v1/namespaces/{front.namespace}/httpproxies"
        typed = {"apiVersion": "projectcontour.io/v1", "kind": "HTTPProxy"}
        api.create(path, {**typed, "metadata": {"name": "web"}})
        eventually(lambda: told() == [(1, ["HTTPProxy.projectcontour.io"])])
    eventually(lambda: told() == [])


@pytest.mark.usefixtures("gateways")
def test_a_route_through_a_gateway_is_a_way_in(front, api, service):
    path = f"/apis/{GATEWAY}/v1/namespaces/{front.namespace}"
    front.expose()
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    typed = {"apiVersion": f"{GATEWAY}/v1"}
    gateway = {"metadata": {"name": "edge"}, "spec": {"gatewayClassName": "x", "listeners": [listener]}}
    rules = [{"backendRefs": [{"name": "web", "port": 80}]}]
    spec = {"parentRefs": [{"name": "edge"}], "hostnames": ["route.example.com"], "rules": rules}
    api.create(f"{path}/gateways", {**typed, "kind": "Gateway", **gateway})
    api.create(
        f"{path}/httproutes", {**typed, "kind": "HTTPRoute", "metadata": {"name": "web"}, "spec": spec}
    )
    service.backend.call(service.backend.entrances.look())
    eventually(lambda: front.entrances() == {("route.example.com", "Deployment.apps/web", "TCP 8080")})


async def test_kinds_that_may_not_be_listed_are_told(control_plane):
    async with Client(connect(str(control_plane.kubeconfig("stranger")))) as client:
        watch = EntrancesWatch(client)
        following = asyncio.create_task(watch.run())
        wanted = {"services": "forbidden", "ingresses.networking.k8s.io": "forbidden"}
        async with asyncio.timeout(20):
            while not wanted.items() <= (await watch.now()).entrances.missing.items():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        following.cancel()


def test_answers_say_which_kinds_are_not_known(front, service, monkeypatch):
    watch = service.backend.entrances
    known = service.backend.call(watch.now())
    missing = known._replace(entrances=type(known.entrances)(missing={"services": "forbidden"}))

    async def now():
        return missing

    monkeypatch.setattr(watch, "now", now)
    told = front.told("graph", namespace=front.namespace)["completeness"]["leftOut"]
    assert [one["objects"] for one in told if one["reason"] == "EntrancesUnknown"] == [
        ["services: forbidden"]
    ]
