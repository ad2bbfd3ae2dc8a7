"""Answers about connectivity as the OpenAPI document shows them, asked of a small network."""

from typing import Any, Final

from registry.connectivity.completeness import completeness
from registry.connectivity.coverage import coverage
from registry.connectivity.diff import diff
from registry.connectivity.explain import explain
from registry.connectivity.exposure import exposure
from registry.connectivity.findings.findings import findings
from registry.connectivity.flows import Flows
from registry.connectivity.formats.analyses import (
    coverage_document,
    exposure_document,
    findings_document,
)
from registry.connectivity.formats.completeness import enforcement_document
from registry.connectivity.formats.documents import (
    Question,
    diff_document,
    explain_document,
    graph_document,
    verdict_document,
)
from registry.connectivity.formats.ends import Ends
from registry.connectivity.formats.neighbours import neighbours_document
from registry.connectivity.graph import View, graph
from registry.connectivity.network import Network
from registry.connectivity.objects import Origin, PodGroup, PodKey, Policy, PolicyKey
from registry.connectivity.plugins import Agent
from registry.connectivity.verdict import verdict
from registry.http.connectivity.completeness import TEMPLATES
from registry.model.documents import canonical
from registry.planning.objects import Key
from registry.planning.pods import Port

WEB: Final = Key("apps", "Deployment", "shop", "web")
DB: Final = Key("apps", "StatefulSet", "shop", "db")

COMPLETENESS: Final[dict[str, Any]] = {
    "everythingSeen": True,
    "blocksMatchPods": False,
    "enforcement": enforcement_document(
        completeness([Agent("calico-system", "calico-node")]),
    ),
    "leftOut": [{"reason": "PodAddresses", "message": TEMPLATES, "total": 0, "objects": []}],
}


def network() -> Network:
    """A shop whose database a template protects."""
    made = Network()
    made.put_namespace("shop", {})
    for key, number in ((WEB, 8080), (DB, 5432)):
        ports = frozenset([Port("TCP", number)])
        made.put_pods(PodGroup(key=PodKey(key), labels=(("app", key.name),), ports=ports))
    spec = {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 5432}]}],
    }
    origin = Origin("postgres", 3, DB)
    policy = Policy(namespace="shop", name="db-postgres-1f0c5b7a2e", spec=canonical(spec), origin=origin)
    made.put_policy(policy)
    return made


def _question(made: Network) -> Question:
    return Question(made.pods(PodKey(WEB)), made.pods(PodKey(DB)), "TCP", 6432)


def _verdict() -> dict[str, Any]:
    made = network()
    question = _question(made)
    return {**verdict_document(question, verdict(made, *question)), "completeness": COMPLETENESS}


def _explanation() -> dict[str, Any]:
    made = network()
    question = _question(made)
    return {**explain_document(question, explain(made, *question)), "completeness": COMPLETENESS}


def _graph() -> dict[str, Any]:
    made = network()
    drawn = graph(made, Flows(made), View(level="workload"))
    return {**graph_document(drawn), "completeness": COMPLETENESS}


def _neighbours() -> dict[str, Any]:
    made = network()
    found = neighbours_document(made.pods(PodKey(DB)), Flows(made), Ends([made]))
    return {**found, "completeness": COMPLETENESS}


def _diff() -> dict[str, Any]:
    before = network()
    after = before.fork()
    after.drop_policy(PolicyKey("shop", "db-postgres-1f0c5b7a2e"))
    found = diff_document(diff(Flows(before, after)), (before, after))
    return {**found, "completeness": COMPLETENESS}


def _analyses() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    made = network()
    made.put_policy(Policy(namespace="shop", name="old", spec=canonical(_NOTHING)))
    flows, ends = Flows(made), Ends([made])
    documents = (
        exposure_document(exposure(made, flows), ends),
        coverage_document(coverage(made), ends),
        findings_document(findings(made, flows), ends),
    )
    first, second, third = ({**one, "completeness": COMPLETENESS} for one in documents)
    return first, second, third


_NOTHING: Final = {"podSelector": {"matchLabels": {"app": "gone"}}, "policyTypes": ["Ingress"]}

VERDICT: Final = _verdict()
EXPLAIN: Final = _explanation()
GRAPH: Final = _graph()
NEIGHBOURS: Final = _neighbours()
DIFF: Final = _diff()
EXPOSURE, COVERAGE, FINDINGS = _analyses()
