"""Differences of JSON values and of texts."""

import copy
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from registry.model import differences
from registry.model.differences import Item, diff, unified
from registry.model.documents import canonical
from registry.model.pointers import split

TABLE = {
    "equal": ({"a": [1]}, {"a": [1]}, []),
    "the order of keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
    "a member added": ({}, {"a": None}, [Item("add", "/a", UNSET, None)]),
    "a member removed": ({"a": None}, {}, [Item("remove", "/a", None)]),
    "a member changed": ({"a": {"b": 1}}, {"a": {"b": 2}}, [Item("change", "/a/b", 1, 2)]),
    "another type": ({"a": {"b": 1}}, {"a": [1]}, [Item("change", "/a", {"b": 1}, [1])]),
    "true is not 1": ([True], [1], [Item("change", "/0", True, 1)]),
    "1 is not 1.0": ([1], [1.0], [Item("change", "/0", 1, 1.0)]),
    "the whole": (None, {"a": 1}, [Item("change", "", None, {"a": 1})]),
    "a key that has to be escaped": ({}, {"a/b~": 1}, [Item("add", "/a~1b~0", UNSET, 1)]),
    "an item put first": ([1, 2], [0, 1, 2], [Item("add", "/0", UNSET, 0)]),
    "an item taken out": ([0, 1, 2], [0, 2], [Item("remove", "/1", 1)]),
    "an item taken out behind another put in": (
        [1, 2, 3],
        [0, 1, 3],
        [Item("add", "/0", UNSET, 0), Item("remove", "/2", 2)],
    ),
    "inside an item": ([{"a": 1}, 5], [{"a": 2}, 5], [Item("change", "/0/a", 1, 2)]),
    "two items for one": ([1, 9], [2, 3, 9], [Item("change", "/0", 1, 2), Item("add", "/1", UNSET, 3)]),
}


@pytest.mark.parametrize(("a", "b", "items"), TABLE.values(), ids=TABLE.keys())
def test_the_items_of(a, b, items):
    assert repr(diff(a, b)) == repr(tuple(items))


def test_the_items_stand_below_the_pointer_given():
    assert diff({"port": 1}, {"port": 2}, "/spec") == (Item("change", "/spec/port", 1, 2),)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0]) | st.sampled_from("ab/~"),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("ab/~"), inner, max_size=3),
    max_leaves=20,
)


@given(a=VALUES, b=VALUES)
def test_applying_the_items_to_a_gives_b(a, b):
    assert canonical(applied(diff(a, b), a)) == canonical(b)


LISTS = st.lists(st.sampled_from("abc"), max_size=9)


@given(a=LISTS, b=LISTS)
def test_applying_the_items_of_a_list_to_a_gives_b(a, b):
    assert applied(diff(a, b), a) == b


@given(a=VALUES, b=VALUES)
def test_it_also_does_where_lists_are_too_long_to_be_compared(a, b):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differences, "COMPARED", 0)
        assert canonical(applied(diff(a, b), a)) == canonical(b)


@given(a=VALUES)
def test_equal_values_differ_in_nothing(a):
    assert diff(a, copy.deepcopy(a)) == ()


@given(a=VALUES, b=VALUES)
def test_neither_value_is_changed(a, b):
    kept = copy.deepcopy((a, b))
    diff(a, b)
    assert (a, b) == kept


def applied(items, document):
    """`document` after all items, each of which has to find what it says was there before."""
    holder = {"": copy.deepcopy(document)}
    for item in items:
        *path, last = ["", *split(item.pointer)]
        parent = holder
        for token in path:
            parent = parent[int(token) if isinstance(parent, list) else token]
        one(item, parent, int(last) if isinstance(parent, list) else last)
    return holder[""]


def one(item, parent, key):
    if item.op == "add" and isinstance(parent, list):
        parent.insert(key, item.after)
        return
    if item.op == "add":
        assert key not in parent
    else:
        assert canonical(parent[key]) == canonical(item.before)
    if item.op == "remove":
        del parent[key]
    else:
        parent[key] = copy.deepcopy(item.after)


@pytest.mark.parametrize("compared", [differences.COMPARED, 0])
@pytest.mark.parametrize(
    ("a", "b"),
    [("", "a\n"), ("a\n", ""), ("a\nb\nc\n", "a\nx\nc\n"), ("a\nb\n", "b\n"), ("a\n", "a\nb\nc\n")],
)
def test_patch_reads_the_unified_diff(a, b, compared, tmp_path, monkeypatch):
    monkeypatch.setattr(differences, "COMPARED", compared)
    (tmp_path / "t").write_text(a)
    command = ["patch", "--quiet", "--force", "-o", "-", "t"]
    done = subprocess.run(
        command, input=unified(a, b, ("t", "t")), text=True, capture_output=True, cwd=tmp_path, check=True
    )
    assert done.stdout == b


def test_equal_texts_have_no_diff():
    assert unified("a\n", "a\n", ("old", "new")) == ""


def test_long_lists_and_texts_cost_no_more_than_a_moment():
    a, b = [[n % 7 for n in range(20_000)], [n % 5 for n in range(20_000)]]
    assert canonical(applied(diff(a, b), a)) == canonical(b)
    text = unified("\n".join(map(str, a)), "\n".join(map(str, b)), ("old", "new"))
    assert text.startswith("--- old\n+++ new\n@@ ")
