"""Whom one workload can talk to."""

from registry.connectivity.flows import Flows
from registry.connectivity.formats.ends import Ends
from registry.connectivity.formats.neighbours import neighbours_document
from tests.connectivity.formats.answers import check
from tests.connectivity.made import cluster, key, pods, policy

FROM_WEB = """
podSelector: {matchLabels: {app: db}}
policyTypes: [Ingress]
ingress:
- from: [{podSelector: {matchLabels: {app: web}}}, {ipBlock: {cidr: 192.0.2.0/24}}]
  ports: [{port: 80}]
- {ports: [{port: 9090}]}
"""
TO_DB = """
podSelector: {matchLabels: {app: web}}
policyTypes: [Egress]
egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]
"""


def told(name, *objects):
    made = cluster(pods("shop/db"), pods("shop/web"), pods("shop/other"), *objects)
    document = neighbours_document(made.pods(key(f"shop/{name}")), Flows(made), Ends([made]))
    check("neighbours", document)
    return document


def peers(direction):
    return {
        tuple(one["ports"]): (
            [pod["name"] for some in one["peers"]["namespaces"] for pod in some["workloads"]],
            one["unisolated"],
        )
        for one in direction["peers"]
    }


def test_peers_with_the_same_ports_are_together():
    found = told("db", policy("shop/db", FROM_WEB), policy("shop/web", TO_DB))["ingress"]
    assert found["isolated"] is True
    assert peers(found)["TCP 80", "TCP 9090"] == (["web"], 0)


def test_all_that_nothing_isolates_are_counted():
    found = told("db", policy("shop/db", FROM_WEB), policy("shop/web", TO_DB))["ingress"]
    assert peers(found)["TCP 9090",] == ([], 2)


def test_where_nothing_isolates_it_only_isolated_peers_are_told():
    found = told("db", policy("shop/web", TO_DB))["ingress"]
    assert (found["isolated"], peers(found)) == (False, {("any",): (["web"], 0)})


def test_whom_it_can_reach_is_told():
    found = told("web", policy("shop/db", FROM_WEB), policy("shop/web", TO_DB))["egress"]
    assert peers(found) == {("TCP 80", "TCP 9090"): (["db"], 0)}
