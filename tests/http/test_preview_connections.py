"""Connections that a change would add and remove: told with its preview, to those who may see an end."""

import pytest

from registry.connectivity.objects import Policy
from registry.http.connectivity import outcome
from registry.model.documents import canonical
from registry.world.supposing import Supposed, suppose
from tests.connectivity.formats.answers import check
from tests.http.cluster import MANAGED, generated
from tests.http.support import Service
from tests.http.workloads import TEMPLATE, Team
from tests.rights import grant
from tests.store.support import document

POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"


@pytest.fixture
def team(service, api, make_namespace):
    made = Team(api, service, make_namespace(MANAGED))
    made.deploy("web")
    return made


def follow(team: Team, api, service, name):
    service.create(name)
    team.deploy("db", labels={TEMPLATE + name: "latest"})
    generated(api, team.namespace, name, tracking="latest")


def foreseen(service: Service, name, change, **how):
    service.catch_up()
    answer = service.call("POST", f"{name}/preview", change, **how)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()["connections"]
    assert (found["evaluated"], found["reason"]) == (True, None)
    check("diff", found["diff"])
    return found["diff"]


def named(end):
    return [
        f"{workload['namespace']}/{workload['name']}"
        for place in end["namespaces"]
        for workload in place["workloads"]
    ]


def test_another_port_removes_connections_at_the_old_one_and_adds_them_at_the_new(team, api, service, name):
    follow(team, api, service, name)
    found = foreseen(service, name, {"document": document(name, 81)})
    [change] = found["changes"]
    assert (change["added"], change["removed"]) == (["TCP 81"], ["TCP 80"])
    assert named(change["destinations"]) == [f"{team.namespace}/db"]
    [sources] = change["sources"]["namespaces"]
    assert (sources["namespace"], sources["count"], sources["all"]) == (team.namespace, 2, True)


def test_the_same_port_in_another_document_changes_no_connection(team, api, service, name):
    follow(team, api, service, name)
    found = foreseen(service, name, {"document": {**document(name), "title": "The same"}})
    assert found["changes"] == []


def test_a_connection_that_another_policy_allows_anyway_is_not_removed(team, api, service, name):
    follow(team, api, service, name)
    everyone = {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}
    api.create(POLICIES.format(team.namespace), {"metadata": {"name": "all"}, "spec": everyone})
    assert foreseen(service, name, {"document": document(name, 81)})["changes"] == []


def test_a_connection_that_the_sender_may_not_begin_is_not_added(team, api, service, name):
    follow(team, api, service, name)
    mute = {"podSelector": {}, "policyTypes": ["Egress"]}
    api.create(POLICIES.format(team.namespace), {"metadata": {"name": "mute"}, "spec": mute})
    assert foreseen(service, name, {"document": document(name, 81)})["changes"] == []


def test_a_deletion_opens_what_the_policy_isolated(team, api, service, name):
    follow(team, api, service, name)
    found = foreseen(service, name, {"deletion": True})
    assert found["counts"]["removed"] == 0
    assert "0.0.0.0/0" in [cidr for one in found["changes"] for cidr in one["sources"]["addresses"]]


def test_who_may_see_neither_end_is_told_of_no_connection(team, api, service, name):
    follow(team, api, service, name)
    found = foreseen(service, name, {"document": document(name, 81)}, user="stranger")
    assert (found["changes"], found["counts"]["changed"]) == ([], 0)
    assert found["completeness"]["everythingSeen"] is False


def test_who_may_see_one_end_gets_the_other_counted_without_a_name(team, api, service, name, make_namespace):
    other = Team(api, service, make_namespace())
    other.deploy("web", selector={"app": "other"})
    follow(team, api, service, name)
    grant(api, other.namespace, "deployments.apps", "list")
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": other.namespace}}}
    new = document(name)
    new["spec"]["ingress"].append({"from": [peer], "ports": [{"protocol": "TCP", "port": 81}]})
    found = foreseen(service, name, {"document": new}, user="stranger")
    [change] = found["changes"]
    assert named(change["sources"]) == [f"{other.namespace}/web"]
    assert (change["destinations"]["namespaces"], change["destinations"]["hidden"]) == ([], 1)


def test_what_cannot_be_read_is_said_with_the_reason(team, api, service, name, monkeypatch):
    spec = canonical({"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "010.0.0.0/8"}}]}]})

    def with_old_addresses(live, change):
        policies = {
            place: one._replace(after=Policy(namespace=place.namespace, name=place.name, spec=spec))
            for place, one in change.policies.items()
        }
        return suppose(live, Supposed(policies))

    follow(team, api, service, name)
    monkeypatch.setattr(outcome, "suppose", with_old_addresses)
    service.catch_up()
    found = service.call("POST", f"{name}/preview", {"deletion": True}).get_json()["connections"]
    assert (found["evaluated"], found["diff"]) == (False, None)
    assert "010.0.0.0/8" in found["reason"]


def test_a_dry_run_of_attaching_tells_what_it_cuts(team, service, name):
    service.create(name)
    team.deploy("db")
    found = team.done(team.attach(name, query="?dryRun=true"))["connections"]["diff"]
    check("diff", found)
    assert found["counts"]["added"] == 0
    assert found["counts"]["removed"] > 0


def test_attaching_itself_works_no_connections_out(team, service, name):
    service.create(name)
    team.deploy("db")
    assert team.done(team.attach(name))["connections"] is None
