"""`netpol-registry lint`, as CI runs it: no cluster, no settings."""

import json
import subprocess
import sys

import pytest

CLEAN = "name: web\ndescription: d\nscope: workload\nspec: {policyTypes: [Ingress]}\n"
OPEN = CLEAN.replace("[Ingress]", "[Ingress], ingress: [{from: []}]")
SPLIT = CLEAN.replace("{policyTypes: [Ingress]}", "{}")
POD = CLEAN.replace("[Ingress]", "[Ingress], ingress: [{from: [{ipBlock: {cidr: 10.244.1.7/32}}]}]")
DEFAULT = """\
name: same-namespace
description: d
scope: namespace
defaultIn: {}
spec: {policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}
"""


@pytest.fixture
def lint(tmp_path):
    """Runs the command on texts, each in a file of its own."""

    def run(*texts, options=(), stdin=""):
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.yaml").write_text(text)
        files = [f"{number}.yaml" for number in range(len(texts))]
        command = [sys.executable, "-m", "registry", "lint", *options, *files]
        environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path)}
        return subprocess.run(
            command, cwd=tmp_path, input=stdin, capture_output=True, text=True, check=False, env=environment
        )

    return run


def findings(done):
    return [(one["code"], one["severity"]) for one in json.loads(done.stdout)["findings"]]


def test_nothing_found_is_success(lint):
    done = lint(CLEAN)
    assert (done.returncode, done.stdout) == (0, "templates 1, error 0, warning 0, info 0, not read 0\n")


def test_a_finding_says_where_what_and_what_to_do(lint):
    done = lint(CLEAN + "---\n" + OPEN)
    assert done.returncode == 1
    first, fix, *_ = done.stdout.splitlines()
    assert first.startswith("0.yaml:5: web: error: EmptyFromAllowsAll at /spec/ingress/0/from: ")
    assert fix.startswith("    To allow nobody")


def test_json_has_the_same(lint):
    done = lint(OPEN, options=["--output", "json"])
    whole = json.loads(done.stdout)
    assert whole["counts"] == {"error": 1, "warning": 0, "info": 0}
    [one] = whole["findings"]
    assert (one["file"], one["line"], one["entry"], one["template"]) == ("0.yaml", 1, None, "web")
    assert (one["code"], one["pointer"]) == ("EmptyFromAllowsAll", "/spec/ingress/0/from")


@pytest.mark.parametrize(
    ("text", "least", "code"),
    [
        (OPEN, "error", 1),
        (OPEN, "never", 0),
        (POD, "error", 0),
        (POD, "warning", 1),
        (SPLIT, "warning", 0),
        (SPLIT, "info", 1),
    ],
)
def test_what_fails_is_chosen(lint, text, least, code):
    assert lint(text, options=["--fail-on", least, "--pod-range", "10.244.0.0/16"]).returncode == code


def test_pod_ranges_are_given(lint):
    ranges = ["--pod-range", "fd00::/56", "--pod-range", "10.244.0.0/16", "-o", "json"]
    assert findings(lint(POD, options=ranges)) == [("PodIpInIpBlock", "warning")]


def test_the_defaults_are_those_among_the_files(lint):
    assert findings(lint(CLEAN, DEFAULT, options=["-o", "json"])) == [("AlwaysWidened", "warning")]


EGRESS = {"policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {}}], "ports": [{"port": 5432}]}]}
DNS = {
    "podSelector": {},
    "policyTypes": ["Egress"],
    "egress": [{"ports": [{"protocol": "UDP", "port": 53}, {"port": 53}]}],
}


def policies(*specs):
    """NetworkPolicies, each a namespace and a spec, as kubectl prints them."""
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    items = [
        {**kind, "metadata": {"name": f"p-{number}", "namespace": namespace}, "spec": spec}
        for number, (namespace, spec) in enumerate(specs)
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def test_a_network_policy_is_linted_as_it_is_written(lint):
    spec = {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": []}],
    }
    done = lint(policies(("shop", spec)), options=["-o", "json"])
    assert findings(done) == [("EmptyFromAllowsAll", "error")]


def test_dns_may_be_allowed_by_another_policy_of_the_namespace(lint):
    db = {"podSelector": {"matchLabels": {"app": "db"}}, **EGRESS}
    assert findings(lint(policies(("shop", db), ("shop", DNS)), options=["-o", "json"])) == []
    other = lint(policies(("shop", db), ("tools", DNS)), options=["-o", "json"])
    assert findings(other) == [("DnsForgotten", "warning")]


def test_a_policy_that_denies_beside_one_that_allows_is_how_policies_are_written(lint):
    allow = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}
    deny = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}
    assert findings(lint(policies(("shop", allow), ("shop", deny)), options=["-o", "json"])) == []


def test_standard_input_is_read(lint):
    done = lint(options=["-"], stdin=OPEN)
    assert done.stdout.startswith("-:1: web: error: ")


@pytest.mark.parametrize(
    ("text", "pointer", "reason"),
    [
        ("kind: Service\n", "/kind", "An object of kind Service is no template."),
        ("kind: NetworkPolicy\n", "/apiVersion", None),
        (CLEAN.replace("workload", "cluster"), "/scope", None),
        ("", "", "There is no document in it."),
        ("name: [\n", "", None),
    ],
)
def test_what_cannot_be_read_is_told_beside_what_can(lint, text, pointer, reason):
    done = lint(OPEN, text, options=["-o", "json", "--fail-on", "never"])
    [problem] = json.loads(done.stdout)["problems"]
    assert (done.returncode, problem["file"], problem["pointer"]) == (2, "1.yaml", pointer)
    assert problem["fix"]
    assert reason in (None, problem["reason"])
    assert findings(done) == [("EmptyFromAllowsAll", "error")]


def test_a_problem_reads_like_a_finding(lint):
    done = lint("kind: Pod\n")
    assert done.stdout.startswith(
        "0.yaml:1: not read: /kind: An object of kind Pod is no template.\n    Give "
    )


@pytest.mark.parametrize("path", ["missing.yaml", ".", "no\nname"])
def test_a_path_that_is_no_file_is_told(lint, path):
    done = lint(options=[path])
    assert done.returncode == 2
    assert "not read: " in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("options", [[], ["--fail-on", "all"], ["--pod-range", "10.244.0.0"], ["-o", "xml"]])
def test_a_wrong_call_is_refused(lint, options):
    done = lint(*([CLEAN] if options else []), options=options)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: " in done.stderr
