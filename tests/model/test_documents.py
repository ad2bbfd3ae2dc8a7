import contextlib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from registry.model import documents
from registry.model.documents import MAX_BYTES, MAX_DEPTH, canonical, digest, dump_yaml, load_yaml
from registry.model.problems import Invalid

texts = st.text(st.characters(codec="utf-8"), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
json_values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
yamlish = st.text(st.sampled_from(list("ab: -\n\t[]{},&*!|>'\"#%@`?01.~<=\\\ufeff\x85\x00")), max_size=40)


@pytest.fixture(params=[yaml.SafeLoader, yaml.CSafeLoader], ids=["pyyaml", "libyaml"])
def either_parser(request, monkeypatch):
    monkeypatch.setattr(documents, "_LOADER", request.param)


def problem(text):
    with pytest.raises(Invalid) as caught:
        load_yaml(text)
    (only,) = caught.value.problems
    return only


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: 1", {"a": 1}),
        (b"a: 1", {"a": 1}),
        (b"\xef\xbb\xbfa: 1", {"a": 1}),
        ("[1, 0x10, 0o17, -3, +4]", [1, 16, 15, -3, 4]),
        ("[1.5, 1e3, .5, 1.]", [1.5, 1000.0, 0.5, 1.0]),
        ("[true, False, null, ~, '']", [True, False, None, None, ""]),
        ("[yes, no, on, off, y]", ["yes", "no", "on", "off", "y"]),
        (
            "[2001-01-01, 1:30, 1_000, 2001-01-01T00:00:00Z]",
            ["2001-01-01", "1:30", "1_000", "2001-01-01T00:00:00Z"],
        ),
        ("['010', \"1\", '.nan']", ["010", "1", ".nan"]),
        ('{"a": "\\ud83d\\ude00", "b": [1.0, true]}', {"a": "😀", "b": [1.0, True]}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
        ("from: [{podSelector: '${from}'}]", {"from": [{"podSelector": "${from}"}]}),
        ("---\na: 1\n...\n", {"a": 1}),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_text_has_one_json_value(text, value):
    assert load_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "pointer", "words"),
    [
        ("a: 1\nb: {c: 1, c: 2}", "/b/c", "`c` appears twice (line 2, column 11)"),
        ('{"a/b": 1, "a/b": 2}', "/a~1b", "appears twice"),
        ("a: &x [1]\nb: *x", "/a", "Anchors and aliases"),
        ("a: *x", "/a", "Anchors and aliases"),
        ("a: !!python/object:os.system x", "/a", "The tag"),
        ("a: ! x", "/a", "The tag"),
        ("a: !!binary aGk=", "/a", "The tag"),
        ("a: 1\n---\nb: 2", "", "second document begins (line 2"),
        ("1: a", "", "not a string"),
        ("a: {true: 1}", "/a", "not a string"),
        ("? [a]\n: 1", "", "not a string"),
        ("{a: .nan}", "/a", "not a number"),
        ("{a: -.inf}", "/a", "not a number"),
        ("{a: 1e999}", "/a", "not a number"),
        ('{"a": NaN}', "/a", "not a number"),
        ('{"a": [1e999]}', "/a/0", "not a number"),
        ("{a: 010}", "/a", "read differently"),
        ("{a: 9223372036854775808}", "/a", "too large"),
        ('{"a": 9223372036854775808}', "/a", "64 bits"),
        ('{"a": "\\ud800"}', "/a", "half a Unicode character"),
        ("{a: [1}", "", "not valid YAML (line 1, column 7)"),
        ("a:\n\t- b", "", "not valid YAML"),
        (b"a: \xff", "", "UTF-8"),
        ("a: \ud800", "", "UTF-8"),
        ("a: \x00", "", "not valid YAML"),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_what_is_no_clear_value_is_refused_with_its_place(text, pointer, words):
    found = problem(text)
    assert (found.pointer, words in found.reason) == (pointer, True), found


def test_text_over_the_limit_is_refused_before_it_is_read():
    assert (
        problem("x" * (MAX_BYTES + 1)).reason
        == f"The text has {MAX_BYTES + 1} bytes; at most {MAX_BYTES} are read."
    )


@pytest.mark.parametrize("opening", ["[", "{a: ", '{"a":', "- "])
def test_nesting_over_the_limit_is_refused(opening):
    deep = opening * (MAX_DEPTH + 1)
    assert problem(deep).reason == f"The document nests deeper than {MAX_DEPTH} levels."


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 3000])
def test_nesting_over_the_limit_is_refused_in_json(depth):
    assert "nests deeper" in problem("[" * depth + "]" * depth).reason


def test_nesting_up_to_the_limit_is_read():
    assert load_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None


def test_aliases_that_explode_are_never_expanded():
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    assert problem("\n".join(lines)).pointer == "/a0"


@given(st.binary(max_size=60) | yamlish | st.text(max_size=60))
def test_any_text_is_a_value_or_refused(text):
    with contextlib.suppress(Invalid):
        json.dumps(load_yaml(text), allow_nan=False).encode()


@given(json_values)
def test_written_yaml_reads_back_equal(value):
    assert load_yaml(dump_yaml(value)) == value


@given(json_values)
def test_json_reads_as_itself(value):
    assert load_yaml(json.dumps([value])) == [value]


def test_written_yaml_keeps_the_order_of_keys():
    assert dump_yaml({"b": 1, "a": [{"d": 1, "c": 2}]}) == "b: 1\na:\n- d: 1\n  c: 2\n"


@pytest.mark.parametrize(
    "text", ["yes", "010", "0x1f", "0o17", ".inf", "1e3", "null", "~", "", "1:30", "${port}"]
)
def test_text_that_looks_like_something_else_stays_text(text):
    assert load_yaml(dump_yaml([text])) == [text]


def test_canonical_json_sorts_keys_at_every_depth():
    assert canonical({"b": {"d": 1, "c": [True]}, "a": None}) == b'{"a":null,"b":{"c":[true],"d":1}}'


def test_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_digest_is_of_the_canonical_json():
    # printf '{"a":1}' | sha256sum
    assert digest({"a": 1}) == "sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
