"""What strangers could reach, what is protected, and what looks wrong, as far as the caller may see it."""

import pytest

from registry.http.connectivity import analyses, findings
from tests.http.cluster import MANAGED, generated
from tests.http.connectivity import Connections
from tests.http.support import problem
from tests.rights import grant

POLICIES = "networkpolicies.networking.k8s.io"
INTERNET = {
    "podSelector": {"matchLabels": {"app": "db"}},
    "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]}],
}
NOBODY = {"podSelector": {"matchLabels": {"app": "gone"}}}
PATHS = ("exposure", "coverage", "findings")


@pytest.fixture
def team(service, api, make_namespace):
    made = Connections(api, service, make_namespace(MANAGED))
    made.deploy("db")
    made.deploy("web")
    return made


@pytest.fixture
def other(service, api, make_namespace):
    return Connections(api, service, make_namespace())


@pytest.fixture
def stranger(team, api):
    """May list Deployments and policies of the team's namespace."""
    grant(api, team.namespace, "deployments.apps", "get list")
    grant(api, team.namespace, POLICIES, "list")
    return "stranger"


def names(end):
    return {one["name"] for some in end["namespaces"] for one in some["workloads"]}


def codes(found):
    return [one["code"] for one in found["findings"]]


def test_what_the_internet_could_reach_is_told_by_port(team):
    team.policy("db", INTERNET)
    groups = team.told("exposure", namespace=team.namespace)["ingress"]
    [db] = [one for one in groups if names(one["workloads"]) == {"db"}]
    assert db["isolated"] is True
    assert {tuple(one["ports"]) for one in db["reaches"]} == {("TCP 443",)}


def test_exposure_of_one_workload_is_that_of_its_own(team):
    team.policy("db", INTERNET)
    found = team.told("exposure", workload=team.end("web"))
    assert [one["isolated"] for one in found["ingress"]] == [False]


def test_coverage_counts_by_direction_and_template(team, api, service, name):
    service.create(name)
    generated(api, team.namespace, name)
    [found] = team.told("coverage", namespace=team.namespace)["namespaces"]
    counts = found["counts"]
    assert (counts["workloads"], counts["ingress"], counts["egress"], counts["unprotected"]) == (2, 1, 0, 1)
    assert found["templates"] == [{"template": name, "ingress": 1, "egress": 0}]
    assert names(found["unprotected"]) == {"web"}


def test_coverage_of_a_namespace_without_workloads_counts_none(other):
    found = other.told("coverage", namespace=other.namespace)
    assert found["counts"]["workloads"] == 0


def test_a_policy_that_selects_nothing_is_found(team):
    team.policy("nobody", NOBODY)
    found = team.told("findings", namespace=team.namespace)
    assert codes(found) == ["SelectsNothing"]
    assert found["findings"][0]["policies"][0]["name"] == "nobody"


def test_a_policy_for_labels_that_only_living_pods_bear_is_no_finding(team):
    label = {"statefulset.kubernetes.io/pod-name": "db-0"}
    team.policy("first", {"podSelector": {"matchLabels": label}})
    found = team.told("findings", namespace=team.namespace)
    assert codes(found) == []
    assert "LabelsOfPods" in [one["reason"] for one in found["completeness"]["leftOut"]]


@pytest.mark.parametrize("path", PATHS)
def test_only_what_the_caller_may_see_is_told(team, stranger, other, path):
    other.deploy("secret")
    other.policy("nobody", NOBODY)
    team.policy("db", INTERNET)
    answer = team.ask(path, user=stranger)
    assert answer.status_code == 200
    assert other.namespace not in answer.text
    assert answer.get_json()["completeness"]["everythingSeen"] is False


def test_findings_about_what_the_caller_may_not_see_are_counted(team, stranger, other):
    other.policy("nobody", NOBODY)
    team.policy("nobody", NOBODY)
    found = team.told("findings", user=stranger)
    assert [one["policies"][0]["namespace"] for one in found["findings"]].count(team.namespace) == 1
    [hidden] = [one for one in found["completeness"]["leftOut"] if one["reason"] == "FindingsHidden"]
    assert hidden["total"] >= 1
    assert other.namespace not in str(found)


@pytest.mark.parametrize("path", PATHS)
def test_one_namespace_is_told_to_those_who_may_list_its_workloads_and_policies(team, stranger, path):
    answer = team.ask(path, user=stranger, namespace=team.namespace)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_namespace_of_which_the_caller_may_list_no_policies_is_refused(team, api, path):
    grant(api, team.namespace, "deployments.apps", "get list")
    assert problem(team.ask(path, user="stranger", namespace=team.namespace)) == (403, "forbidden")


@pytest.mark.parametrize("path", PATHS)
def test_a_namespace_that_is_not_there_is_not_found(team, path):
    assert problem(team.ask(path, namespace="nowhere")) == (404, "namespace-not-found")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("field", ["format", "colour"])
def test_a_wrong_parameter_is_refused_by_name(team, path, field):
    answer = team.ask(path, **{field: "dot"})
    assert problem(answer) == (400, "invalid-query")
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [f"/{field}"]


@pytest.mark.parametrize("path", [*PATHS, "graph"])
@pytest.mark.parametrize("names", [[""], ["shop", ""], ["", ""]])
def test_an_empty_namespace_is_refused_by_name(team, path, names):
    answer = team.ask(path, namespace=names)
    assert problem(answer) == (400, "invalid-query")
    [error] = answer.get_json()["errors"]
    assert (error["pointer"], error["reason"].count(".")) == ("/namespace", 1)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("wanted", ["markdown", "csv"])
def test_other_formats_are_written_too(team, path, wanted):
    team.policy("nobody", NOBODY)
    answer = team.ask(path, namespace=team.namespace, format=wanted)
    assert (answer.status_code, answer.mimetype) == (200, f"text/{wanted}")
    assert answer.text


def test_an_exposure_of_too_many_groups_is_refused(team, monkeypatch):
    monkeypatch.setattr(analyses, "MOST_GROUPS", 0)
    assert problem(team.ask("exposure", namespace=team.namespace)) == (422, "answer-too-large")


def test_findings_beyond_the_limit_are_counted(team, monkeypatch):
    monkeypatch.setattr(findings, "MOST_FINDINGS", 1)
    team.policy("nobody", NOBODY)
    team.policy("none", {"podSelector": {"matchLabels": {"app": "none"}}})
    found = team.told("findings", namespace=team.namespace)
    assert len(found["findings"]) == 1
    [more] = [one for one in found["completeness"]["leftOut"] if one["reason"] == "FindingsBeyondLimit"]
    assert more["total"] == 1
