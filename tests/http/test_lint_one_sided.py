"""Rules that policies at the other end deny: told of what the caller may see, or not at all."""

import msgspec
import pytest

from registry.connectivity.completeness import PolicyKind
from tests.http.cluster import MANAGED, label
from tests.http.connectivity import Connections
from tests.http.test_lint_live import grant_all_kinds
from tests.rights import grant

FROM_WEB = {
    "spec": {
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 80}]},
        ],
    }
}
NO_EGRESS = {"podSelector": {}, "policyTypes": ["Egress"]}
TO_DB = {
    "podSelector": {"matchLabels": {"app": "web"}},
    "policyTypes": ["Egress"],
    "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]}],
}


@pytest.fixture(autouse=True)
def no_other_kinds(service, monkeypatch):
    """Other tests install kinds of policies, which are looked for once a minute."""
    enforcement = service.backend.enforcement
    monkeypatch.setattr(enforcement, "asked", True)
    monkeypatch.setattr(enforcement, "_kinds", [])
    standing = msgspec.structs.replace(enforcement.standing, not_evaluated=())
    monkeypatch.setattr(enforcement, "standing", standing)


@pytest.fixture
def team(service, api, make_namespace, name):
    service.create(name, **FROM_WEB)
    made = Connections(api, service, make_namespace(MANAGED))
    made.deploy("db", label(name))
    made.deploy("web")
    made.policy("no-egress", NO_EGRESS)
    return made


def found(team, name, user="admin"):
    team.service.catch_up()
    answer = team.service.call("GET", f"{name}/lint?live=true", user=user)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.get_json()["findings"] if one["code"] == "OneSided"]


def test_a_peer_that_may_not_send_is_found_with_the_user_that_it_concerns(team, name):
    [finding] = found(team, name)
    assert (finding["severity"], finding["pointer"]) == ("warning", "/spec/ingress/0/from/0")
    assert [(one["namespace"], one["name"]) for one in finding["users"]] == [(team.namespace, "db")]


def test_once_the_peer_may_send_nothing_is_found(team, name):
    team.policy("to-db", TO_DB)
    assert found(team, name) == []


def test_who_may_not_list_policies_is_told_nothing_of_them(team, name, api):
    grant_all_kinds(api, team.namespace)
    assert found(team, name, user="stranger") == []


def test_who_may_list_the_policies_of_that_namespace_is_told(team, name, api):
    grant_all_kinds(api, team.namespace)
    grant(api, team.namespace, "networkpolicies.networking.k8s.io", "list")
    assert len(found(team, name, user="stranger")) == 1


@pytest.mark.parametrize(("objects", "findings"), [(None, 0), (2, 0), (0, 1)])
def test_where_other_kinds_of_policies_may_decide_nothing_is_certain(
    team, name, monkeypatch, objects, findings
):
    enforcement = team.service.backend.enforcement
    kinds = (PolicyKind("cilium.io", "CiliumNetworkPolicy", objects),)
    standing = msgspec.structs.replace(enforcement.standing, not_evaluated=kinds)
    monkeypatch.setattr(enforcement, "standing", standing)
    assert len(found(team, name)) == findings
