"""What each command answers, and by which status it exits."""

import csv
import io

import pytest

from tests.connectivity.formats.answers import check
from tests.offline.manifests import ingress, listed, pod, policy, service, workload

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def shop(write):
    """Two states: in `after` the web loses the database, and the batch gains it."""
    pods = [workload("web"), workload("batch"), workload("db", "StatefulSet", ports=[("postgres", 5432)])]
    ports = [{"port": "postgres"}]
    write("before/all.yaml", *pods, policy("db", "db", "web", ports=ports))
    write("after/all.yaml", *pods, policy("db", "db", "batch", ports=ports))


COMMANDS = {
    "graph": ["--from", "before"],
    "explain": ["shop/web", "shop/db", "5432", "--from", "before"],
    "diff": ["--from", "before", "--to", "after"],
    "findings": ["--from", "before"],
    "exposure": ["--from", "before"],
    "coverage": ["--from", "before"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_as_the_schema_says(answer, command):
    check(command, answer(command, *COMMANDS[command]))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("format_", ["markdown", "csv"])
def test_every_answer_has_tables(connectivity, command, format_):
    done = connectivity(command, *COMMANDS[command], "--format", format_)
    assert done.output.endswith("\n")
    assert "shop" in done.output or command == "findings"


@pytest.mark.parametrize("command", ["graph", "diff"])
@pytest.mark.parametrize(("format_", "begin"), [("dot", "digraph "), ("mermaid", "flowchart ")])
def test_connections_can_be_drawn(connectivity, command, format_, begin):
    drawn = connectivity(command, *COMMANDS[command], "--format", format_).output
    assert drawn.startswith(begin)
    assert "shop" in drawn
    assert "TCP 5432" in drawn


@pytest.mark.parametrize("command", COMMANDS)
def test_an_answer_is_the_same_again(connectivity, command):
    first, second = (connectivity(command, *COMMANDS[command], "--format", "json") for _ in range(2))
    assert first == second


def edges(found):
    return [(one["source"].rpartition("/")[2], one["target"].rpartition("/")[2]) for one in found["edges"]]


def test_a_graph_may_be_about_one_workload(answer):
    found = answer("graph", "--from", "before", "--workload", "shop/statefulset/db")
    assert found["level"] == "workload"
    assert edges(found) == [("web", "db")]


def test_a_graph_may_be_about_one_port(answer):
    assert edges(answer("graph", "--from", "before", "--port", "UDP")) == []
    assert len(edges(answer("graph", "--from", "before", "--port", "TCP/5000-6000"))) == 1


def test_a_graph_may_be_about_one_namespace(answer, write):
    write("before/other.yaml", workload("other", namespace="other"))
    found = answer("graph", "--from", "before", "--namespace", "other")
    assert {one["namespace"] for one in found["nodes"]} == {"other"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--namespace", "shp"], "There is no namespace shp in the manifests. There are: shop."),
        (["--workload", "shop/dbb"], "There is no workload or pod dbb in namespace shop. Did you mean db?"),
        (["--workload", "db"], "'db' names no pod, workload or address. Write namespace/name"),
        (
            ["--workload", "shopp/db"],
            "There are no pods in a namespace shopp, so shopp/db is not there.",
        ),
        (["--port", "0"], "'0' is not within the ports 1 to 65535"),
        (["--port", "ICMP/1"], "'ICMP/1' names no port of TCP, UDP, SCTP"),
        (["--port", "TCP/9-5"], "'TCP/9-5' is not within the ports 1 to 65535"),
    ],
)
def test_a_wrong_question_is_told(connectivity, arguments, said):
    done = connectivity("graph", "--from", "before", *arguments)
    assert (done.status, done.output) == (2, "")
    assert f"netpol-registry: {said}" in done.errors


@pytest.mark.parametrize(
    ("source", "expected", "status"),
    [("web", "allowed", 0), ("web", "denied", 1), ("batch", "denied", 0), ("batch", "allowed", 1)],
)
def test_an_explanation_may_be_expected(connectivity, source, expected, status):
    done = connectivity(
        "explain", f"shop/{source}", "shop/db", "5432", "--from", "before", "--expect", expected
    )
    assert done.status == status


@pytest.mark.parametrize(("fail_on", "status"), [("never", 0), ("added", 1), ("removed", 1), ("any", 1)])
def test_a_diff_may_fail(connectivity, fail_on, status):
    assert connectivity("diff", *COMMANDS["diff"], "--fail-on", fail_on).status == status


@pytest.mark.parametrize(("fail_on", "status"), [("added", 0), ("removed", 0), ("any", 0)])
def test_a_diff_without_changes_does_not_fail(connectivity, fail_on, status):
    done = connectivity("diff", "--from", "before", "--to", "before", "--fail-on", fail_on)
    assert done.status == status


def source(change):
    return change["sources"]["namespaces"][0]["workloads"][0]["name"]


def test_a_diff_tells_what_was_gained_and_lost(answer):
    found = answer("diff", *COMMANDS["diff"])
    assert [(one["change"], source(one), one["added"], one["removed"]) for one in found["changes"]] == [
        ("added", "batch", ["TCP 5432"], []),
        ("removed", "web", [], ["TCP 5432"]),
    ]


def test_a_policy_that_is_gone_denies_nothing_any_more(write, answer):
    write("bare/all.yaml", workload("web"), workload("db", "StatefulSet"))
    write("bare/policy.yaml", policy("db", "db"))
    found = answer("diff", "--from", "bare", "--to", "bare/all.yaml")
    assert (bool(found["counts"]["added"]), found["counts"]["removed"]) == (True, 0)


def test_a_workload_that_is_new_gains_its_connections(answer, write):
    write("more/all.yaml", workload("new"))
    found = answer("diff", "--from", "before", "--to", "before", "--to", "more")
    assert found["counts"]["added"]
    assert not found["counts"]["removed"]


def test_a_namespace_that_is_gone_takes_its_connections_along(answer, write):
    write("more/all.yaml", workload("old", namespace="old"), policy("p", "old", "old", namespace="old"))
    found = answer("diff", "--from", "before", "--from", "more", "--to", "before")
    assert found["counts"]["removed"]
    assert not found["counts"]["added"]


@pytest.mark.parametrize(("fail_on", "status"), [("warning", 1), ("error", 0), ("never", 0)])
def test_findings_fail_by_severity(connectivity, write, fail_on, status):
    write("before/lost.yaml", policy("lost", "nobody"))
    assert connectivity("findings", "--from", "before", "--fail-on", fail_on).status == status


def test_what_was_not_read_counts_more_than_what_was_found(connectivity, write):
    write("before/lost.yaml", policy("lost", "nobody"))
    write("before/broken.yaml", "{")
    done = connectivity("findings", "--from", "before")
    assert done.status == 2
    assert "SelectsNothing" in done.output


def test_csv_is_a_line_for_each_connection(connectivity):
    done = connectivity("graph", "--from", "before", "--level", "workload", "--format", "csv")
    assert list(csv.reader(io.StringIO(done.output))) == [
        ["From", "To", "Ports"],
        ["shop/Deployment.apps/web", "shop/StatefulSet.apps/db", "TCP 5432"],
    ]


@pytest.mark.parametrize(("options", "allowed"), [([], False), (["--blocks-match-pods"], True)])
def test_blocks_match_pods_where_that_is_said(write, answer, options, allowed):
    into = policy("db", "db")
    into["spec"]["ingress"] = [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]
    write("all.json", listed(pod("web", "web", ip="10.1.2.3"), pod("db", "db", ip="10.1.2.4"), into))
    found = answer("explain", "shop/web", "shop/db", "80", "--from", "all.json", *options)
    assert (found["allowed"], found["completeness"]["blocksMatchPods"]) == (allowed, allowed)


def entrances(found):
    edges = [one for one in found["edges"] if one["source"].startswith("entrance:")]
    return [(one["source"], one["target"].rpartition("/")[2], one["ports"]) for one in edges]


def test_a_graph_has_the_names_under_which_workloads_are_reached(write, answer):
    write("all.yaml", workload("web"), service("web", "web"), ingress("shop.example.com", "web"))
    found = answer("graph", "--from", "all.yaml", "--level", "workload")
    assert entrances(found) == [("entrance:shop.example.com", "web", ["TCP 8080"])]


def test_a_name_from_outside_is_drawn(write, connectivity):
    write("all.yaml", workload("web"), service("web", "web"), ingress("shop.example.com", "web"))
    assert (
        '"outside, via shop.example.com"' in connectivity("graph", "--from", "all.yaml", "-f", "dot").output
    )


def test_a_drawing_says_what_was_gained_and_lost(connectivity):
    drawn = connectivity("diff", *COMMANDS["diff"], "--format", "mermaid").output
    assert '|"gained TCP 5432"|' in drawn
    assert '|"lost TCP 5432"|' in drawn


def test_a_name_whose_controller_is_kept_out_leads_nowhere(write, answer):
    controller = workload("controller", namespace="ingress-nginx")
    labels = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
    controller["spec"]["selector"] = {"matchLabels": labels}
    controller["spec"]["template"]["metadata"]["labels"] = labels
    everything = [workload("web"), service("web", "web"), ingress("shop.example.com", "web"), controller]
    write("open.yaml", *everything)
    write("shut.yaml", *everything, policy("web", "web"))
    arguments = ("--level", "workload", "--from")
    assert len(entrances(answer("graph", *arguments, "open.yaml"))) == 1
    assert entrances(answer("graph", *arguments, "shut.yaml")) == []


def test_an_ingress_that_no_api_server_takes_is_told(write, connectivity):
    bad = ingress("shop.example.com", "web")
    bad["spec"]["rules"] = "none"
    done = connectivity("graph", "--from", write("all.yaml", bad), "-f", "json")
    assert (done.status, done.json["problems"][0]["pointer"]) == (2, "/spec/rules")


def test_an_exposure_has_the_names_under_which_workloads_are_reached(write, answer):
    write("all.yaml", workload("web"), service("web", "web"), ingress("shop.example.com", "web"))
    found = answer("exposure", "--from", "all.yaml")
    assert [(one["hosts"], one["allowed"]) for one in found["entrances"]] == [
        (["shop.example.com"], "unknown")
    ]


def test_kinds_that_may_lead_in_and_are_not_read_are_told(write, answer):
    route = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "web"}}
    write("all.yaml", workload("web"), {**route, "spec": {}})
    told = answer("graph", "--from", "all.yaml")["completeness"]["leftOut"]
    found = [one for one in told if one["reason"] == "EntranceKind"]
    assert [(one["total"], one["objects"]) for one in found] == [(1, ["VirtualService.networking.istio.io"])]
