"""Connections that enabling or disabling a namespace adds and removes, and what the plan says of its pods."""

import pytest

from registry.planning.names import policy_name
from registry.planning.objects import Key
from tests.connectivity.formats.answers import check
from tests.http.cluster import MANAGED
from tests.http.workloads import Team
from tests.rights import grant

NAMESPACES = "/api/v1/namespaces"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"
DENY = {"podSelector": {}, "policyTypes": ["Ingress"]}


@pytest.fixture
def deny(start_service):
    """A service with a default that isolates all pods."""
    service = start_service()
    service.create("deny-in", scope="namespace", defaultIn={}, spec=DENY)
    return service


@pytest.fixture
def team(deny, api, make_namespace):
    made = Team(api, deny, make_namespace())
    made.deploy("web")
    made.deploy("db")
    return made


def plan(team: Team, action="enable", body=None, user="admin"):
    team.service.catch_up()
    path = f"{NAMESPACES}/{team.namespace}/{action}?dryRun=true"
    answer = team.service.call("POST", path, body or {}, user=user)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    check("diff", found["connections"]["diff"])
    return found


def generated_default(api, namespace):
    """The policy of the default as the controller writes it."""
    key = Key("", "Namespace", namespace, namespace)
    labels = {
        "app.kubernetes.io/managed-by": "netpol-registry",
        "netpol-registry.dev/template": "deny-in",
        "netpol-registry.dev/revision": "1",
    }
    annotations = {
        "netpol-registry.dev/workload": key.kind_name,
        "netpol-registry.dev/tracking": "pinned",
        "netpol-registry.dev/parameters": "{}",
    }
    meta = {"name": policy_name(key, "deny-in"), "labels": labels, "annotations": annotations}
    api.create(POLICIES.format(namespace), {"metadata": meta, "spec": DENY})


def between(found, kind, namespace):
    """The changes of one kind whose destinations are workloads of one namespace, all of it."""
    changes = [one for one in found["connections"]["diff"]["changes"] if one["change"] == kind]
    return [one for one in changes if _ends(one) == [(namespace, True)]]


def _ends(change):
    return [(end["namespace"], end["all"]) for end in change["destinations"]["namespaces"]]


def test_enabling_tells_the_connections_that_its_defaults_cut(team):
    found = plan(team)
    removed = between(found, "removed", team.namespace)
    assert removed
    assert all(one["removed"] == ["any"] for one in removed)
    assert found["isolation"]["isolated"]["ingress"] == 2


def test_what_an_unmanaged_policy_allows_is_not_cut(team, api):
    everyone = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
    api.create(POLICIES.format(team.namespace), {"metadata": {"name": "all"}, "spec": everyone})
    found = plan(team)
    assert found["connections"]["diff"]["changes"] == []
    assert found["isolation"]["isolated"]["ingress"] == 0


def test_removing_that_policy_cuts_what_it_allowed(team, api):
    everyone = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
    api.create(POLICIES.format(team.namespace), {"metadata": {"name": "all"}, "spec": everyone})
    found = plan(team, body={"unmanaged": "remove"})
    assert between(found, "removed", team.namespace)


def test_adopting_a_policy_cuts_nothing_that_it_allows(team, api):
    api.create(POLICIES.format(team.namespace), {"metadata": {"name": "mine"}, "spec": DENY})
    found = plan(team, body={"unmanaged": "adopt"})
    assert [one["action"] for one in found["unmanaged"]["items"]] == ["adopt"]
    assert found["connections"]["diff"]["changes"] == []


def test_disabling_tells_what_opens(deny, api, make_namespace):
    team = Team(api, deny, make_namespace(MANAGED))
    team.deploy("db")
    team.deploy("web")
    generated_default(api, team.namespace)
    found = plan(team, "disable")
    assert between(found, "added", team.namespace)
    assert found["isolation"]["freed"]["ingress"] == 2


def test_workloads_of_other_namespaces_are_counted_where_the_caller_may_not_list_them(team, api):
    for resource, verbs in (
        ("networkpolicies.networking.k8s.io", "list"),
        ("deployments.apps", "list"),
    ):
        grant(api, team.namespace, resource, verbs, user="newcomer")
    grant(api, team.namespace, "namespaces", "patch", team.namespace, user="newcomer")
    grant(api, team.namespace, "namespaces", "get", team.namespace, user="newcomer")
    found = plan(team, user="newcomer")
    changes = between(found, "removed", team.namespace)
    assert any(one["sources"]["hidden"] for one in changes)
    named = {end["namespace"] for one in changes for end in one["sources"]["namespaces"]}
    assert named <= {team.namespace}
    assert found["connections"]["diff"]["completeness"]["everythingSeen"] is False


def test_a_policy_that_asks_for_managed_namespaces_lets_this_one_in_once_it_is_enabled(
    team, api, make_namespace
):
    other = Team(api, team.service, make_namespace())
    other.deploy("api")
    peer = {"namespaceSelector": {"matchLabels": MANAGED}}
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [peer]}]}
    api.create(POLICIES.format(other.namespace), {"metadata": {"name": "managed"}, "spec": spec})
    [change] = between(plan(team), "added", other.namespace)
    assert [end["namespace"] for end in change["sources"]["namespaces"]] == [team.namespace]
