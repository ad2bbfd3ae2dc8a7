import pytest

from registry.connectivity.coverage import UNMANAGED, Counts, Cover, coverage
from tests.connectivity.made import cluster, names, pods, policy

DENY = "{podSelector: {}, policyTypes: [Ingress]}"
EGRESS_OF_WEB = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}"


@pytest.fixture
def network():
    return cluster(
        pods("shop/web"),
        pods("shop/db"),
        pods("shop/agent", host_network=True),
        pods("blog/front"),
        policy("shop/default", DENY, "deny-all"),
        policy("shop/by-hand", EGRESS_OF_WEB),
    )


def test_workloads_are_counted_by_direction(network):
    assert coverage(network).counts == Counts(
        workloads=3, ingress=2, egress=1, both=1, unprotected=1, host_network=1
    )


def test_templates_are_told_apart_from_what_no_template_made(network):
    assert coverage(network).templates == (Cover(UNMANAGED, 0, 1), Cover("deny-all", 2, 0))


def test_two_policies_of_one_template_cover_a_workload_once(network):
    network.put_policy(policy("shop/again", DENY, "deny-all"))
    assert Cover("deny-all", 2, 0) in coverage(network).templates


def test_unprotected_workloads_are_named(network):
    blog, _ = coverage(network).namespaces
    assert names(network, blog.unprotected) == ["blog/front"]


def test_workloads_on_the_hosts_network_are_apart(network):
    _, shop = coverage(network).namespaces
    assert names(network, shop.host_network) == ["shop/agent"]
    assert names(network, shop.unprotected) == []


def test_one_namespace_alone_can_be_asked_about(network):
    found = coverage(network, ["shop", "unknown"])
    assert [one.namespace for one in found.namespaces] == ["shop"]
    assert found.counts.workloads == 2


def test_percentages_are_of_workloads_that_policies_reach(network):
    counts = coverage(network, ["shop"]).counts
    assert counts.percent(counts.egress) == 50.0


def test_nothing_has_no_percentage():
    assert Counts().percent(0) is None
