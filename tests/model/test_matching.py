"""Parameters read back out of a policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.model.defaults import default_templates
from registry.model.documents import canonical
from registry.model.facts import SAMPLE_FACTS
from registry.model.from_policy import template_document
from registry.model.matching import Reader
from registry.model.normalise import normalise_spec
from registry.model.parameters import fill
from registry.model.rendering import Context, render
from registry.model.template import parse_template
from tests.model.other_parameters import OTHER_PARAMETERS
from tests.model.strategies import specs

PLACE = Context("shop", "checkout", SAMPLE_FACTS)
DEFAULTS = {one.name: one for one in default_templates()}


def parameters_for(template, spec, context):
    return Reader(template).read(spec, context)


def made(ingress, scope="workload", **properties):
    spec = {"policyTypes": ["Ingress"], "ingress": ingress}
    parameters = {"type": "object", "additionalProperties": False, "properties": properties}
    document = {"name": "t", "description": "T.", "scope": scope, "parameters": parameters, "spec": spec}
    return parse_template(document if properties else {**document, "parameters": {"type": "object"}})


def spec(ingress):
    return normalise_spec({"policyTypes": ["Ingress"], "ingress": ingress})


def found(template, ingress):
    return list(parameters_for(template, spec(ingress), PLACE))


def port(number, **more):
    return {"protocol": "TCP", "port": number, **more}


def pods(**labels):
    return {"podSelector": {"matchLabels": labels}}


INTEGER = {"type": "integer", "default": 80}
TEXT = {"type": "string", "default": "web"}
SELECTOR = {"type": "object", "default": {}}
PEERS = {"type": "array", "items": {"type": "object"}, "default": [{"podSelector": {}}]}

TABLE = [
    ("a number", made([{"ports": [{"port": "${p}"}]}], p=INTEGER), [{"ports": [port(90)]}], [{"p": 90}]),
    ("a default", made([{"ports": [{"port": "${p}"}]}], p=INTEGER), [{"ports": [port(80)]}], [{}]),
    (
        "another protocol",
        made([{"ports": [{"port": "${p}"}]}], p=INTEGER),
        [{"ports": [port(90) | {"protocol": "UDP"}]}],
        [],
    ),
    (
        "a selector",
        made([{"from": [{"podSelector": "${s}"}]}], s=SELECTOR),
        [{"from": [pods(app="web")]}],
        [{"s": {"matchLabels": {"app": "web"}}}],
    ),
    (
        "a selector left out of a peer",
        made(
            [{"from": [{"podSelector": "${s}"}]}],
            s={"type": "object", "default": {"matchLabels": {"a": "b"}}},
        ),
        [{"from": [{"podSelector": {}}]}],
        [{"s": {}}],
    ),
    (
        "one value in two places",
        made([{"ports": [{"port": "${p}"}, {"protocol": "UDP", "port": "${p}"}]}], p=INTEGER),
        [{"ports": [port(9), {"protocol": "UDP", "port": 9}]}],
        [{"p": 9}],
    ),
    (
        "two values for one placeholder",
        made([{"ports": [{"port": "${p}"}, {"protocol": "UDP", "port": "${p}"}]}], p=INTEGER),
        [{"ports": [port(9), {"protocol": "UDP", "port": 10}]}],
        [],
    ),
    (
        "a spliced list between others",
        made([{"from": [pods(a="first"), "${peers}", pods(a="last")]}], peers=PEERS),
        [{"from": [pods(a="first"), pods(b="1"), pods(b="2"), pods(a="last")]}],
        [{"peers": [pods(b="1"), pods(b="2")]}],
    ),
    (
        "ports as a person writes them",
        DEFAULTS["ftp"],
        [{"from": [{"podSelector": {}}], "ports": [port(21), port(30000, endPort=30009)]}],
        [{"dataPorts": [{"port": 30000, "endPort": 30009}]}],
    ),
    (
        "a rule that an empty list drops",
        made([{"from": "${peers}"}, {"ports": [port(1)]}], peers=PEERS),
        [{"ports": [port(1)]}],
        [{"peers": []}],
    ),
    (
        "text inside a longer text",
        made([{"from": [{"podSelector": {"matchLabels": {"app": "${n}-db"}}}]}], n=TEXT),
        [{"from": [pods(app="shop-db")]}],
        [{"n": "shop"}],
    ),
    (
        "a number inside a longer text",
        made([{"from": [{"podSelector": {"matchLabels": {"app": "v${n}"}}}]}], n=INTEGER),
        [{"from": [pods(app="v81")]}],
        [{"n": 81}],
    ),
    (
        "two texts that nobody can tell apart",
        made([{"from": [{"podSelector": {"matchLabels": {"app": "${a}-${b}"}}}]}], a=TEXT, b=TEXT),
        [{"from": [pods(app="x-y-z")]}],
        [{"a": "x", "b": "y-z"}, {"a": "x-y", "b": "z"}],
    ),
    (
        "the namespace's own name",
        made([{"from": [{"namespaceSelector": {"matchLabels": {"n": "${namespace}"}}}]}]),
        [{"from": [{"namespaceSelector": {"matchLabels": {"n": "shop"}}}]}],
        [{}],
    ),
    (
        "the name of another namespace",
        made([{"from": [{"namespaceSelector": {"matchLabels": {"n": "${namespace}"}}}]}]),
        [{"from": [{"namespaceSelector": {"matchLabels": {"n": "bank"}}}]}],
        [],
    ),
    (
        "a cluster fact beside a parameter",
        made([{"from": ["${cluster.ingressControllers}"], "ports": [{"port": "${p}"}]}], p=INTEGER),
        [{"from": SAMPLE_FACTS["cluster.ingressControllers"], "ports": [port(90)]}],
        [{"p": 90}],
    ),
    (
        "what the schema refuses",
        made([{"ports": [{"port": "${p}"}]}], p={"type": "integer", "maximum": 99, "default": 80}),
        [{"ports": [port(100)]}],
        [],
    ),
    ("a rule more", made([{"ports": [{"port": "${p}"}]}], p=INTEGER), [{"ports": [port(90)]}, {}], []),
    ("a rule that is open", made([{"ports": [{"port": "${p}"}]}], p=INTEGER), [{}], []),
]


@pytest.mark.parametrize(
    ("template", "ingress", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_parameters_are_read_at_the_placeholders(template, ingress, expected):
    assert found(template, ingress) == expected


def test_other_directions_never_match():
    template = made([{"ports": [{"port": "${p}"}]}], p=INTEGER)
    assert parameters_for(template, {"policyTypes": ["Egress"]}, PLACE) == ()


def test_a_fact_that_is_not_known_matches_nothing():
    rules = [{"from": ["${cluster.ingressControllers}"]}]
    peers = SAMPLE_FACTS["cluster.ingressControllers"]
    assert parameters_for(made(rules), spec([{"from": peers}]), Context("shop", "checkout")) == ()


def test_a_list_with_too_many_ways_is_given_up():
    names = [f"p{number}" for number in range(12)]
    template = made([{"from": [f"${{{name}}}" for name in names]}], **dict.fromkeys(names, PEERS))
    assert found(template, [{"from": [pods(a=str(number)) for number in range(40)]}]) == []


@pytest.mark.parametrize(
    "name", [name for name, one in sorted(DEFAULTS.items()) if not one.parameters.get("required")]
)
def test_the_defaults_of_each_default_template_are_found(name):
    template = DEFAULTS[name]
    rendered = render(template, fill(template, {}), PLACE)
    assert parameters_for(template, rendered, PLACE) == ({},)


@pytest.mark.parametrize("name", sorted(OTHER_PARAMETERS))
def test_other_parameters_of_each_default_template_are_found(name):
    template, given = DEFAULTS[name], OTHER_PARAMETERS[name]
    rendered = render(template, fill(template, given), PLACE)
    assert parameters_for(template, rendered, PLACE) == (given,)


@given(specs, st.data())
def test_what_is_found_renders_to_the_policy_again(one, data):
    """A template made of a policy, with some of its parameters changed."""
    template = parse_template(template_document({"metadata": {"name": "t"}, "spec": one}).document)
    properties = template.parameters.get("properties", {})
    given_values = {
        name: data.draw(st.integers(1, 9) | st.just(schema["default"]))
        for name, schema in properties.items()
        if schema["type"] == "integer"
    }
    rendered = render(template, fill(template, given_values), PLACE)
    sets = parameters_for(template, rendered, PLACE)
    assert sets
    for parameters in sets:
        assert canonical(render(template, fill(template, parameters), PLACE)) == canonical(rendered)
        assert len(parameters) <= len(given_values)


@given(specs, specs)
def test_nothing_is_found_that_does_not_render_to_the_policy(one, other):
    template = parse_template(template_document({"metadata": {"name": "t"}, "spec": one}).document)
    wanted = normalise_spec(other)
    if template.scope == "workload":
        wanted.pop("podSelector", None)
    else:
        wanted.setdefault("podSelector", {})
    for parameters in parameters_for(template, wanted, PLACE):
        assert canonical(render(template, fill(template, parameters), PLACE)) == canonical(wanted)
