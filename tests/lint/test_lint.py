"""What lint finds, and above all where it is silent."""

from pathlib import Path

import pytest
from hypothesis import given

from registry.lint import coverage
from registry.lint.codes import CODES
from registry.lint.examples import example, surroundings
from registry.lint.findings import SEVERITIES, Surroundings
from registry.lint.lint import lint
from registry.model.defaults import default_templates
from registry.model.documents import load_yaml
from registry.model.pointers import split
from registry.model.problems import Invalid
from registry.model.template import parse_template
from tests.lint.places import place, policies, target
from tests.model.other_parameters import OTHER_PARAMETERS
from tests.model.strategies import specs

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
    there = place(case["place"]) if "place" in case else None
    return Surroundings(
        pod_ranges=tuple(case.get("podRanges", ())),
        defaults=tuple(default),
        place=there,
        target=target(case["target"], there) if there else None,
        policies=policies(case.get("policies", {})),
    )


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_exactly_this_is_found(name):
    case = CORPUS[name]
    found = lint(template(**case["template"]), None, of_case(case))
    assert [f"{one.code} {one.severity} {one.pointer}" for one in found] == case["expected"]


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_a_pointer_leads_to_a_place_in_the_document(name):
    looked_at = template(**CORPUS[name]["template"])
    for finding in lint(looked_at, None, of_case(CORPUS[name])):
        node = looked_at.document
        for token in split(finding.pointer):
            node = node[int(token)] if isinstance(node, list) else node[token]


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
    found = {
        (one.code, one.severity, one.pointer, name)
        for name, each in TEMPLATES.items()
        for one in lint(each, None, SHIPPED)
    }
    assert found == {
        ("AlwaysWidened", "warning", "/spec/policyTypes", "deny-ingress"),  # it cuts ingress alone
        ("AlwaysWidened", "info", "/spec/policyTypes", "default-deny-all"),  # it still cuts egress
    }


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
        "properties": {"cidr": {"type": "string"}},
        "examples": [{"cidr": "10.0.0.0/8"}],
    },
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": {"cidr": "${cidr}"}}]}]},
}


def test_an_address_that_a_user_gave_is_looked_at():
    found = lint(template(**CIDR), {"cidr": "128.0.0.0/1"})
    assert [(one.code, one.pointer) for one in found] == [("BroadCidr", "/spec/ingress/0/from/0/ipBlock")]


def test_an_address_of_an_example_is_not_the_authors_own():
    schema = {
        "required": ["note"],
        "properties": {"note": {"type": "string"}, "cidr": {"default": "10.0.0.0/8"}},
        "examples": [{"note": "any", "cidr": "128.0.0.0/1"}],
    }
    assert lint(template(parameters=schema, spec=CIDR["spec"])) == []


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


def test_a_peer_after_spliced_ones_has_its_own_place():
    two = [{"podSelector": {"matchLabels": {"app": name}}} for name in ("a", "b")]
    rule = {"from": ["${peers}", {"ipBlock": {"cidr": "128.0.0.0/1"}}]}
    peers = {"properties": {"peers": {"type": "array", "default": two}}}
    [finding] = lint(template(parameters=peers, spec={"policyTypes": ["Ingress"], "ingress": [rule]}))
    assert finding.pointer == "/spec/ingress/0/from/1/ipBlock"


def test_a_peer_that_a_default_brought_is_found_at_its_placeholder():
    peers = {"properties": {"peers": {"type": "array", "default": [{"ipBlock": {"cidr": "128.0.0.0/1"}}]}}}
    spec = {"policyTypes": ["Ingress"], "ingress": [{"from": "${peers}"}]}
    [finding] = lint(template(parameters=peers, spec=spec))
    assert finding.pointer == "/spec/ingress/0/from"


def test_a_fact_of_the_cluster_is_not_the_authors_block():
    facts = {"cluster.dns": [{"ipBlock": {"cidr": "10.244.0.10/32"}}]}
    assert lint(TEMPLATES["allow-dns"], None, Surroundings(facts, ("10.244.0.0/16",))) == []


@given(specs.filter(lambda spec: spec.get("policyTypes") != []))
def test_any_valid_spec_is_looked_at(spec):
    for finding in lint(template("namespace", spec=spec)):
        assert finding.pointer.startswith("/spec")
        assert finding.message


def test_a_long_document_takes_little_work(monkeypatch):
    compared = []
    monkeypatch.setattr(coverage, "covers_port", lambda *ports: compared.append(ports))
    ports = [[{"port": number + first} for number in range(190)] for first in range(1, 40_000, 2000)]
    lint(template(spec={"policyTypes": ["Ingress"], "ingress": [{"ports": each} for each in ports]}))
    assert compared == []
