import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.model.checks import MAX_PROBLEMS
from registry.model.documents import load_yaml
from registry.model.keywords import compiled
from registry.model.parameters import fill, load_parameters
from registry.model.problems import Invalid
from registry.model.template import parse_template

SCHEMA = """
required: [name]
examples: [{name: a}]
properties:
  name: {type: string, pattern: '^[a-z]+$', description: The name of the app.}
  port: {type: integer, minimum: 1, maximum: 65535, default: 80}
  size: {enum: [small, large], default: small}
  ratio: {type: number, exclusiveMinimum: 0, multipleOf: 0.5, default: 1.5}
  tags:
    {type: array, items: {type: string, minLength: 2, maxLength: 3}, maxItems: 2, uniqueItems: true,
     default: []}
  either: {anyOf: [{type: integer, maximum: 9}, {type: boolean}], default: true}
  labels: {type: object, minProperties: 1, additionalProperties: {type: string}, default: {a: b}}
  plain: {type: array, default: []}
  nested:
    type: object
    default: {}
    properties:
      inner: {type: integer, default: 1}
      deeper: {$ref: '#/$defs/deep'}
  list: {type: array, default: [{}], items: {type: object, properties: {x: {default: 7}}}}
$defs:
  deep: {type: object, default: {}, properties: {y: {default: 9}}}
"""


@pytest.fixture(scope="module")
def template():
    return parse_template(
        {
            "name": "a",
            "description": "A.",
            "scope": "namespace",
            "parameters": load_yaml(SCHEMA),
            "spec": {"podSelector": {}},
        }
    )


def problems(call, *arguments):
    with pytest.raises(Invalid) as caught:
        call(*arguments)
    return caught.value.problems


def test_defaults_are_filled_in_at_every_depth(template):
    assert fill(template, {"name": "a"}) == {
        "name": "a",
        "port": 80,
        "size": "small",
        "ratio": 1.5,
        "tags": [],
        "either": True,
        "labels": {"a": "b"},
        "plain": [],
        "nested": {"inner": 1, "deeper": {"y": 9}},
        "list": [{"x": 7}],
    }


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({"nested": {"inner": 5}}, {"nested": {"inner": 5, "deeper": {"y": 9}}}),
        ({"nested": {"deeper": {"y": 0}}}, {"nested": {"inner": 1, "deeper": {"y": 0}}}),
        ({"list": []}, {"list": []}),
        ({"list": [{}, {"x": 1}]}, {"list": [{"x": 7}, {"x": 1}]}),
        ({"labels": {"c": "d"}}, {"labels": {"c": "d"}}),
    ],
)
def test_what_is_given_is_kept(template, given, filled):
    assert fill(template, {"name": "a", **given}).items() >= filled.items()


def test_filling_leaves_what_was_given_alone(template):
    given = {"name": "a", "nested": {}}
    fill(template, given)
    assert given == {"name": "a", "nested": {}}


def test_defaults_are_copies(template):
    filled = fill(template, {"name": "a"})
    filled["labels"]["a"] = "changed"
    filled["plain"].append("changed")
    assert fill(template, {"name": "a"}).items() >= {"labels": {"a": "b"}, "plain": []}.items()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"port": "80"}, "/port: '80' is not a whole number. Write a whole number."),
        ({"port": 80.0}, "/port: 80.0 is not a whole number. Write a whole number."),
        ({"port": True}, "/port: true is not a whole number. Write a whole number."),
        ({"port": 0}, "/port: 0 is too small. Write 1 or more."),
        ({"port": 65536}, "/port: 65536 is too large. Write 65535 or less."),
        ({"port": None}, "/port: null is not a whole number. Write a whole number."),
        ({"prot": 80}, "/prot: There is no field `prot` here. Did you mean `port`?"),
        ({"size": "big"}, "/size: 'big' is not one of the choices. Write `small` or `large`."),
        ({"name": "A"}, "/name: 'A' does not have the form wanted. The name of the app."),
        ({"name": "a\n"}, "/name: 'a\\n' does not have the form wanted. The name of the app."),
        ({"ratio": 0}, "/ratio: 0 is too small. Write more than 0."),
        ({"ratio": 0.7}, "/ratio: 0.7 is not a multiple of 0.5. Write a multiple of 0.5."),
        ({"tags": ["abcd"]}, "/tags/0: 'abcd' is too long. Write at most 3 characters."),
        ({"tags": ["a"]}, "/tags/0: 'a' is too short. Write at least 2 characters."),
        ({"tags": ["ab", "ab"]}, "/tags: The list holds an item twice. Keep one of them."),
        ({"tags": ["ab", "bc", "cd"]}, "/tags: The list has too many items. Write at most 2."),
        ({"labels": {}}, "/labels: The mapping has too few entries. Write at least 1."),
        ({"labels": {"a/b": 1}}, "/labels/a~1b: 1 is not text. Write text."),
        ({"either": 10}, "/either: 10 is too large. Write 9 or less."),
        ({"nested": []}, "/nested: [] is not a mapping. Write a mapping."),
    ],
)
def test_a_wrong_parameter_is_explained_in_a_sentence(template, given, sentence):
    assert [str(problem) for problem in problems(fill, template, {"name": "a", **given})] == [sentence]


def test_a_missing_parameter_is_named_with_its_meaning(template):
    (missing,) = problems(fill, template, {})
    assert str(missing) == "/: `name` is missing. Add `name`: The name of the app."


def test_all_problems_are_reported_at_once(template):
    assert [problem.pointer for problem in problems(fill, template, {"port": 0, "size": "x"})] == [
        "",
        "/port",
        "/size",
    ]


def test_a_template_without_parameters_takes_none():
    template = parse_template({"name": "a", "description": "A.", "scope": "namespace", "spec": {}})
    assert fill(template, {}) == {}
    assert [problem.pointer for problem in problems(fill, template, {"port": 1})] == ["/port"]


@pytest.mark.parametrize("given", [None, [], "port: 1", 1])
def test_parameters_are_a_mapping(template, given):
    assert problems(fill, template, given)[0].pointer == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ("port: 1", {"port": 1}),
        ('{"port": 1}', {"port": 1}),
        ("a: {b: [c]}", {"a": {"b": ["c"]}}),
    ],
)
def test_an_annotation_is_yaml_or_json(text, value):
    assert load_parameters(text) == value


@pytest.mark.parametrize("text", ["", "  ", "# nothing", "null", "[]", "port", "5432", "a: 1\na: 2", "{"])
def test_an_annotation_without_a_mapping_is_refused(text):
    assert problems(load_parameters, text)


def test_an_empty_annotation_says_how_to_ask_for_the_defaults():
    assert problems(load_parameters, "")[0].fix == "Write `name: value` pairs, or {} for the defaults."


inner_keys = st.sampled_from(["inner", "deeper", "x", "y"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(inner_keys, inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["name", "port", "nested", "list", "tags", "x"]), values))
def test_any_mapping_is_filled_or_refused(template, given):
    try:
        filled = fill(template, given)
    except Invalid:
        return
    assert fill(template, filled) == filled


def test_a_pattern_is_matched_in_linear_time():
    assert not compiled("^(a+)+$").search("a" * 50_000 + "!")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^a$", "a", True),
        ("^a$", "a\n", False),
        (r"a\$", "a$", True),
        (r"\\$", "\\", True),
        ("[$]", "$\n", True),
        (r"[\]$]b$", "$b", True),
        ("b", "abc", True),
    ],
)
def test_a_pattern_ends_where_the_text_ends(pattern, text, matches):
    assert bool(compiled(pattern).search(text)) is matches


def test_many_problems_of_one_input_are_cut_short(template):
    given = {"name": "a", **{f"p{n}": n for n in range(10_000)}}
    assert len(problems(fill, template, given)) == MAX_PROBLEMS


def test_a_long_list_of_unique_items_is_checked_in_passing():
    parameters = {"properties": {"p": {"uniqueItems": True, "default": []}}}
    document = {"name": "a", "description": "A.", "scope": "namespace", "spec": {}, "parameters": parameters}
    started = time.perf_counter()
    fill(parse_template(document), {"p": [{"x": n} for n in range(20_000)]})
    assert time.perf_counter() - started < 10  # comparing all pairs takes minutes
