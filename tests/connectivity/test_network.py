"""A network takes in and lets go of objects in any order; forks of it keep to themselves."""

import pytest

from registry.connectivity.diff import diff
from registry.connectivity.flows import Flows
from registry.connectivity.objects import PolicyKey
from registry.connectivity.verdict import verdict
from tests.connectivity.made import cluster, key, pods, policy

CLOSED = "{podSelector: {}, policyTypes: [Ingress]}"
FROM_RED = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}]}]}"


def allowed(network, source, destination):
    return verdict(network, network.pods(key(source)), network.pods(key(destination)), "TCP", 80).allowed


@pytest.fixture
def network():
    red = {"shop": {"team": "red"}, "web": {"team": "red"}}
    return cluster(pods("shop/db"), pods("web/front"), policy("shop/red", FROM_RED), namespaces=red)


def test_labels_of_a_namespace_that_is_gone_are_forgotten(network):
    assert allowed(network, "web/front", "shop/db")
    network.drop_namespace("web")
    assert not allowed(network, "web/front", "shop/db")


def test_a_namespace_that_is_put_again_has_its_new_labels(network):
    network.put_namespace("web", {"team": "blue"})
    assert not allowed(network, "web/front", "shop/db")


def test_a_namespace_without_a_namespace_object_bears_its_name(network):
    by_name = FROM_RED.replace("team: red", "kubernetes.io/metadata.name: new")
    network.put_policy(policy("shop/red", by_name))
    network.put_pods(pods("new/front"))
    assert allowed(network, "new/front", "shop/db")
    assert not allowed(network, "web/front", "shop/db")


def test_a_namespace_cannot_bear_another_ones_name(network):
    network.put_policy(policy("shop/red", FROM_RED.replace("team: red", "kubernetes.io/metadata.name: web")))
    network.put_namespace("other", {"kubernetes.io/metadata.name": "web"})
    network.put_pods(pods("other/front"))
    assert not allowed(network, "other/front", "shop/db")


def test_a_policy_may_come_before_its_pods_and_their_namespaces():
    network = cluster(policy("shop/red", FROM_RED), pods("web/front"), pods("shop/db"))
    assert not allowed(network, "web/front", "shop/db")
    network.put_namespace("web", {"team": "red"})
    assert allowed(network, "web/front", "shop/db")


def test_a_policy_that_no_api_server_would_take_changes_nothing(network):
    with pytest.raises(ValueError, match="1000"):
        network.put_policy(
            policy("shop/red", FROM_RED.replace("namespaceSelector: {matchLabels: {team: red}}", BAD))
        )
    assert allowed(network, "web/front", "shop/db")


BAD = "ipBlock: {cidr: 10.0.0.1000/8}"


def test_what_is_not_there_can_be_dropped(network):
    network.drop_namespace("none")
    network.drop_pods(key("none/none"))
    network.drop_pods(key("shop/none"))
    network.drop_policy(PolicyKey("none", "none"))
    network.drop_policy(PolicyKey("shop", "none"))
    assert allowed(network, "web/front", "shop/db")


def test_what_is_left_of_a_namespace_goes_with_the_last_object_in_it(network):
    network.drop_namespace("web")
    assert "web" in network.namespaces
    network.drop_pods(key("web/front"))
    assert "web" not in network.namespaces


def test_other_pods_take_the_place_of_those_that_are_gone_but_not_their_policies(network):
    network.put_policy(
        policy("shop/db", CLOSED.replace("podSelector: {}", "podSelector: {matchLabels: {app: db}}"))
    )
    network.drop_policy(PolicyKey("shop", "red"))
    network.drop_pods(key("shop/db"))
    network.put_pods(pods("shop/cache"))
    assert allowed(network, "web/front", "shop/cache")


def test_pods_that_come_back_in_a_fork_are_the_same_pods(network):
    fork = network.fork()
    fork.drop_pods(key("shop/db"))
    fork.put_pods(pods("shop/db"))
    assert diff(Flows(network, fork)) == []


def test_pods_of_a_namespace_that_comes_back_in_a_fork_are_the_same_pods():
    network = cluster(pods("web/front"), pods("web/back"), pods("shop/db"), policy("shop/red", FROM_RED))
    fork = network.fork()
    for name in ("web/front", "web/back"):
        fork.drop_pods(key(name))
    for name in ("web/back", "web/front"):
        fork.put_pods(pods(name))
    assert diff(Flows(network, fork)) == []


def test_other_pods_in_a_fork_are_other_pods_whatever_their_place():
    network = cluster(
        pods("web/front"), pods("shop/db"), policy("shop/open", "{podSelector: {}, ingress: [{}]}")
    )
    fork = network.fork()
    fork.drop_pods(key("web/front"))
    fork.put_pods(pods("web/other"))
    gone, come = network.pods(key("web/front")), fork.pods(key("web/other"))
    assert gone.place != come.place


def test_what_is_done_to_a_fork_is_not_done_to_the_network(network):
    fork = network.fork()
    fork.put_policy(policy("shop/closed", CLOSED))
    fork.drop_policy(PolicyKey("shop", "red"))
    fork.put_namespace("web", {})
    fork.put_pods(pods("web/front", app="other"))
    assert not allowed(fork, "web/front", "shop/db")
    assert allowed(network, "web/front", "shop/db")
    assert network.pods(key("web/front")).group == pods("web/front")
