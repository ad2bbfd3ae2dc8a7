"""A NetworkPolicy as a template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.model.documents import canonical, dump_yaml, load_yaml
from registry.model.from_policy import template_document, template_name
from registry.model.from_policy_parameters import CHOICES
from registry.model.from_policy_words import MAX_DESCRIPTION
from registry.model.normalise import normalise_spec
from registry.model.parameter_rules import MAX_PARAMETERS
from registry.model.parameters import fill
from registry.model.problems import Invalid
from registry.model.rendering import Context, render
from registry.model.template import parse_template
from tests.model.strategies import specs

PLACE = Context("shop", "checkout")


def policy(spec, name="allow-db"):
    return {"metadata": {"name": name}, "spec": load_yaml(spec) if isinstance(spec, str) else spec}


def document(spec, choice="all"):
    return template_document(policy(spec), choice).document


def parameters(spec, choice="all"):
    """The defaults of the parameters by name."""
    found = document(spec, choice).get("parameters", {}).get("properties", {})
    return {name: schema["default"] for name, schema in found.items()}


def rendered(spec, choice="all", given=None):
    made = parse_template(document(spec, choice))
    return render(made, fill(made, given or {}), PLACE)


def without_selector(spec):
    return {key: value for key, value in spec.items() if key != "podSelector"}


@given(specs, st.sampled_from(CHOICES))
def test_with_its_defaults_it_renders_to_the_policy_it_was_made_of(spec, choice):
    stored = normalise_spec(spec)
    own = stored.get("podSelector") or {}
    expected = without_selector(stored) if own else {**stored, "podSelector": {}}
    assert canonical(rendered(spec, choice)) == canonical(expected)


@given(specs)
def test_making_it_again_gives_the_same_bytes(spec):
    assert dump_yaml(document(spec)) == dump_yaml(document(spec))


@given(specs, st.sampled_from(CHOICES))
def test_it_survives_being_written_as_yaml(spec, choice):
    made = document(spec, choice)
    assert list(load_yaml(dump_yaml(made)).items()) == list(made.items())


@pytest.mark.parametrize(
    ("selector", "scope"),
    [
        ("{}", "namespace"),
        ("{matchLabels: {}}", "namespace"),
        ("{matchLabels: {}, matchExpressions: []}", "namespace"),
        ("{matchLabels: {app: db}}", "workload"),
        ("{matchExpressions: [{key: app, operator: Exists}]}", "workload"),
    ],
)
def test_its_scope_follows_from_what_the_policy_selects(selector, scope):
    made = document(f"{{podSelector: {selector}}}")
    assert (made["scope"], made["spec"].get("podSelector")) == (scope, {} if scope == "namespace" else None)


@pytest.mark.parametrize(
    ("ports", "names"),
    [
        ("[{port: 5432}]", ["port"]),
        ("[{port: 5432}, {port: 5432, protocol: UDP}]", ["port"]),
        ("[{port: 5432}, {port: 8443}]", ["postgresPort", "port8443"]),
        ("[{port: 80}, {port: http}]", ["httpPort", "httpPort2"]),
        ("[{port: 9000}, {port: 9001}]", ["port9000", "port9001"]),
        ("[{port: a-metrics}, {port: 8-a}]", ["aMetricsPort", "port8A"]),
        ("[{port: 8000, endPort: 8010}]", []),
        ("[{protocol: UDP}]", []),
    ],
)
def test_each_port_has_a_parameter_with_a_telling_name(ports, names):
    assert list(parameters(f"{{podSelector: {{}}, ingress: [{{ports: {ports}}}]}}")) == names


def test_a_port_served_and_the_same_one_used_are_two_parameters():
    spec = "{podSelector: {}, ingress: [{ports: [{port: 80}]}], egress: [{ports: [{port: 80}]}]}"
    assert parameters(spec) == {"port": 80, "toPort": 80}


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("{podSelector: {matchLabels: {app: web}}}", {"fromPods": {"app": "web"}}),
        ("{podSelector: {}}", {}),
        ("{namespaceSelector: {matchLabels: {team: a}}}", {"fromNamespaces": {"team": "a"}}),
        ("{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}", {}),
        ("{ipBlock: {cidr: 10.0.0.0/8}}", {"fromCidr": "10.0.0.0/8"}),
        ("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}", {}),
    ],
)
def test_labels_and_blocks_of_peers_are_parameters(peer, expected):
    assert parameters(f"{{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}") == expected


RULES = """
podSelector: {}
ingress:
- from: [{podSelector: {matchLabels: {app: web}}}, {ipBlock: {cidr: 10.0.0.0/8}}]
  ports: [{port: 80}]
- from: [{podSelector: {matchLabels: {app: api}}}, {podSelector: {matchLabels: {app: web}}}]
"""


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("none", []),
        ("ports", ["port"]),
        ("labels", ["fromPods", "fromPods2"]),
        ("all", ["fromPods", "fromCidr", "port", "fromPods2"]),
    ],
)
def test_what_is_offered_can_be_chosen(choice, names):
    assert list(parameters(RULES, choice)) == names


def test_a_parameter_changes_what_it_stands_for():
    stored = rendered(RULES, given={"fromPods2": {"app": "shop"}, "port": 81})
    assert stored["ingress"][1]["from"][0] == {"podSelector": {"matchLabels": {"app": "shop"}}}
    assert stored["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 81}]


def test_labels_cannot_be_emptied_to_mean_all_pods():
    with pytest.raises(Invalid):
        rendered(RULES, given={"fromPods": {}})


def test_values_beyond_the_most_parameters_stay_as_they_are():
    ports = [{"port": number} for number in range(1, MAX_PARAMETERS + 2)]
    spec = {"podSelector": {}, "ingress": [{"ports": ports}]}
    assert len(parameters(spec)) == MAX_PARAMETERS
    assert document(spec)["spec"]["ingress"][0]["ports"][-1]["port"] == MAX_PARAMETERS + 1


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        ("{podSelector: {matchLabels: {app: '${x}'}}}", "/spec/podSelector/matchLabels/app"),
        ("{ingress: [{from: [{podSelector: {matchLabels: {'${x}': a}}}]}]}", None),
        ("{ingress: [{ports: [{port: '${x}'}]}]}", "/spec/ingress/0/ports/0/port"),
        ("{egress: [{to: [{ipBlock: {cidr: '${x}'}}]}]}", "/spec/egress/0/to/0/ipBlock/cidr"),
    ],
)
def test_what_would_read_as_a_placeholder_is_refused(spec, pointer):
    with pytest.raises(Invalid) as caught:
        document(spec)
    assert pointer in (None, caught.value.problems[0].pointer)


@pytest.mark.parametrize("wrong", [{}, {"metadata": {}}, {"metadata": {"name": ""}}, {"metadata": []}])
def test_a_policy_without_a_name_is_refused(wrong):
    with pytest.raises(Invalid) as caught:
        template_document({**wrong, "spec": {}})
    assert [problem.pointer for problem in caught.value.problems] == ["/metadata/name"]


@pytest.mark.parametrize("spec", [None, [], "x"])
def test_a_policy_without_a_spec_is_refused(spec):
    with pytest.raises(Invalid) as caught:
        template_document({"metadata": {"name": "a"}, "spec": spec})
    assert [problem.pointer for problem in caught.value.problems] == ["/spec"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("allow-db", "allow-db"),
        ("allow.db.v1", "allow-db-v1"),
        ("a--b", "a--b"),
        ("x" * 80, "x" * 63),
        ("y" * 62 + ".z", "y" * 62),
        ("...", "policy"),
        ("import", "import-policy"),
    ],
)
def test_its_name_is_the_closest_that_a_template_may_have(name, label):
    assert template_name(name) == label


def test_a_changed_name_is_told():
    assert "allow-db" in template_document(policy("{}", "allow.db")).notes[0]


WEB = "{podSelector: {matchLabels: {app: web}}}"
PORTS = "ports: [{port: 1, endPort: 9}, {protocol: UDP}]"
EVERYWHERE = (
    "Ingress stays as it is. Lets the pods of the namespace reach all pods of all namespaces "
    "on TCP 1-9, all UDP ports; cuts all other egress."
)
OUT = "podSelector: {}, policyTypes: [Egress], egress"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("{podSelector: {}}", "Cuts all ingress. Egress stays as it is."),
        (
            f"{{podSelector: {{matchLabels: {{a: b}}}}, ingress: [{{from: [{WEB}]}}]}}",
            "Lets pods with app=web reach this workload; cuts all other ingress. Egress stays as it is.",
        ),
        (f"{{{OUT}: [{{}}]}}", "Ingress stays as it is. Lets the pods of the namespace reach anyone."),
        (f"{{{OUT}: [{{to: [{{namespaceSelector: {{}}}}], {PORTS}}}]}}", EVERYWHERE),
    ],
)
def test_its_description_says_what_it_lets_through_and_what_it_cuts(spec, words):
    assert document(spec)["description"] == words


@given(specs)
def test_its_description_is_never_too_long(spec):
    assert len(document(spec)["description"]) <= MAX_DESCRIPTION
