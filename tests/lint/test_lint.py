"""What lint finds, and above all where it is silent."""

from pathlib import Path

import pytest

from registry.lint.codes import CODES
from registry.lint.examples import example, surroundings
from registry.lint.findings import SEVERITIES, Surroundings
from registry.lint.lint import lint
from registry.lint.page import page
from registry.model.defaults import default_templates
from registry.model.documents import load_yaml
from registry.model.problems import Invalid
from registry.model.template import parse_template
from tests.model.other_parameters import OTHER_PARAMETERS

ROOT = Path(__file__).parents[2]
CORPUS = {path.stem: load_yaml(path.read_text()) for path in (ROOT / "tests/lint/corpus").glob("*.yaml")}
TEMPLATES = {template.name: template for template in default_templates()}
SHIPPED = Surroundings(
    pod_ranges=("10.244.0.0/16",),
    defaults=tuple(template for template in TEMPLATES.values() if template.default_in is not None),
)


def template(scope="workload", name="web", **fields):
    return parse_template({"name": name, "description": "As lint sees it.", "scope": scope, **fields})


def of_case(case):
    default = [template("namespace", "standard", **case["default"])] if "default" in case else []
    return Surroundings(pod_ranges=tuple(case.get("podRanges", ())), defaults=tuple(default))


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_exactly_this_is_found(name):
    case = CORPUS[name]
    found = lint(template(**case["template"]), None, of_case(case))
    assert [f"{one.code} {one.severity} {one.pointer}" for one in found] == case["expected"]


@pytest.mark.parametrize("code", CODES)
def test_the_corpus_has_each_code(code):
    assert any(line.startswith(f"{code} ") for case in CORPUS.values() for line in case["expected"])


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_default_template_gives_no_alarm(name):
    assert lint(TEMPLATES[name]) == []


@pytest.mark.parametrize("name", OTHER_PARAMETERS)
def test_a_default_template_gives_no_alarm_with_other_parameters(name):
    assert lint(TEMPLATES[name], OTHER_PARAMETERS[name]) == []


def test_beside_the_shipped_defaults_only_denials_that_they_undo_are_found():
    found = {(one.code, name) for name, each in TEMPLATES.items() for one in lint(each, None, SHIPPED)}
    assert found == {("AlwaysWidened", "deny-ingress"), ("AlwaysWidened", "default-deny-all")}


def test_the_default_that_widens_is_named():
    [finding] = lint(TEMPLATES["deny-ingress"], None, SHIPPED)
    assert "allow-namespace-communication" in finding.message


@pytest.mark.parametrize("code", CODES)
def test_an_example_shows_its_code(code):
    assert code in {finding.code for finding in lint(example(code), None, surroundings(code))}


@pytest.mark.parametrize("code", CODES)
def test_no_finding_is_worse_than_its_code(code):
    for finding in lint(example(code), None, surroundings(code)):
        assert SEVERITIES.index(finding.severity) >= SEVERITIES.index(CODES[finding.code].severity)


CIDR = {
    "parameters": {
        "required": ["cidr"],
        "properties": {"cidr": {"type": "string", "examples": ["10.0.0.0/8"]}},
    },
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": {"cidr": "${cidr}"}}]}]},
}


def test_an_address_that_a_user_gave_is_looked_at():
    found = lint(template(**CIDR), {"cidr": "128.0.0.0/1"})
    assert [(one.code, one.pointer) for one in found] == [("BroadCidr", "/spec/ingress/0/from/0/ipBlock")]


def test_parameters_that_do_not_fit_are_refused():
    with pytest.raises(Invalid):
        lint(template(**CIDR), {"cidr": "everything"})


def test_a_rule_after_a_dropped_one_has_its_own_place():
    spec = {
        "policyTypes": ["Ingress"],
        "ingress": [{"from": ["${peers}"]}, {"from": [{"ipBlock": {"cidr": "128.0.0.0/1"}}]}],
    }
    peers = {"properties": {"peers": {"type": "array", "default": []}}}
    [finding] = lint(template(parameters=peers, spec=spec))
    assert finding.pointer == "/spec/ingress/1/from/0/ipBlock"


def test_a_fact_of_the_cluster_is_not_the_authors_block():
    facts = {"cluster.dns": [{"ipBlock": {"cidr": "10.244.0.10/32"}}]}
    assert lint(TEMPLATES["allow-dns"], None, Surroundings(facts, ("10.244.0.0/16",))) == []


def test_the_page_is_up_to_date():
    assert (ROOT / "docs" / "lint.md").read_text() == page()
