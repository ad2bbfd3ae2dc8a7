"""The graph of connections: by namespace or workload, with names for those who may see them."""

import pytest

from registry.http.connectivity import graphs
from tests.http.cluster import MANAGED
from tests.http.connectivity import Connections
from tests.http.support import problem
from tests.rights import grant


def to_db(peer):
    """From the web, from namespaces of that label, and from some addresses."""
    return {
        "podSelector": {"matchLabels": {"app": "db"}},
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 80}]},
            {"from": [{"namespaceSelector": {"matchLabels": {"peer": peer}}}], "ports": [{"port": 81}]},
            {"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 82}]},
        ],
    }


SEND = {"podSelector": {}, "policyTypes": ["Egress"]}


def _is(team):
    return {"matchLabels": {"kubernetes.io/metadata.name": team.namespace}}


@pytest.fixture
def team(service, api, make_namespace):
    made = Connections(api, service, make_namespace(MANAGED))
    made.deploy("db")
    made.deploy("web")
    made.policy("db", to_db(made.namespace))
    return made


@pytest.fixture
def peer(team, service, api, make_namespace):
    made = Connections(api, service, make_namespace({"peer": team.namespace}))
    made.deploy("caller")
    made.policy("send", {**SEND, "egress": [{"to": [{"namespaceSelector": _is(team)}]}]})
    return made


@pytest.fixture
def closed(team):
    """The same, out of reach of whatever other tests have in the cluster."""
    team.policy("closed", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    return team


def edges(graph):
    """Source, target and ports by the names of nodes, of pods by the workload's name alone."""
    names = {
        one["id"]: one["name"] and one["name"].removeprefix("Deployment.apps/") for one in graph["nodes"]
    }
    return {
        (names[one["source"]] or one["source"], names[one["target"]] or one["target"], *one["ports"])
        for one in graph["edges"]
    }


def nodes(graph, kind):
    return [one for one in graph["nodes"] if one["kind"] == kind]


def test_of_a_namespace_each_workload_is_a_node(team):
    found = team.told("graph", namespace=team.namespace)
    assert found["level"] == "workload"
    names = {one["name"] for one in nodes(found, "workload") if one["namespace"] == team.namespace}
    assert names == {"Deployment.apps/db", "Deployment.apps/web"}
    assert ("192.0.2.0/24", "db", "TCP 82") in edges(found)


def test_around_a_workload_its_peers_are_drawn(team, peer):
    found = team.told("graph", workload=team.end("db"))
    assert peer.namespace in {one["namespace"] for one in nodes(found, "workload")}
    assert ("caller", "db", "TCP 81") in edges(found)


def test_one_port_alone_is_drawn(closed):
    found = closed.told("graph", namespace=closed.namespace, port="TCP/82")
    assert edges(found) == {("192.0.2.0/24", "db", "TCP 82")}


def test_by_namespace_workloads_have_no_names(team, peer):
    found = team.told("graph", namespace=[team.namespace, peer.namespace], level="namespace")
    assert nodes(found, "workload") == []
    assert (peer.namespace, team.namespace, "any") in edges(found)


def test_the_whole_cluster_is_drawn_by_namespace(team, peer):
    found = team.told("graph")
    assert {team.namespace, peer.namespace} <= {one["name"] for one in nodes(found, "namespace")}
    assert found["completeness"]["everythingSeen"] is True


def test_other_namespaces_are_counted_without_names(closed, peer, api):
    grant(api, closed.namespace, "deployments.apps", "list get")
    answer = closed.ask("graph", user="stranger", namespace=closed.namespace)
    found = answer.get_json()
    [hidden] = nodes(found, "hidden")
    assert (hidden["workloads"], hidden["name"]) == (1, "another namespace")
    assert found["completeness"]["everythingSeen"] is False
    assert peer.namespace not in answer.text
    assert "caller" not in answer.text


def test_the_whole_cluster_is_drawn_as_far_as_the_caller_sees_it(team, peer, api):
    grant(api, team.namespace, "deployments.apps", "list get")
    answer = team.ask("graph", user="stranger")
    assert team.namespace in [one["name"] for one in nodes(answer.get_json(), "namespace")]
    assert peer.namespace not in answer.text


def test_workloads_of_kinds_that_the_caller_may_not_list_are_their_namespace(team, api):
    team.deploy("secret", kind="statefulsets", selector={"app": "db"})
    grant(api, team.namespace, "deployments.apps", "list get")
    answer = team.ask("graph", user="stranger", namespace=team.namespace)
    assert "secret" not in answer.text
    assert [one["name"] for one in nodes(answer.get_json(), "namespace")] == [team.namespace]


def test_a_namespace_of_which_the_caller_may_list_nothing_is_refused(team):
    answer = team.ask("graph", user="stranger", namespace=team.namespace)
    assert problem(answer) == (403, "forbidden")


def test_a_workload_that_the_caller_may_not_get_is_refused(team):
    answer = team.ask("graph", user="stranger", workload=team.end())
    assert problem(answer) == (403, "forbidden")


def test_the_etag_serves_until_something_changes(closed):
    first = closed.ask("graph", namespace=closed.namespace)
    headers = {
        "Authorization": f"Bearer {closed.service.control_plane.token('admin')}",
        "If-None-Match": first.headers["ETag"],
    }

    def again():
        closed.service.catch_up()
        path = f"/api/v1/connectivity/graph?namespace={closed.namespace}"
        return closed.service.app.test_client().get(path, headers=headers).status_code

    assert again() == 304
    closed.deploy("more")
    assert again() == 200


def test_a_namespace_that_is_not_there_is_not_found(team):
    assert problem(team.ask("graph", namespace="nowhere")) == (404, "namespace-not-found")


def test_a_workload_that_is_not_there_is_not_found(team):
    assert problem(team.ask("graph", workload=team.end("wep"))) == (404, "workload-not-found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("port", "80"),
        ("port", "ICMP"),
        ("port", "TCP/0"),
        ("port", "TCP/90-80"),
        ("port", "TCP/65536"),
        ("level", "pod"),
        ("workload", "web"),
        ("workload", "10.0.0.1"),
        ("workload", "shop/deployments/db"),
        ("format", "png"),
        ("colour", "red"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(team, field, value):
    answer = team.ask("graph", **{"namespace": team.namespace, field: value})
    assert problem(answer) == (400, "invalid-query")
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [f"/{field}"]


@pytest.mark.parametrize("bound", ["MOST_WORKLOADS", "MOST_EDGES"])
def test_a_graph_that_would_be_too_large_is_refused_with_what_to_do(team, monkeypatch, bound):
    monkeypatch.setattr(graphs, bound, 0)
    answer = team.ask("graph", namespace=team.namespace, level="workload")
    assert problem(answer) == (422, "answer-too-large")
    assert "level=namespace" in answer.get_json()["detail"]


def test_where_no_level_is_asked_for_it_is_drawn_by_namespace_rather_than_refused(team, monkeypatch):
    monkeypatch.setattr(graphs, "MOST_WORKLOADS", 1)
    found = team.told("graph", namespace=team.namespace)
    assert (found["level"], nodes(found, "workload")) == ("namespace", [])
