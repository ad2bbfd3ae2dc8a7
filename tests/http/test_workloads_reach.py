"""Who can reach a workload is told with it, to those who may see the others."""

import pytest

from tests.cluster import eventually
from tests.connectivity.formats.answers import check
from tests.http.cluster import MANAGED
from tests.http.connectivity import Connections
from tests.rights import grant


@pytest.fixture
def team(service, api, make_namespace):
    made = Connections(api, service, make_namespace(MANAGED))
    made.deploy("db")
    return made


@pytest.fixture
def peer(team, service, api, make_namespace):
    """One workload of another namespace, which alone may reach the team's, on port 80."""
    made = Connections(api, service, make_namespace({"peer": team.namespace}))
    made.deploy("caller")
    made.policy("send", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]})
    peers = [{"namespaceSelector": {"matchLabels": {"peer": team.namespace}}}]
    team.policy("db", {"podSelector": {}, "ingress": [{"from": peers, "ports": [{"port": 80}]}]})
    return made


def coming_in(team, **how):
    found = team.get("deployments/db", **how)["neighbours"]
    check("neighbours", found)
    return found


def test_a_workload_tells_who_can_reach_it_at_which_ports(team, peer):
    [one] = coming_in(team)["ingress"]["peers"]
    assert one["ports"] == ["TCP 80"]
    [found] = one["peers"]["namespaces"]
    assert (found["namespace"], found["workloads"][0]["name"]) == (peer.namespace, "caller")


def test_peers_that_the_caller_may_not_see_are_counted(team, peer, api):
    grant(api, team.namespace, "deployments.apps", "get list")
    found = coming_in(team, user="stranger")
    [one] = found["ingress"]["peers"]
    assert (one["peers"]["namespaces"], one["peers"]["hidden"]) == ([], 1)
    assert peer.namespace not in str(found)


def test_a_workload_that_does_not_say_which_pods_it_has_tells_nothing(team, rollouts):
    rollouts.create(team.namespace)
    path = f"rollouts.{rollouts.group}/db"
    eventually(lambda: team.call("GET", path).status_code == 200, timeout=60)
    assert team.get(path)["neighbours"] is None
