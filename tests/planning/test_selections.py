"""How two selectors stand to each other: against all sets of a few labels."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.planning import selections
from registry.planning.exclusion import matches, requirements


def overlap(one, other):
    return selections.overlap(requirements(one), requirements(other))


KEYS, VALUES = ("a", "b"), ("x", "y", "z")
# One value more than selectors name, and the label's absence.
LABELS = [
    {key: value for key, value in zip(KEYS, values, strict=True) if value}
    for values in itertools.product((*VALUES, "other", None), repeat=len(KEYS))
]


def expression(key, operator, *values):
    return {"key": key, "operator": operator} | ({"values": list(values)} if values else {})


expressions = st.one_of(
    st.builds(
        lambda key, operator, values: expression(key, operator, *values),
        st.sampled_from(KEYS),
        st.sampled_from(["In", "NotIn"]),
        st.lists(st.sampled_from(VALUES), min_size=1, max_size=3),
    ),
    st.builds(expression, st.sampled_from(KEYS), st.sampled_from(["Exists", "DoesNotExist"])),
)
selectors = st.builds(
    lambda labels, items: {"matchLabels": labels, "matchExpressions": items},
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
    st.lists(expressions, max_size=3),
)


@given(selectors, selectors)
def test_two_selectors_overlap_if_some_labels_satisfy_both(one, other):
    assert overlap(one, other) == any(matches(one, labels) and matches(other, labels) for labels in LABELS)


@given(selectors, selectors)
def test_overlap_is_mutual(one, other):
    assert overlap(one, other) == overlap(other, one)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"matchLabels": {"app": "a"}}, {"matchLabels": {"app": "a"}}, True),
        ({"matchLabels": {"app": "a"}}, {"matchLabels": {"app": "b"}}, False),
        ({"matchLabels": {"app": "a"}}, {"matchLabels": {"app": "a", "tier": "db"}}, True),
        ({"matchLabels": {"app": "a"}}, {"matchLabels": {"tier": "db"}}, True),
    ],
)
def test_plain_labels_overlap_unless_a_key_has_two_values(one, other, expected):
    assert overlap(one, other) is expected


@given(selectors, selectors)
def test_what_contains_another_selects_all_that_it_does(wide, narrow):
    selected = [labels for labels in LABELS if matches(narrow, labels)]
    if selections.contains(requirements(wide), requirements(narrow)):
        assert all(matches(wide, labels) for labels in selected)


@given(selectors)
def test_a_selector_contains_itself_and_is_in_the_empty_one(one):
    assert selections.contains(requirements(one), requirements(one))
    assert selections.contains(requirements({}), requirements(one))
