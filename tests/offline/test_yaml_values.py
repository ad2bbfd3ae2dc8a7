"""YAML means what it means to kubectl, and what is none is told with its line."""

from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.model.problems import Invalid
from registry.offline.yaml_values import MAX_DEPTH, read_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("y", True),
        ("0644", 420),
        ("0o17", 15),
        ("0x1f", 31),
        ("1_000", 1000),
        ("-7", -7),
        ("08", 8),
        ("1.5", 1.5),
        ("1e3", 1000),
        ("1e400", "1e400"),
        ("2020-01-01", "2020-01-01"),
        ("12:30:45", "12:30:45"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("'yes'", "yes"),
        ('"0644"', "0644"),
        ("!!str 5", "5"),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_a_scalar_is_what_it_is_to_kubectl(text, value):
    found = read_value(f"a: {text}")["a"] if text != "-" else read_value("a: '-'")["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing", None),
        ("a: ~\nb:\nc: null", {"a": None, "b": None, "c": None}),
        ("on: 1\n80: 2\n0644: 3", {"true": 1, "80": 2, "420": 3}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}", {"x": {"a": 1, "b": 2}, "z": {"a": 1, "b": 3}}),
        ("x: &x {a: 1, b: 2}\nz: {b: 3, <<: *x}", {"x": {"a": 1, "b": 2}, "z": {"a": 1, "b": 2}}),
        ("z: {<<: [{a: 1}, {a: 2, b: 2}]}", {"z": {"a": 1, "b": 2}}),
        ("a: [1, ~]", {"a": [1, None]}),
    ],
)
def test_a_document_is_what_it_is_to_kubectl(text, value):
    assert read_value(text) == value


LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{one}: &{one} [{','.join([f'*{before}'] * 9)}]\n"
    for before, one in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "This is no valid YAML (line 11)"),
        ("a: 1\na: 2", "`a` appears twice (line 11)."),
        ("a: *b", "There is no anchor b before it (line 10)."),
        ("? [1]\n: 2", "A key is no text (line 10)."),
        ("a: !!binary x", "The tag tag:yaml.org,2002:binary is not read (line 10)."),
        ("a: .inf", ".inf is no number that JSON can hold (line 10)."),
        ("a: 99999999999999999999", "99999999999999999999 does not fit in 64 bits (line 10)."),
        ("~: 1", "A key is null (line 10)."),
        ("a: {<<: 1}", "A merge key (<<) stands for what is no mapping"),
        (LAUGHS, "Aliases stand for too many values"),
        ("[" * (MAX_DEPTH + 1), f"The document nests deeper than {MAX_DEPTH} levels (line 10)."),
        ("&a [*a]", "There is no anchor a before it"),
    ],
)
def test_what_is_not_read_is_told_with_its_line(text, said):
    with pytest.raises(Invalid) as refused:
        read_value(text, 10)
    assert refused.value.problems[0].reason.startswith(said)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])).map("t{}".format)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc01<~", min_size=1), inner),
)


@given(VALUES)
@settings(deadline=None)
def test_what_was_written_is_read_back(value):
    assert read_value(yaml.safe_dump(value, allow_unicode=True)) == value


@given(st.text())
@settings(deadline=None)
def test_any_text_is_read_or_refused(text):
    with suppress(Invalid):
        read_value(text)
