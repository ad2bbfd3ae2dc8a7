"""Answers as JSON: what is in them, and that the schema tells all of it."""

import msgspec
import pytest

from registry.connectivity.addresses import address_of
from registry.connectivity.diff import diff
from registry.connectivity.explain import explain
from registry.connectivity.flows import Flows
from registry.connectivity.formats.documents import (
    Question,
    diff_document,
    explain_document,
    graph_document,
    verdict_document,
)
from registry.connectivity.formats.ends import EVERYTHING, Most
from registry.connectivity.graph import View, graph
from registry.connectivity.objects import PodKey
from registry.connectivity.verdict import verdict
from tests.connectivity.formats.answers import CRON, DB, WEB, check, into_db, network


def asked(made, source, destination, port=5432):
    return Question(made.pods(PodKey(source)), made.pods(PodKey(destination)), "TCP", port)


@pytest.mark.parametrize("level", ["namespace", "workload"])
def test_a_graph_is_as_its_schema_says(level):
    made = network()
    document = graph_document(graph(made, Flows(made), View(level=level)))
    check("graph", document)
    assert document["edges"]


def test_a_verdict_names_both_ends():
    made = network()
    question = asked(made, WEB, DB)
    document = verdict_document(question, verdict(made, *question))
    check("verdict", document)
    assert (document["source"]["name"], document["destination"]["name"]) == ("web", "db")
    assert document["allowed"]


def test_an_address_is_an_end():
    made = network()
    question = Question(address_of("2001:db8::1"), made.pods(PodKey(DB)), "TCP", 5432)
    document = verdict_document(question, verdict(made, *question))
    check("verdict", document)
    assert document["source"] == {"address": "2001:db8::1"}
    assert not document["allowed"]


def test_an_explanation_says_which_reference_made_the_policy():
    made = network()
    question = asked(made, CRON, DB)
    document = explain_document(question, explain(made, *question))
    check("explain", document)
    [policy] = document["ingress"]["policies"]
    assert policy["origin"] == {
        "template": "postgres",
        "revision": 3,
        "label": "template.netpol-registry.dev/postgres",
        "on": {"namespace": "shop", "group": "apps", "kind": "StatefulSet", "name": "db"},
    }
    assert policy["rules"][0]["missing"]


def changed(most=EVERYTHING, seen=None):
    before = network()
    after = before.fork()
    after.put_policy(into_db({"from": [{"namespaceSelector": {"matchLabels": {"team": "ops"}}}]}))
    return diff_document(diff(Flows(before, after)), (before, after), most, seen)


def test_a_diff_tells_what_was_added():
    document = changed()
    check("diff", document)
    [change] = document["changes"]
    assert document["counts"] == {"added": 1, "removed": 0, "changed": 0}
    assert (change["change"], change["added"], change["removed"]) == ("added", ["any"], [])
    [source] = change["sources"]["namespaces"]
    assert [one["name"] for one in source["workloads"]] == ["backup"]


def test_beyond_a_limit_workloads_are_counted():
    [change] = changed(Most(workloads=0))["changes"]
    [source] = change["sources"]["namespaces"]
    assert (source["count"], source["workloads"]) == (1, [])


def test_beyond_a_limit_namespaces_are_counted_with_their_workloads():
    document = changed(Most(namespaces=0))
    check("diff", document)
    [change] = document["changes"]
    assert change["sources"] == {
        "namespaces": [],
        "more": {"namespaces": 1, "workloads": 1},
        "hidden": 0,
        "addresses": [],
    }


def test_beyond_a_limit_changes_are_counted():
    document = changed(Most(changes=0))
    check("diff", document)
    assert document["changes"] == []
    assert document["leftOut"] == document["counts"] == {"added": 1, "removed": 0, "changed": 0}


def test_the_changes_between_the_most_workloads_are_shown_first():
    before = network()
    after = before.fork()
    one = {"from": [{"namespaceSelector": {"matchLabels": {"team": "ops"}}}], "ports": [{"port": 1}]}
    many = {"from": [{"namespaceSelector": {}}], "ports": [{"port": 2}]}
    after.put_policy(into_db(one, many))
    document = diff_document(diff(Flows(before, after)), (before, after), Most(changes=1))
    assert [change["added"] for change in document["changes"]] == [["TCP 2"]]
    assert document["leftOut"]["added"] == 1


def test_all_workloads_of_a_namespace_are_not_named_one_by_one():
    before = network()
    after = before.fork()
    after.put_policy(into_db({"from": [{"podSelector": {}}], "ports": [{"port": 1}]}))
    document = diff_document(diff(Flows(before, after)), (before, after))
    [source] = document["changes"][0]["sources"]["namespaces"]
    assert (source["all"], source["count"], source["workloads"]) == (True, 2, [])


def test_workloads_of_namespaces_that_may_not_be_seen_are_counted_only():
    made = network()
    document = changed(seen={"shop": made.namespaces["shop"].index.present})
    check("diff", document)
    [change] = document["changes"]
    assert (change["sources"]["namespaces"], change["sources"]["hidden"]) == ([], 1)


def test_an_explanation_without_the_policies_says_how_many_there_are():
    made = network()
    question = asked(made, CRON, DB)
    explanation = explain(made, *question)
    hidden = msgspec.structs.replace(explanation, ingress=explanation.ingress.redacted())
    document = explain_document(question, hidden)
    check("explain", document)
    assert document["ingress"] == {"isolated": True, "allowed": False, "policies": [], "hidden": 1}
