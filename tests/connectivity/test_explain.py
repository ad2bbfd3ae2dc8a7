"""An explanation names every policy at both ends, what each rule is about, and what it lacks for a denial."""

import msgspec
import pytest

from registry.connectivity.addresses import address_of
from registry.connectivity.explain import explain
from registry.planning.pods import Port
from tests.connectivity.made import cluster, key, pods, policy

RULES = """
podSelector: {matchLabels: {app: db}}
ingress:
- from: [{podSelector: {matchLabels: {app: web}}}]
  ports: [{port: sql}, {port: 9000, endPort: 9009}]
- from: [{namespaceSelector: {matchLabels: {team: red}}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/9]}}]
"""
CLOSED = "{podSelector: {}, policyTypes: [Egress]}"


@pytest.fixture
def network():
    return cluster(
        pods("shop/db", Port("TCP", 5432, "sql")),
        pods("shop/web"),
        pods("shop/api"),
        pods("mine/web"),
        pods("mine/node", host_network=True),
        policy("shop/db", RULES, template="postgres", subject="shop/db"),
        policy("mine/closed", CLOSED),
        namespaces={"mine": {"team": "blue"}},
    )


def explained(network, source, destination="shop/db", at=("TCP", 5432)):
    ends = (network.pods(key(one)) if "/" in one else address_of(one) for one in (source, destination))
    return explain(network, *ends, *at)


def rules(explanation):
    [policy] = explanation.ingress.policies
    return policy.rules


def test_a_policy_is_told_with_its_template_revision_and_workload(network):
    [found] = explained(network, "shop/web").ingress.policies
    origin = found.policy.origin
    assert (found.policy.name, found.pods, found.allows) == ("db", "app=db", True)
    assert (origin.template, origin.revision, origin.subject) == ("postgres", 1, key("shop/db").workload)


def test_every_rule_is_told_with_whom_and_which_ports_it_is_about(network):
    assert [(one.index, one.peers, one.ports) for one in rules(explained(network, "shop/web"))] == [
        (0, ("pods app=web in shop",), ("TCP 9000-9009", "TCP sql")),
        (1, ("all pods in namespaces team=red", "10.128.0.0/9"), ("any",)),
    ]


def test_only_a_rule_that_is_about_both_peer_and_port_allows(network):
    first, second = rules(explained(network, "shop/web"))
    assert (first.peer, first.port, first.allows, first.missing) == (True, True, True, ())
    assert (second.peer, second.port, second.allows) == (False, True, False)


NO_TEAM = "the namespace mine does not satisfy team=red"
NO_BLOCK = "an ipBlock is taken to match no pods"
NO_LABELS = "pods on the host's network bear no labels for policies: their addresses are the node's"
MISSING = [
    ("shop/api", ("TCP", 5432), 0, ["the pods' labels do not satisfy app=web"]),
    ("mine/web", ("TCP", 5432), 0, ["the peer is in mine, the rule is about shop alone"]),
    ("shop/web", ("UDP", 5432), 0, ["the rule is about TCP 9000-9009, TCP sql alone"]),
    (
        "mine/web",
        ("TCP", 1),
        1,
        [NO_TEAM, NO_BLOCK],
    ),
    (
        "mine/node",
        ("TCP", 1),
        1,
        [NO_LABELS],
    ),
    ("10.1.0.0", ("TCP", 1), 1, ["the address is in none of the rule's blocks"]),
    (
        "10.200.0.0",
        ("TCP", 9001),
        0,
        ["the rule has no ipBlock, and an address outside of the cluster matches nothing else"],
    ),
]


@pytest.mark.parametrize(("source", "at", "rule", "missing"), MISSING)
def test_what_is_missing_is_said_for_each_rule(network, source, at, rule, missing):
    assert list(rules(explained(network, source, at=at))[rule].missing) == missing


def test_a_name_that_no_container_declares_is_said(network):
    network.put_pods(pods("shop/db", Port("TCP", 5432, "pg")))
    assert (
        "no container of the destination names a port sql" in rules(explained(network, "shop/web"))[0].missing
    )


def test_where_blocks_match_pods_an_address_that_is_in_none_is_said(network):
    network.blocks_match_pods = True
    network.put_pods(msgspec.structs.replace(pods("mine/web"), addresses=("10.1.0.1",)))
    missing = rules(explained(network, "mine/web"))[1].missing
    assert missing[-1] == "none of the pods' addresses that are known is in the rule's blocks"


def test_a_policy_without_rules_denies_and_has_none_to_tell(network):
    found = explained(network, "mine/web").egress
    assert (found.isolated, found.allowed, [one.rules for one in found.policies]) == (True, False, [()])


def test_an_end_without_policies_is_not_isolated_and_allows(network):
    found = explained(network, "shop/web").egress
    assert (found.isolated, found.allowed, found.policies) == (False, True, ())


def test_an_address_outside_has_no_policies(network):
    found = explained(network, "10.200.0.0")
    assert (found.egress.isolated, found.ingress.allowed, found.verdict.allowed) == (False, True, True)


def test_of_a_pod_to_itself_the_policies_are_told_and_it_is_allowed(network):
    network.put_pods(msgspec.structs.replace(pods("shop/db"), pods=1))
    found = explained(network, "shop/db")
    assert (found.itself, found.verdict.allowed, found.ingress.allowed) == (True, True, False)
