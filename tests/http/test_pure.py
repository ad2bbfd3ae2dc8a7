"""The parts of the service that need no cluster."""

import pytest

from registry.http.docs import as_3_0
from registry.http.expiring import ExpiringCache
from registry.http.templates.widening import widens
from tests.store.support import template


def default(selector):
    fields = {} if selector is None else {"defaultIn": selector}
    return template(scope="namespace", **fields)


TEAM, STAGE = {"matchLabels": {"team": "a"}}, {"matchLabels": {"stage": "test"}}
BOTH = {"matchLabels": {"team": "a", "stage": "test"}}
IN = {"matchExpressions": [{"key": "team", "operator": "In", "values": ["a"]}]}
IN_TWO = {"matchExpressions": [{"key": "team", "operator": "In", "values": ["b", "a"]}]}
IN_TWO_SORTED = {"matchExpressions": [{"key": "team", "operator": "In", "values": ["a", "b"]}]}


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        (None, None, False),
        (TEAM, None, False),
        (None, TEAM, True),
        (TEAM, TEAM, False),
        (TEAM, IN, False),
        (IN_TWO, IN_TWO_SORTED, False),
        (TEAM, BOTH, False),
        ({}, TEAM, False),
        (BOTH, TEAM, True),
        (TEAM, STAGE, True),
        (TEAM, {}, True),
        (TEAM, IN_TWO, True),
    ],
)
def test_a_default_is_wider_when_it_drops_a_requirement(old, new, wider):
    assert widens(default(old), default(new)) is wider


def test_a_new_template_with_a_default_is_wider_than_none():
    assert widens(None, default({}))


def test_an_answer_is_forgotten_when_its_time_is_over():
    now = [0.0]
    cache = ExpiringCache(2, 10, clock=lambda: now[0])
    cache.put("a", 1)
    now[0] = 9.9
    assert cache.get("a") == 1
    now[0] = 10
    assert cache.get("a") is None


def test_the_oldest_answer_goes_first():
    cache = ExpiringCache(2, 10)
    for key in "abc":
        cache.put(key, key)
    assert [cache.get(key) for key in "abc"] == [None, "b", "c"]


def test_a_list_of_types_is_told_in_the_terms_of_openapi_3_0():
    schema = {"openapi": "3.1.0", "x": {"type": ["array", "string"]}, "y": {"type": ["string", "null"]}}
    assert as_3_0(schema) == {
        "openapi": "3.0.3",
        "x": {"anyOf": [{"type": "array"}, {"type": "string"}]},
        "y": {"type": "string", "nullable": True},
    }
