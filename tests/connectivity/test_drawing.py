"""Graphs of small clusters, whole; and differences of two states, whole."""

import pytest

from registry.connectivity import graph as graphs
from registry.connectivity.diff import diff
from registry.connectivity.flows import Flows
from registry.connectivity.graph import View, graph
from registry.connectivity.objects import PolicyKey
from registry.connectivity.ports import number_of, shown
from registry.planning.pods import Port
from tests.connectivity.made import cluster, key, names, pods, policy

FROM_WEB = """
podSelector: {matchLabels: {app: db}}
ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""
ANYONE = "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 80}]}]}"
DNS = """
podSelector: {matchLabels: {app: web}}
policyTypes: [Egress]
egress:
- {to: [{namespaceSelector: {}}], ports: [{port: 53, protocol: UDP}]}
- {to: [{ipBlock: {cidr: 10.0.0.0/8}}]}
"""
DB, WEB, API = (f"workload:shop/Deployment.apps/{name}" for name in ("db", "web", "api"))


def shop(*specs):
    policies = (policy(f"shop/{number}", spec) for number, spec in enumerate(specs))
    return cluster(pods("shop/db"), pods("shop/web"), pods("shop/api"), *policies)


def drawn(network, **view):
    return graph(network, Flows(network), View(**view))


def edges(found):
    return [(one.source, one.target, *one.ports) for one in found.edges]


def around(network, name):
    return {"shop": 1 << network.pods(key(name)).place}


def test_what_a_rule_allows_is_an_edge_between_workloads():
    assert edges(drawn(shop(FROM_WEB), level="workload")) == [(WEB, DB, "TCP 5432")]


def test_what_anyone_may_comes_from_all_that_are_unrestricted_from_outside_and_from_each_that_is_not():
    found = drawn(
        shop(ANYONE, "{podSelector: {matchLabels: {app: api}}, egress: [{ports: [{port: 80}]}]}"),
        level="workload",
    )
    assert [one for one in edges(found) if one[1] == DB] == [
        ("addresses:1", DB, "TCP 80"),
        ("unrestricted", DB, "TCP 80"),
        (API, DB, "TCP 80"),
    ]


def test_where_nothing_isolates_the_destination_it_is_among_the_unprotected():
    assert edges(drawn(shop(DNS), level="workload")) == [
        (WEB, "addresses:1", "any"),
        (WEB, "unprotected", "UDP 53"),
    ]


def test_between_ends_that_nothing_isolates_nothing_is_drawn():
    found = drawn(shop(), level="workload")
    assert (edges(found), [one.id for one in found.nodes]) == ([], [API, DB, WEB])


def test_namespaces_tell_how_many_workloads_have_the_connections():
    found = drawn(shop(FROM_WEB), level="namespace")
    [edge], [node] = found.edges, found.nodes
    assert (edge.source, edge.target, edge.sources, edge.targets) == (
        "namespace:shop",
        "namespace:shop",
        1,
        1,
    )
    assert (node.workloads, node.ingress_isolated, node.egress_isolated) == (3, 1, 0)


def test_pods_on_the_network_of_the_host_are_one_node_apart():
    network = shop(ANYONE)
    network.put_pods(pods("shop/agent", host_network=True))
    assert ("host", DB, "TCP 80") in edges(drawn(network, level="workload"))


def serving(*ports):
    return pods("shop/db", *ports)


NAMED = """
podSelector: {matchLabels: {app: db}}
ingress:
- {from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: sql}]}
- {from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: admin}]}
- {from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 9000}]}
"""


def test_ports_of_several_rules_about_the_same_pods_are_put_together_named_ones_too():
    network = shop(NAMED)
    network.put_pods(serving(Port("TCP", 5432, "sql"), Port("TCP", 8080, "admin")))
    assert edges(drawn(network, level="workload")) == [(WEB, DB, "TCP 5432", "TCP 8080", "TCP 9000")]


@pytest.mark.parametrize("one", ["sql", "5432"])
@pytest.mark.parametrize("other", ["sql", "5432"])
def test_a_port_by_name_at_one_end_and_by_number_at_the_other_is_the_same(one, other):
    egress = f"{{podSelector: {{matchLabels: {{app: web}}}}, egress: [{{ports: [{{port: {other}}}]}}]}}"
    network = shop(FROM_WEB.replace("5432", one), egress)
    network.put_pods(serving(Port("TCP", 5432, "sql")))
    assert (WEB, DB, "TCP 5432") in edges(drawn(network, level="workload"))


def test_around_a_workload_only_its_own_connections_are_drawn():
    network = shop(FROM_WEB, DNS)
    found = drawn(network, level="workload", focus=around(network, "shop/db"))
    assert edges(found) == []
    found = drawn(shop(FROM_WEB), level="workload", focus=around(network, "shop/web"))
    assert (edges(found), {one.id for one in found.nodes}) == ([(WEB, DB, "TCP 5432")], {WEB, DB})


def test_more_neighbours_than_can_be_drawn_are_drawn_as_their_namespaces(monkeypatch):
    network = shop(FROM_WEB)
    monkeypatch.setattr(graphs, "MOST_NEIGHBOURS", 0)
    found = drawn(network, level="workload", focus=around(network, "shop/db"))
    assert edges(found) == [("namespace:shop", DB, "TCP 5432")]


PORTS = [("TCP", 80, 4), ("TCP", 81, 0), ("UDP", 80, 0)]


@pytest.mark.parametrize(("protocol", "port", "count"), PORTS)
def test_at_a_port_only_its_connections_are_drawn(protocol, port, count):
    number = number_of(protocol, port)
    found = drawn(shop(ANYONE, FROM_WEB, "{podSelector: {}, policyTypes: [Egress], egress: [{}]}"),
                  level="workload", ports=((number, number),))  # fmt: skip
    assert len([one for one in found.edges if one.target == DB]) == count
    assert {port for one in found.edges for port in one.ports} <= {f"{protocol} {port}"}


def changes(before, change):
    after = before.fork()
    change(after)
    found = (
        one for one in diff(Flows(before, after)) if not (one.source_addresses or one.destination_addresses)
    )
    return sorted(
        (names(after, one.sources), names(after, one.destinations), shown(one.added), shown(one.removed))
        for one in found
    )


ALL = ["shop/api", "shop/db", "shop/web"]


def test_a_policy_that_comes_removes_what_it_does_not_allow():
    came = policy("shop/new", FROM_WEB)
    found = changes(shop(), lambda network: network.put_policy(came))
    rest = ["TCP 1-5431", "TCP 5433-65535", "UDP", "SCTP"]
    others = ["shop/api", "shop/db"]
    assert found == [(others, ["shop/db"], [], ["any"]), (["shop/web"], ["shop/db"], [], rest)]


def test_a_policy_that_goes_adds_what_it_did_not_allow():
    found = changes(shop(ANYONE), lambda network: network.drop_policy(PolicyKey("shop", "0")))
    assert found == [(ALL, ["shop/db"], ["TCP 1-79", "TCP 81-65535", "UDP", "SCTP"], [])]


def test_a_policy_that_changes_to_another_port_adds_and_removes():
    came = policy("shop/0", ANYONE.replace("80", "81"))
    found = changes(shop(ANYONE), lambda network: network.put_policy(came))
    assert found == [(ALL, ["shop/db"], ["TCP 81"], ["TCP 80"])]


def test_a_label_that_changes_moves_connections():
    found = changes(shop(FROM_WEB), lambda network: network.put_pods(pods("shop/api", app="web")))
    assert found == [(["shop/api"], ["shop/db"], ["TCP 5432"], [])]


def test_a_namespace_whose_labels_change_moves_connections():
    by_namespace = "namespaceSelector: {matchLabels: {team: a}}"
    spec = FROM_WEB.replace("podSelector: {matchLabels: {app: web}}", by_namespace)
    found = changes(shop(spec), lambda network: network.put_namespace("shop", {"team": "a"}))
    assert found == [(ALL, ["shop/db"], ["TCP 5432"], [])]


def test_containers_that_declare_another_port_under_the_name_move_connections():
    network = shop(FROM_WEB.replace("5432", "sql"))
    network.put_pods(serving(Port("TCP", 5432, "sql")))
    found = changes(network, lambda fork: fork.put_pods(serving(Port("TCP", 5433, "sql"))))
    assert found == [(["shop/web"], ["shop/db"], ["TCP 5433"], ["TCP 5432"])]


def test_a_policy_that_is_written_otherwise_and_means_the_same_changes_nothing():
    by_expression = "matchExpressions: [{key: app, operator: In, values: [web]}]"
    came = policy("shop/0", FROM_WEB.replace("matchLabels: {app: web}", by_expression))
    assert changes(shop(FROM_WEB), lambda network: network.put_policy(came)) == []


def test_a_policy_of_another_name_with_the_same_rules_changes_nothing():
    came = policy("shop/twin", FROM_WEB)
    assert changes(shop(FROM_WEB), lambda network: network.put_policy(came)) == []


def test_pods_that_come_where_nothing_isolates_them_gain_everything():
    found = changes(shop(), lambda network: network.put_pods(pods("shop/new")))
    assert all(added == ["any"] and not removed for _, _, added, removed in found)
    pairs = {(one, other) for ones, others, *_ in found for one in ones for other in others}
    assert pairs == {
        (one, other)
        for one in [*ALL, "shop/new"]
        for other in [*ALL, "shop/new"]
        if "shop/new" in (one, other)
    }
