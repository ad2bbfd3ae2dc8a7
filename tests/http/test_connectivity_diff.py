"""Which connections a change would add and remove, without making it."""

import pytest

from tests.http.cluster import MANAGED, generated
from tests.http.connectivity import Connections
from tests.http.support import problem
from tests.http.workloads import TEMPLATE
from tests.rights import grant
from tests.store.support import document

POLICIES = "networkpolicies.networking.k8s.io"


@pytest.fixture
def team(service, api, make_namespace):
    made = Connections(api, service, make_namespace(MANAGED))
    made.deploy("db")
    made.deploy("web")
    return made


def deny(team, name="deny", **spec):
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": team.namespace, "name": name},
        "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"], **spec},
    }


def pairs(found, change):
    """Sources, destinations and ports of the changes, within one namespace."""
    return {
        (_names(one["sources"]), _names(one["destinations"]), *one["added"], *one["removed"])
        for one in found["changes"]
        if one["change"] == change
    }


def _names(end):
    return ",".join(
        sorted(
            name
            for some in end["namespaces"]
            for name in ([one["name"] for one in some["workloads"]] or ["all"])
        )
    ) or ",".join(end["addresses"])


def test_a_policy_that_would_be_there_removes_connections(team):
    found = team.told("diff", {"policies": [deny(team)]})
    assert found["counts"]["removed"] > 0
    assert found["counts"]["added"] == 0
    assert team.told("verdict", **team.between())["allowed"] is True


def test_a_policy_that_would_not_be_there_adds_connections(team):
    team.policy("deny", deny(team)["spec"])
    removed = [{"namespace": team.namespace, "name": "deny"}]
    found = team.told("diff", {"removed": removed})
    assert found["counts"]["added"] > 0
    assert found["counts"]["removed"] == 0


def test_a_policy_that_is_there_is_replaced(team):
    team.policy("deny", deny(team)["spec"])
    rule = [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 80}]}]
    found = team.told("diff", {"policies": [deny(team, ingress=rule)]})
    assert pairs(found, "added") == {("web", "db", "TCP 80")}


def test_a_reference_is_worth_what_the_controller_would_make_of_it(team, service, name):
    service.create(name)
    team.policy("deny", deny(team)["spec"])
    body = {"labels": [{"workload": team.end("db"), "set": {TEMPLATE + name: "true"}}]}
    found = team.told("diff", body)
    assert found["counts"]["added"] > 0
    assert team.labels("db") == {}


def test_labels_of_pods_lead_into_other_policies(team):
    rule = [{"from": [{"podSelector": {"matchLabels": {"role": "client"}}}], "ports": [{"port": 80}]}]
    team.policy("deny", deny(team, ingress=rule)["spec"])
    found = team.told("diff", {"labels": [{"pods": team.end("web"), "set": {"role": "client"}}]})
    assert pairs(found, "added") == {("web", "db", "TCP 80")}


def test_labels_of_a_namespace_lead_into_other_policies(team, service, api, make_namespace):
    other = Connections(api, service, make_namespace())
    other.deploy("caller")
    peers = [{"namespaceSelector": {"matchLabels": {"peer": team.namespace}}}]
    team.policy("deny", deny(team, ingress=[{"from": peers, "ports": [{"port": 80}]}])["spec"])
    found = team.told("diff", {"labels": [{"namespace": other.namespace, "set": {"peer": team.namespace}}]})
    [change] = found["changes"]
    assert (change["added"], change["sources"]["namespaces"][0]["namespace"]) == (["TCP 80"], other.namespace)


def test_enabling_a_namespace_by_its_label_puts_its_references_in_force(service, api, make_namespace, name):
    service.create(name)
    team = Connections(api, service, make_namespace())
    team.deploy("db", {TEMPLATE + name: "true"})
    found = team.told("diff", {"labels": [{"namespace": team.namespace, "set": MANAGED}]})
    assert found["counts"]["removed"] > 0


def test_a_template_as_it_would_be_saved_changes_its_users_connections(team, service, name, api):
    service.create(name)
    team.deploy("api", {TEMPLATE + name: "latest"}, selector={"app": "db"})
    generated(api, team.namespace, name, tracking="latest")
    api.patch(team.path("db"), {"metadata": {"labels": {TEMPLATE + name: "latest"}}})
    found = team.told("diff", {"template": document(name, 81)})
    assert any("TCP 81" in one["added"] for one in found["changes"])


def test_nothing_is_written(team, audit, service, name):
    service.create(name)
    body = {
        "template": document(name, 81),
        "policies": [deny(team)],
        "labels": [{"workload": team.end("db"), "set": {TEMPLATE + name: "true"}}],
    }
    team.told("diff", body)
    written = [one for one in audit.writes() if one.namespace == team.namespace]
    assert [one for one in written if one.resource == "networkpolicies"] == []


def test_connections_of_which_the_caller_may_see_no_end_are_left_out(team, service, api, make_namespace):
    other = Connections(api, service, make_namespace())
    other.deploy("db")
    for resource, verbs in (("deployments.apps", "get list"), (POLICIES, "list")):
        grant(api, team.namespace, resource, verbs)
    grant(api, other.namespace, POLICIES, "list")
    found = team.told("diff", {"policies": [deny(other)]}, user="stranger")
    assert other.namespace not in str(found)
    assert found["completeness"]["everythingSeen"] is False


def test_policies_are_added_and_removed_where_the_caller_may_list_them(team):
    assert problem(team.ask("diff", {"policies": [deny(team)]}, user="stranger")) == (403, "forbidden")
    removed = [{"namespace": team.namespace, "name": "deny"}]
    assert problem(team.ask("diff", {"removed": removed}, user="stranger")) == (403, "forbidden")


@pytest.mark.parametrize("part", ["workload", "pods", "namespace"])
def test_labels_are_proposed_for_what_the_caller_may_get(team, part):
    named = team.namespace if part == "namespace" else team.end("db")
    answer = team.ask("diff", {"labels": [{part: named, "set": {}}]}, user="stranger")
    assert problem(answer) == (403, "forbidden")


def test_a_reference_that_would_not_come_into_force_is_refused_with_the_reason(team, name):
    body = {"labels": [{"workload": team.end("db"), "set": {TEMPLATE + name: "true"}}]}
    answer = team.ask("diff", body)
    assert problem(answer) == (422, "invalid-body")
    [error] = answer.get_json()["errors"]
    assert error["pointer"] == f"/labels/0/set/{TEMPLATE.replace('/', '~1')}{name}"


def part(**fields):
    return {"labels": [{"set": {}, **fields}]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"colour": "red"}, ""),
        (part(), "/labels/0"),
        (part(workload="a/b/c", namespace="x"), "/labels/0"),
        (part(workload="web"), "/labels/0/workload"),
        (part(namespace="x", set={"a b": "c"}), "/labels/0/set/a b"),
        (part(namespace="x", set={"a": "c d"}), "/labels/0/set/a"),
        ({"policies": [{"kind": "Service"}]}, "/policies/0"),
        ({"policies": [{"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1"}]}, None),
        ({"removed": [{"namespace": "x"}]}, "/removed/0"),
        ({"removed": "all"}, "/removed"),
        ({"policies": [{}] * 201}, "/policies"),
    ],
)
def test_a_wrong_body_is_refused_with_the_place(team, body, pointer):
    answer = team.ask("diff", body)
    assert problem(answer) == (422, "invalid-body")
    if pointer is not None:
        assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_a_spec_that_kubernetes_would_not_take_is_refused_with_the_place(team):
    answer = team.ask("diff", {"policies": [deny(team, ingress=[{"ports": [{"port": 0}]}])]})
    assert problem(answer) == (422, "invalid-body")
    assert answer.get_json()["errors"][0]["pointer"] == "/policies/0/spec/ingress/0/ports/0/port"


def test_a_policy_that_is_not_there_cannot_be_removed(team):
    answer = team.ask("diff", {"removed": [{"namespace": team.namespace, "name": "none"}]})
    assert problem(answer) == (422, "invalid-body")


@pytest.mark.parametrize("value", ["maybe", "v0", ""])
def test_a_reference_that_means_nothing_is_refused(team, name, value):
    body = {"labels": [{"workload": team.end("db"), "set": {TEMPLATE + name: value}}]}
    assert problem(team.ask("diff", body)) == (422, "invalid-body")


def test_a_label_of_a_workload_that_changes_nothing_is_refused(team):
    body = {"labels": [{"workload": team.end("db"), "set": {"app": "x"}}]}
    answer = team.ask("diff", body)
    assert "pods" in answer.get_json()["errors"][0]["fix"]


def test_labels_of_pods_that_their_selector_asks_for_stay(team):
    body = {"labels": [{"pods": team.end("db"), "set": {"app": None}}]}
    assert problem(team.ask("diff", body)) == (422, "invalid-body")


def test_a_template_that_is_not_valid_is_refused_with_the_place(team, name):
    answer = team.ask("diff", {"template": {**document(name), "scope": "cluster"}})
    assert problem(answer) == (422, "invalid-template")
    assert answer.get_json()["errors"][0]["pointer"] == "/template/scope"
