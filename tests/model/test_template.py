import contextlib
import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.model.documents import MAX_BYTES, digest, load_yaml
from registry.model.parameter_schema import closed, sample
from registry.model.problems import Invalid
from registry.model.template import load_template, parse_template, trusted_template

POSTGRES = """
name: postgres
title: PostgreSQL clients
description: Lets pods of the namespace reach this workload on its PostgreSQL port.
category: database
scope: workload
parameters:
  type: object
  additionalProperties: false
  properties:
    port: {type: integer, minimum: 1, maximum: 65535, default: 5432}
    from: {type: object, default: {}}
spec:
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: "${from}"}]
      ports: [{protocol: TCP, port: "${port}"}]
"""
SPEC = "{podSelector: {}}"


def postgres(**changes):
    return {**load_yaml(POSTGRES), **changes}


def minimal(spec=SPEC, **fields):
    return {"name": "a", "description": "A.", "scope": "namespace", "spec": load_yaml(spec), **fields}


def with_parameters(properties, spec=SPEC, **keywords):
    return minimal(spec, parameters={"properties": load_yaml(properties), **keywords})


def problems(document):
    with pytest.raises(Invalid) as caught:
        parse_template(document)
    return caught.value.problems


def places(document):
    return [problem.pointer for problem in problems(document)]


def test_a_template_has_the_fields_of_its_document():
    template = load_template(POSTGRES)
    assert (template.name, template.scope, template.category) == ("postgres", "workload", "database")
    assert template.spec == template.document["spec"]


def test_a_template_knows_its_variables():
    assert load_template(POSTGRES).variables == {"from", "port"}


def test_built_in_variables_are_named_in_full():
    labels = "{matchLabels: {a: 'x-${workload.name}-${namespace}'}}"
    spec = f"{{ingress: [{{from: ['${{cluster.dns}}', {{podSelector: {labels}}}]}}]}}"
    template = parse_template(minimal(spec, scope="workload"))
    assert template.variables == {"cluster.dns", "workload.name", "namespace"}


def test_the_digest_is_that_of_the_document():
    assert load_template(POSTGRES).digest == digest(load_yaml(POSTGRES))


def test_what_may_be_left_out_has_a_stated_value():
    template = parse_template(minimal())
    assert (template.title, template.category, template.parameters) == ("a", "other", {})
    assert (template.default_in, template.allowed_in, template.exclusive_group) == (None, None, None)
    assert template.replaces_defaults is False


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("{}", ["Ingress"]),
        ("{egress: [{}]}", ["Ingress", "Egress"]),
        ("{egress: '${rules}'}", ["Ingress", "Egress"]),
        ("{egress: []}", ["Ingress"]),
        ("{policyTypes: [Egress]}", ["Egress"]),
    ],
)
def test_policy_types_follow_from_the_spec_as_written(spec, types):
    document = with_parameters("{rules: {type: array, default: []}}", spec)
    assert parse_template(document).spec["policyTypes"] == types


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": "Postgres"}, "/name"),
        ({"name": "a.b"}, "/name"),
        ({"name": "-a"}, "/name"),
        ({"name": "a" * 64}, "/name"),
        ({"name": "a\n"}, "/name"),
        ({"name": 1}, "/name"),
        ({"name": ""}, "/name"),
        ({"description": ""}, "/description"),
        ({"description": "x" * 1001}, "/description"),
        ({"title": None}, "/title"),
        ({"category": "Data base"}, "/category"),
        ({"scope": "cluster"}, "/scope"),
        ({"exclusiveGroup": "A B"}, "/exclusiveGroup"),
        ({"replacesDefaults": "yes"}, "/replacesDefaults"),
        ({"parameters": []}, "/parameters"),
        ({"parameters": True}, "/parameters"),
        ({"spec": None}, "/spec"),
        ({"spec": {"ingres": []}}, "/spec/ingres"),
        ({"spec": {"policyTypes": []}}, "/spec/policyTypes"),
        ({"spec": {"policyTypes": ["${type}"]}}, "/spec/policyTypes/0"),
        ({"spec": {"policyTypes": "${types}"}}, "/spec/policyTypes"),
        ({"spec": {"ingress": None}}, "/spec/ingress"),
        ({"spec": {"ingress": [{"from": [{"podSelector": None}]}]}}, "/spec/ingress/0/from/0/podSelector"),
        ({"spec": {"ingress": [{"ports": [{"prot": 1}]}]}}, "/spec/ingress/0/ports/0/prot"),
        ({"spec": {"ingress": [{}] * 101}}, "/spec/ingress"),
        ({"allowedIn": None}, "/allowedIn"),
        ({"allowedIn": {"labels": {}}}, "/allowedIn/labels"),
        ({"allowedIn": "${x}"}, "/allowedIn"),
        ({"allowedIn": {"matchLabels": {"a": 1}}}, "/allowedIn/matchLabels/a"),
        ({"defaultIn": {}}, "/defaultIn"),
        ({"replacesDefaults": True}, "/spec/policyTypes"),
        ({"spec": {"podSelector": {}}}, "/spec/podSelector"),
        ({"parametres": {}}, "/parametres"),
    ],
)
def test_a_document_of_another_form_is_refused(changes, place):
    assert places(postgres(**changes)) == [place]


@pytest.mark.parametrize("name", ["name", "description", "scope", "spec"])
def test_a_missing_field_is_named(name):
    document = postgres()
    del document[name]
    assert [problem.reason for problem in problems(document)] == [f"`{name}` is missing."]


@pytest.mark.parametrize("document", [None, [], "postgres", 1])
def test_what_is_no_mapping_is_refused(document):
    assert problems(document)[0].reason == "A template is a mapping."


def test_a_field_with_a_typing_error_is_recognised():
    assert problems(postgres(parametres={}))[0].fix == "Did you mean `parameters`?"


def test_a_template_over_the_limit_is_refused():
    assert "bytes" in problems(postgres(parameters={"description": "x" * MAX_BYTES}))[0].reason


def test_values_that_are_not_json_are_refused():
    assert places(postgres(parameters={"default": {1, 2}})) == ["/parameters/default"]


def test_replaces_defaults_needs_scope_workload():
    assert places(minimal(replacesDefaults=True)) == ["/replacesDefaults"]


def test_both_directions_may_be_in_any_order():
    document = minimal("{policyTypes: [Egress, Ingress]}", scope="workload", replacesDefaults=True)
    assert parse_template(document).replaces_defaults


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ("{p: {type: intege, default: 1}}", "/parameters/properties/p/type"),
        ("{p: {type: integer, minimum: x, default: 1}}", "/parameters/properties/p/minimum"),
        ("{p: {type: integer, default: x}}", "/parameters/properties/p/default"),
        ("{p: {type: integer, default: 1.0}}", "/parameters/properties/p/default"),
        ("{p: {type: integer, default: true}}", "/parameters/properties/p/default"),
        ("{p: {type: integer, default: 1, examples: [2, x]}}", "/parameters/properties/p/examples/1"),
        ("{p: {type: integer, default: 1, examples: 2}}", "/parameters/properties/p/examples"),
        (
            "{p: {type: object, default: {}, properties: {q: {type: integer, default: 1}}, required: [r]}}",
            "/parameters/properties/p/default",
        ),
        (
            "{p: {type: object, default: {}, required: [q], properties: {q: {type: integer}}}}",
            "/parameters/properties/p/default",
        ),
        ("{p: {type: string, pattern: '(', default: ''}}", "/parameters/properties/p/pattern"),
        (f"{{p: {{type: string, pattern: {'a' * 201}, default: ''}}}}", "/parameters/properties/p/pattern"),
        ("{p: {type: string, pattern: '(?=a)', default: ''}}", "/parameters/properties/p/pattern"),
        ("{p: {patternProperties: {a: {}}, default: {}}}", "/parameters/properties/p/patternProperties"),
        ("{Port: {default: 1}}", "/parameters/properties/Port"),
        ("{client-port: {default: 1}}", "/parameters/properties/client-port"),
        ("{namespace: {default: x}}", "/parameters/properties/namespace"),
        ("{workload: {default: x}}", "/parameters/properties/workload"),
        ("{cluster: {default: x}}", "/parameters/properties/cluster"),
        ("{p: {$ref: 'http://127.0.0.1/x'}}", "/parameters/properties/p/$ref"),
        ("{p: {$ref: 'file:///etc/passwd'}}", "/parameters/properties/p/$ref"),
        ("{p: {$ref: '#/$defs/q'}}", "/parameters/properties/p/$ref"),
        ("{p: {$ref: '#'}}", "/parameters/properties/p/$ref"),
        ("{p: {anyOf: [{$ref: 'other.json'}]}}", "/parameters/properties/p/anyOf/0/$ref"),
        ("{p: {$dynamicRef: '#x'}}", "/parameters/properties/p/$dynamicRef"),
        ("{p: {$id: 'http://x.test/'}}", "/parameters/properties/p/$id"),
    ],
)
def test_a_parameter_schema_that_would_fail_its_users_is_refused(properties, place):
    assert places(with_parameters(properties)) == [place]


@pytest.mark.parametrize(
    ("keywords", "place"),
    [
        ({"type": "array"}, "/parameters/type"),
        ({"additionalProperties": True}, "/parameters/additionalProperties"),
        ({"additionalProperties": {}}, "/parameters/additionalProperties"),
        ({"patternProperties": {"x": {}}}, "/parameters/patternProperties"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {}}}, "/parameters/$ref"),
        ({"default": {}}, "/parameters/default"),
        ({"required": ["q"]}, "/parameters/required/0"),
        ({"required": ["p"]}, "/parameters/examples"),
        ({"required": ["p"], "examples": []}, "/parameters/examples"),
        ({"anyOf": [{"required": ["p"]}]}, "/parameters/examples"),
        ({"examples": [{"p": "a"}] * 11}, "/parameters/examples"),
        ({"examples": {"p": "a"}}, "/parameters/examples"),
        ({"examples": [{"p": "a"}, "a"]}, "/parameters/examples/1"),
        ({"examples": [{"p": "a"}, {"p": 1}]}, "/parameters/examples/1/p"),
        ({"examples": [{"q": 1}]}, "/parameters/examples/0/q"),
        ({"examples": [{"p": "a"}, {}], "required": ["p"]}, "/parameters/examples/1"),
        ({"properties": {f"p{n}": {} for n in range(65)}}, "/parameters/properties"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}}, "/parameters/$defs/a/$ref"),
    ],
)
def test_parameters_are_a_closed_list(keywords, place):
    assert places(with_parameters("{p: {type: string}}") | {"parameters": _parameters(keywords)}) == [place]


def _parameters(keywords):
    return {"properties": {"p": {"type": "string"}}, **keywords}


def test_data_in_a_schema_is_not_taken_for_keywords():
    choices = "[{$ref: x, pattern: '('}, {$id: y}]"
    properties = f"{{p: {{default: {{$id: y}}, examples: {choices}, enum: {choices}}}}}"
    assert parse_template(with_parameters(properties)).parameters


def test_a_local_definition_may_be_used():
    definitions = {"port": {"type": "integer", "maximum": 65535}}
    document = with_parameters("{p: {$ref: '#/$defs/port', default: 70000}}", **{"$defs": definitions})
    assert places(document) == ["/parameters/properties/p/default"]


@pytest.mark.parametrize(
    ("spec", "place", "words"),
    [
        ("{ingress: [{ports: [{port: '${prot}'}]}]}", "/spec/ingress/0/ports/0/port", "no variable `prot`"),
        ("{ingress: ['${cluster.nodes}']}", "/spec/ingress/0", "no variable `cluster.nodes`"),
        ("{podSelector: {matchLabels: {'${p}': x}}}", "/spec/podSelector/matchLabels/${p}", "A key holds"),
        ("{podSelector: {matchLabels: {a: '${p'}}}", "/spec/podSelector/matchLabels/a", "does not end"),
        ("{podSelector: {matchLabels: {a: '${p-x}'}}}", "/spec/podSelector/matchLabels/a", "does not end"),
        ("{podSelector: {matchLabels: {a: '${}'}}}", "/spec/podSelector/matchLabels/a", "does not end"),
        (
            "{podSelector: {matchLabels: {a: '${workload.name}'}}}",
            "/spec/podSelector/matchLabels/a",
            "scope `workload`",
        ),
    ],
)
def test_a_placeholder_without_a_value_is_refused(spec, place, words):
    (found,) = problems(with_parameters("{p: {default: x}}", spec))
    assert (found.pointer, words in found.reason) == (place, True)


def test_an_unknown_variable_gets_the_list_of_known_ones():
    (found,) = problems(with_parameters("{p: {default: x}}", "{ingress: ['${q}']}"))
    assert "`p`, `namespace`, `cluster.ingressControllers`, `cluster.dns`" in found.fix


def test_a_parameter_that_may_have_no_value_cannot_be_used():
    document = with_parameters("{p: {type: integer}}", "{ingress: [{ports: [{port: '${p}'}]}]}")
    assert places(document) == ["/parameters/properties/p"]


PORT = "{ingress: [{ports: [{port: '${p}'}]}]}"


def test_an_example_that_no_policy_can_be_made_of_is_refused():
    examples = [{"p": 80}, {"p": 0}]
    (found,) = problems(with_parameters("{p: {type: integer}}", PORT, required=["p"], examples=examples))
    assert str(found).startswith("/parameters/examples/1/p: With `p` filled in: 0 is not a port.")


def test_an_example_is_tried_also_where_the_defaults_are_enough():
    document = with_parameters("{p: {type: integer, default: 80}}", PORT, examples=[{"p": 0}])
    assert places(document) == ["/parameters/examples/0/p"]


def test_an_example_is_filled_with_the_defaults():
    properties = "{p: {type: integer}, q: {type: integer, default: 70000}}"
    spec = "{ingress: [{ports: [{port: '${p}'}, {port: '${q}'}]}]}"
    document = with_parameters(properties, spec, required=["p"], examples=[{"p": 80}])
    assert places(document) == ["/spec/ingress/0/ports/1/port"]


def test_a_place_inside_an_example_is_named():
    document = with_parameters(
        "{p: {type: array}}", "{ingress: [{ports: '${p}'}]}", required=["p"], examples=[{"p": [{"port": 0}]}]
    )
    assert places(document) == ["/parameters/examples/0/p/0/port"]


def test_an_example_that_is_no_text_does_not_stand_inside_one():
    spec = "{podSelector: {matchLabels: {a: 'x-${p}'}}}"
    document = with_parameters("{p: {}}", spec, required=["p"], examples=[{"p": "a"}, {"p": []}])
    assert places(document) == ["/parameters/examples/1/p"]


def test_a_revision_recorded_without_examples_stays_readable():
    document = with_parameters("{p: {type: integer, examples: [80]}}", PORT, required=["p"])
    assert sample(closed(trusted_template(document).parameters)) == {"p": 80}


RULE = "/spec/ingress/0"
PEERS = [{"podSelector": {}}]
EXCEPT = f"{RULE}/from/0/ipBlock/except/0"
SELECTOR = "/spec/podSelector/matchExpressions"


@pytest.mark.parametrize(
    ("default", "spec", "place"),
    [
        (70000, "{ingress: [{ports: [{port: '${p}'}]}]}", f"{RULE}/ports/0/port"),
        ({"x": 1}, "{ingress: [{from: [{podSelector: '${p}'}]}]}", f"{RULE}/from/0/podSelector"),
        ([{"podSelector": {}}, {}], "{ingress: [{from: ['${p}', {ipBlock: {}}]}]}", f"{RULE}/from/0"),
        ([{}], "{ingress: [{from: '${p}'}]}", f"{RULE}/from"),
        ([{"podSelector": {}}], "{ingress: [{from: ['${p}', {ipBlock: {}}]}]}", f"{RULE}/from/1/ipBlock"),
        ([*PEERS, *PEERS], "{ingress: [{from: ['${p}', {ipBlock: {}}]}]}", f"{RULE}/from/1/ipBlock"),
        ([], "{ingress: [{from: ['${p}'], ports: [{port: 0}]}]}", f"{RULE}/ports/0/port"),
        ([], "{ingress: [{from: ['${p}']}, {ports: [{port: 0}]}]}", "/spec/ingress/1/ports/0/port"),
        ([{"from": [{}]}], "{ingress: ['${p}', {ports: [{port: 0}]}]}", "/spec/ingress/0"),
        ("a b", "{podSelector: {matchLabels: {a: 'x${p}'}}}", "/spec/podSelector/matchLabels/a"),
        ([1], "{podSelector: {matchLabels: {a: 'x${p}'}}}", "/spec/podSelector/matchLabels/a"),
        (None, "{podSelector: {matchLabels: {a: 'x${p}'}}}", "/spec/podSelector/matchLabels/a"),
        (None, "{podSelector: {matchLabels: {a: '${p}'}}}", "/spec/podSelector/matchLabels/a"),
        (None, "{ingress: [{ports: [{port: '${p}'}]}]}", f"{RULE}/ports/0/port"),
        (
            [],
            "{podSelector: {matchExpressions: [{key: a, operator: In, values: ['${p}']}]}}",
            f"{SELECTOR}/0",
        ),
        (["10.0.0.0/8"], "{ingress: [{from: [{ipBlock: {cidr: 11.0.0.0/8, except: ['${p}']}}]}]}", EXCEPT),
        (["10.0.0.0/8"], "{ingress: [{from: [{ipBlock: {cidr: 11.0.0.0/8, except: ['::/0']}}]}]}", EXCEPT),
    ],
)
def test_an_error_that_shows_after_rendering_points_into_the_document(default, spec, place):
    document = with_parameters("{}", spec)
    document["parameters"]["properties"] = {"p": {"default": default}}
    assert places(document)[0] == place


def test_a_port_out_of_range_is_explained():
    (found,) = problems(postgres(spec={"ingress": [{"ports": [{"port": 70000}]}]}))
    assert (found.pointer, found.reason) == ("/spec/ingress/0/ports/0/port", "70000 is not a port.")
    assert found.fix == "Write a number from 1 to 65535 or a service name such as http."


def test_checks_come_in_order():
    document = postgres(scope="cluster", spec={"ingress": [{"ports": [{"port": 0}]}]})
    assert places(document) == ["/scope"]


def test_parsing_leaves_the_document_alone():
    document = postgres(spec={"egress": [{}]})
    before = copy.deepcopy(document)
    parse_template(document)
    assert document == before


KEYS = """name description scope spec parameters properties ingress egress from to ports port ipBlock cidr
except podSelector matchLabels matchExpressions values type default $ref $defs required p q items pattern"""
keys = st.sampled_from(KEYS.split())
texts = st.sampled_from(
    [
        "a",
        "namespace",
        "workload",
        "${p}",
        "x${q}",
        "${cluster.private}",
        "${",
        "object",
        "#/$defs/p",
        "10.0.0.0/8",
    ]
)
leaves = texts | st.integers(-1, 70000) | st.none() | st.booleans()
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(anything, anything, anything)
def test_any_document_is_a_template_or_refused(properties, spec, rest):
    parameters = {"properties": properties, **(rest if isinstance(rest, dict) else {})}
    with contextlib.suppress(Invalid):
        parse_template(minimal() | {"parameters": parameters, "spec": spec})
