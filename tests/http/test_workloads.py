"""What workloads have: told to those who may see them, in the controller's words."""

import pytest

from tests.http.cluster import MANAGED, generated
from tests.http.support import problem
from tests.http.workloads import PARAMETERS, PORT, TEMPLATE, Team
from tests.rights import grant
from tests.store.support import document


@pytest.fixture
def team(service, api, make_namespace):
    return Team(api, service, make_namespace(MANAGED))


@pytest.fixture
def template(service, name):
    service.create(name, "${port}", **PORT)
    return name


def condition(found, kind):
    [one] = [one for one in found["conditions"] if one["type"] == kind]
    return one["status"], one["reason"]


def test_workloads_are_listed_with_and_without_templates(team, template):
    team.deploy("db", {TEMPLATE + template: "true"})
    team.deploy("web")
    found = team.get()["items"]
    assert [(one["name"], [used["template"] for used in one["templates"]]) for one in found] == [
        ("db", [template]),
        ("web", []),
    ]


def test_all_kinds_are_listed(team):
    team.deploy("db", kind="statefulsets")
    team.deploy("db", kind="daemonsets")
    assert [one["kind"] for one in team.get()["items"]] == ["DaemonSet", "StatefulSet"]


def test_workloads_come_in_pages(team):
    for name in ("a", "b", "c"):
        team.deploy(name)
    first = team.get("?limit=2")
    last = team.get(f"?limit=2&cursor={first['next']}")
    assert [one["name"] for page in (first, last) for one in page["items"]] == ["a", "b", "c"]


def test_what_is_in_force_has_revision_tracking_and_policy(team, template, api):
    team.deploy(labels={TEMPLATE + template: "true"})
    generated(api, team.namespace, template)
    [one] = team.get("deployments/db")["templates"]
    assert (one["revision"], one["tracking"], one["reason"]) == (1, "pinned", None)
    assert one["policy"].startswith(f"db-{template}-")


def test_an_older_revision_is_outdated(team, template, api, service):
    service.call("PUT", template, document(template, 81), if_match="*")
    team.deploy(labels={TEMPLATE + template: "true"})
    generated(api, team.namespace, template)
    [one] = team.get("deployments/db")["templates"]
    assert (one["revision"], one["current"], one["outdated"]) == (1, 2, True)


def test_parameters_given_are_shown(team, template):
    team.deploy(labels={TEMPLATE + template: "true"}, annotations={PARAMETERS + template: "port: 90"})
    assert team.get("deployments/db")["templates"][0]["parameters"] == {"port": 90}


def test_why_something_is_not_in_force_is_told(team, name):
    team.deploy(labels={TEMPLATE + name: "true"})
    found = team.get("deployments/db")
    assert found["templates"][0]["reason"] == "TemplateUnknown"
    assert condition(found, "InForce") == ("False", "TemplateUnknown")


def test_a_policy_that_nothing_asks_for_is_told(team, template, api):
    team.deploy()
    generated(api, team.namespace, template)
    assert team.get("deployments/db")["templates"][0]["reason"] == "NotReferenced"


def test_a_namespace_that_is_not_enabled_is_a_condition(service, api, make_namespace):
    team = Team(api, service, make_namespace())
    team.deploy()
    assert condition(team.get("deployments/db"), "NamespaceManaged") == ("False", "NamespaceNotManaged")


def test_the_hosts_network_is_a_condition_and_marks_the_list(team):
    team.deploy(host_network=True)
    assert condition(team.get("deployments/db"), "Effective") == ("False", "NoEffect")
    assert team.get()["items"][0]["noEffect"] is True


def test_all_well_is_told_too(team, template, api):
    team.deploy(labels={TEMPLATE + template: "true"})
    generated(api, team.namespace, template)
    assert {one["status"] for one in team.get("deployments/db")["conditions"]} == {"True"}


def test_an_equal_selector_is_told(team):
    team.deploy("db", selector={"app": "db"})
    team.deploy("copy", selector={"app": "db"})
    found = team.get("deployments/db")
    assert condition(found, "SelectorUnique") == ("False", "SelectorShared")
    assert [one["name"] for one in found["overlaps"]] == ["copy"]


def test_a_selector_that_overlaps_is_told(team):
    team.deploy("db", selector={"app": "db"})
    team.deploy("main", selector={"app": "db", "role": "main"})
    team.deploy("web", selector={"app": "web"})
    for name, other in (("db", "main"), ("main", "db")):
        found = team.get(f"deployments/{name}")
        assert condition(found, "SelectorUnique") == ("False", "SelectorOverlaps")
        assert [one["name"] for one in found["overlaps"]] == [other]


def test_a_selector_that_could_overlap_is_told(team):
    team.deploy("db", selector={"app": "db"})
    team.deploy("back", selector={"tier": "back"})
    found = team.get("deployments/db")
    assert condition(found, "SelectorUnique") == ("Unknown", "SelectorOverlaps")


def test_a_workload_of_another_namespace_does_not_overlap(team, service, api, make_namespace):
    team.deploy()
    Team(api, service, make_namespace()).deploy()
    assert team.get("deployments/db")["overlaps"] == []


def test_only_kinds_that_the_caller_may_list_are_shown(team, api):
    team.deploy()
    team.deploy(kind="statefulsets")
    grant(api, team.namespace, "deployments.apps", "list get")
    found = team.get(user="stranger")
    assert ([one["kind"] for one in found["items"]], found["complete"]) == (["Deployment"], False)


def test_overlaps_are_only_of_kinds_that_the_caller_may_list(team, api):
    team.deploy()
    team.deploy(kind="statefulsets")
    grant(api, team.namespace, "deployments.apps", "list get")
    assert team.get("deployments/db", user="stranger")["overlaps"] == []


def test_one_workload_may_be_seen_without_the_right_to_list(team, api):
    team.deploy()
    team.deploy("copy", selector={"app": "db"})
    grant(api, team.namespace, "deployments.apps", "get")
    assert team.get("deployments/db", user="stranger")["overlaps"] == []


@pytest.mark.parametrize("path", ["", "deployments/db"])
def test_a_stranger_is_refused(team, path):
    team.deploy()
    assert problem(team.call("GET", path, user="stranger")) == (403, "forbidden")


@pytest.mark.parametrize("path", ["", "deployments/db"])
def test_without_a_token_nobody_is_let_in(team, path):
    assert problem(team.call("GET", path, user=None)) == (401, "unauthenticated")


def test_a_workload_that_is_not_there_is_not_found(team):
    assert problem(team.call("GET", "deployments/db")) == (404, "workload-not-found")


def test_a_namespace_that_is_not_there_is_not_found(service, api):
    assert problem(Team(api, service, "nowhere").call("GET")) == (404, "namespace-not-found")


def test_a_kind_that_is_not_followed_is_not_found(team):
    assert problem(team.call("GET", "services/db")) == (404, "kind-not-found")


@pytest.mark.parametrize("kind", ["deployments", "Deployment", "deployments.apps"])
def test_a_kind_is_named_by_plural_or_kind(team, kind):
    team.deploy()
    assert team.get(f"{kind}/db")["name"] == "db"
