"""Whether one connection is allowed, and why: told to those who may see both ends."""

import pytest

from tests.cluster import eventually, until_passes
from tests.http.cluster import MANAGED, generated
from tests.http.connectivity import Connections
from tests.http.support import problem
from tests.http.workloads import TEMPLATE
from tests.rights import grant

FROM_WEB = {
    "podSelector": {"matchLabels": {"app": "db"}},
    "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 80}]}],
}


@pytest.fixture
def team(service, api, make_namespace):
    made = Connections(api, service, make_namespace(MANAGED))
    made.deploy("db")
    made.deploy("web")
    return made


def test_without_policies_everything_is_allowed(team):
    assert team.told("verdict", **team.between())["allowed"] is True


def test_what_a_policy_does_not_allow_is_denied(team):
    team.policy("db", FROM_WEB)
    assert team.told("verdict", **team.between(port=80))["allowed"] is True
    assert team.told("verdict", **team.between(port=81))["allowed"] is False


def test_the_kind_may_be_left_out_where_one_workload_has_the_name(team):
    team.policy("db", FROM_WEB)
    query = {
        **team.between(port=81),
        "source": f"{team.namespace}/web",
        "destination": f"{team.namespace}/db",
    }
    assert team.told("verdict", **query)["allowed"] is False


def test_a_name_of_several_workloads_is_refused_with_all_of_them(team, api):
    labels = {"app": "web"}
    container = {"name": "main", "image": "registry.example/app:1"}
    api.create(
        f"/apis/apps/v1/namespaces/{team.namespace}/statefulsets",
        {
            "metadata": {"name": "web"},
            "spec": {
                "serviceName": "web",
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        },
    )
    answer = team.ask("verdict", **{**team.between(), "source": f"{team.namespace}/web"})
    several = [f"{team.namespace}/deployments/web", f"{team.namespace}/statefulsets/web"]
    assert problem(answer) == (400, "invalid-query")
    assert answer.get_json()["candidates"] == several
    assert answer.get_json()["errors"][0]["fix"] == f"Write {' or '.join(several)}."


def test_a_name_of_no_workload_is_refused_with_similar_ones(team):
    answer = team.ask("verdict", **{**team.between(), "source": f"{team.namespace}/wb"})
    assert problem(answer) == (404, "workload-not-found")
    assert answer.get_json()["candidates"] == [team.end("web")]


@pytest.mark.parametrize(("protocol", "allowed"), [("TCP", True), ("UDP", False), ("SCTP", False)])
def test_the_protocol_counts(team, protocol, allowed):
    team.policy("db", FROM_WEB)
    assert team.told("verdict", **team.between(protocol=protocol))["allowed"] is allowed


def test_an_address_outside_is_an_end(team):
    spec = {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}]}
    team.policy("db", spec)
    for address, allowed in (("192.0.2.7", True), ("198.51.100.1", False), ("2001:db8::1", False)):
        query = {**team.between(), "source": address}
        assert team.told("verdict", **query)["allowed"] is allowed


def test_an_explanation_names_template_revision_label_and_workload(team, api, service, name):
    service.create(name)
    api.patch(team.path("db"), {"metadata": {"labels": {TEMPLATE + name: "true"}}})
    generated(api, team.namespace, name)
    [policy] = team.told("explain", **team.between())["ingress"]["policies"]
    assert policy["allows"] is True
    assert policy["origin"] == {
        "template": name,
        "revision": 1,
        "label": TEMPLATE + name,
        "on": {"namespace": team.namespace, "group": "apps", "kind": "Deployment", "name": "db"},
    }


def test_once_a_policy_is_deleted_it_is_not_told_any_more(team, api, service, name):
    service.create(name)
    generated(api, team.namespace, name)
    assert team.told("verdict", **team.between(port=81))["allowed"] is False
    [policy] = team.told("explain", **team.between())["ingress"]["policies"]
    path = f"/apis/networking.k8s.io/v1/namespaces/{team.namespace}/networkpolicies/{policy['name']}"
    world = service.backend.cluster.world
    api.delete(path)
    eventually(lambda: not world.policies.get(team.namespace, policy["name"]))
    assert team.told("verdict", **team.between(port=81))["allowed"] is True
    assert team.told("explain", **team.between())["ingress"]["policies"] == []


def test_a_denial_says_what_is_missing(team):
    team.policy("db", FROM_WEB)
    team.deploy("other")
    [policy] = team.told("explain", **team.between("other"))["ingress"]["policies"]
    assert "app=web" in policy["rules"][0]["missing"][0]


def test_policies_that_the_caller_may_not_list_are_counted_only(team, api):
    team.policy("db", FROM_WEB)
    grant(api, team.namespace, "deployments.apps", "get")
    found = team.told("explain", user="stranger", **team.between())
    assert (found["ingress"]["policies"], found["ingress"]["hidden"]) == ([], 1)
    assert found["completeness"]["everythingSeen"] is False
    assert found["allowed"] is True


def test_policies_that_the_caller_may_list_are_told(team, api):
    team.policy("db", FROM_WEB)
    grant(api, team.namespace, "deployments.apps", "get")
    grant(api, team.namespace, "networkpolicies.networking.k8s.io", "list")
    found = team.told("explain", user="stranger", **team.between())
    assert [one["name"] for one in found["ingress"]["policies"]] == ["db"]


def test_a_workload_that_the_caller_may_not_get_is_refused(team, service, api, make_namespace):
    other = Connections(api, service, make_namespace())
    grant(api, team.namespace, "deployments.apps", "get")
    query = {**team.between(), "destination": other.end()}
    assert problem(team.ask("verdict", user="stranger", **query)) == (403, "forbidden")


@pytest.mark.parametrize("path", ["verdict", "explain"])
def test_without_a_token_nobody_is_let_in(team, path):
    assert problem(team.ask(path, user=None, **team.between())) == (401, "unauthenticated")


def test_a_workload_that_is_not_there_is_not_found_and_similar_ones_are_offered(team):
    answer = team.ask("verdict", **team.between("wep"))
    assert problem(answer) == (404, "workload-not-found")
    assert answer.get_json()["candidates"] == [team.end("web")]


def test_only_workloads_that_the_caller_may_list_are_offered(team, api):
    grant(api, team.namespace, "deployments.apps", "get")
    answer = team.ask("verdict", user="stranger", **team.between("wep"))
    assert answer.get_json()["candidates"] == []


def test_a_workload_without_known_pods_is_told_as_such(team, rollouts):
    rollouts.create(team.namespace)
    query = {**team.between(), "destination": team.end("db", f"rollouts.{rollouts.group}")}

    until_passes(lambda: _is(problem(team.ask("verdict", **query)), (422, "pods-unknown")), timeout=60)


def _is(found, expected):
    assert found == expected


def test_a_kind_that_is_not_followed_is_not_found(team):
    query = {**team.between(), "source": team.end("db", "services")}
    assert problem(team.ask("verdict", **query)) == (404, "kind-not-found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", "nonsense"),
        ("source", "10.0.0.256"),
        ("source", "10.0.0.0/8"),
        ("source", "a/b/c/d"),
        ("destination", "//"),
        ("port", "0"),
        ("port", "65536"),
        ("port", "http"),
        ("protocol", "ICMP"),
        ("protocol", "tcp"),
        ("colour", "red"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(team, field, value):
    answer = team.ask("verdict", **{**team.between(), field: value})
    assert problem(answer) == (400, "invalid-query")
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [f"/{field}"]


def test_nothing_is_said_of_two_addresses(team):
    answer = team.ask("verdict", source="192.0.2.1", destination="192.0.2.2", port=80)
    assert problem(answer) == (400, "invalid-query")


def test_what_was_not_evaluated_is_told_with_the_answer(team):
    label = {"matchLabels": {"statefulset.kubernetes.io/pod-name": "db-0"}}
    team.policy("first", {"podSelector": label})
    reasons = team.told("verdict", **team.between())["completeness"]["leftOut"]
    [one] = [one for one in reasons if one["reason"] == "LabelsOfPods"]
    assert one["objects"] == [f"{team.namespace}/first: statefulset.kubernetes.io/pod-name"]


def test_namespaces_that_the_settings_leave_out_are_told_since_their_labels_are_not_known(
    start_service, api, make_namespace
):
    service = start_service(namespace_selector="nobody=bears-this")
    made = Connections(api, service, make_namespace())
    made.deploy("db")
    made.deploy("web")
    query = "&".join(f"{name}={value}" for name, value in made.between().items())

    def is_told():
        found = service.call("GET", f"/api/v1/connectivity/verdict?{query}").get_json()
        return "NamespaceUnknown" in [one["reason"] for one in found["completeness"]["leftOut"]]

    eventually(is_told)
