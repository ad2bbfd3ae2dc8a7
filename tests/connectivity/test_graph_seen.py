"""A graph names only what whoever asks may see."""

from registry.connectivity.flows import Flows
from registry.connectivity.graph import HIDDEN, View, graph
from tests.connectivity.made import cluster, pods, policy

FROM_ALL = """
podSelector: {}
policyTypes: [Ingress]
ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]
"""
DENY = "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}]}]}"


def network():
    return cluster(
        *(pods("shop/db"), pods("shop/web"), pods("one/a"), pods("two/b"), pods("two/c")),
        *(policy("shop/p", FROM_ALL), policy("one/e", DENY), policy("two/e", DENY)),
        namespaces={"one": {"team": "a"}, "two": {"team": "a"}, "shop": {}},
    )


def drawn(level, seen):
    made = network()
    view = View(level=level, focus=seen, seen=seen)
    return graph(made, Flows(made), view)


def test_namespaces_that_may_not_be_seen_are_one_node_that_counts_their_workloads():
    found = drawn("namespace", {"shop": 3})
    [hidden] = [node for node in found.nodes if node.kind == "hidden"]
    assert (hidden.name, hidden.workloads, hidden.namespace) == ("2 other namespaces", 3, "")
    assert [(edge.source, edge.target) for edge in found.edges] == [(HIDDEN, "namespace:shop")]


def test_no_name_of_what_may_not_be_seen_is_in_the_graph():
    found = str(drawn("workload", {"shop": 3}))
    assert all(name not in found for name in ("one", "two", "Deployment.apps/a"))


def test_a_workload_of_a_kind_that_may_not_be_seen_is_drawn_as_its_namespace():
    found = drawn("workload", {"shop": 3, "two": 1})
    assert {node.id for node in found.nodes if node.namespace == "two"} == {
        "workload:two/Deployment.apps/b",
        "namespace:two",
    }
