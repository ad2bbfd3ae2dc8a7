"""Selectors, the index of pods by label, and the policies of one namespace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity.index import REMEMBERED, PodIndex, places
from registry.connectivity.namespace import Namespace
from registry.connectivity.rules import Reader
from registry.connectivity.selectors import (
    EVERYTHING,
    Expression,
    LabelSelector,
    anchors,
    read_selector,
    selects,
    shown,
)
from tests.connectivity import plain
from tests.connectivity.budget import share
from tests.connectivity.clusters import SELECTORS, labels
from tests.connectivity.made import key, pods, policy


def read(selector):
    expressions = tuple(
        Expression(one["key"], one["operator"], tuple(one.get("values", ())))
        for one in selector.get("matchExpressions", ())
    )
    return read_selector(LabelSelector(selector.get("matchLabels", {}), expressions))


def expression(operator, *values):
    return {"matchExpressions": [{"key": "app", "operator": operator, "values": list(values)}]}


WEB, DB, NONE, EMPTY = {"app": "web"}, {"app": "db"}, {"tier": "one"}, {"app": ""}
SELECTED = [
    ({}, [WEB, DB, NONE, EMPTY]),
    ({"matchLabels": WEB}, [WEB]),
    ({"matchLabels": EMPTY}, [EMPTY]),
    ({"matchLabels": {**WEB, **NONE}}, []),
    (expression("In", "web", "db"), [WEB, DB]),
    (expression("In", ""), [EMPTY]),
    (expression("NotIn", "web"), [DB, NONE, EMPTY]),
    (expression("NotIn", "web", "db"), [NONE, EMPTY]),
    (expression("NotIn", ""), [WEB, DB, NONE]),
    (expression("Exists"), [WEB, DB, EMPTY]),
    (expression("DoesNotExist"), [NONE]),
    ({"matchLabels": WEB, **expression("NotIn", "web")}, []),
    ({"matchLabels": NONE, **expression("NotIn", "web")}, [NONE]),
]


@pytest.mark.parametrize(("selector", "found"), SELECTED)
def test_a_selector_selects_just_these(selector, found):
    assert [one for one in (WEB, DB, NONE, EMPTY) if selects(read(selector), one)] == found


def test_selectors_that_mean_the_same_are_one_object():
    assert read({"matchLabels": WEB}) is read(expression("In", "web", "web"))


@share(10)
@given(SELECTORS, labels())
def test_what_a_selector_selects_bears_one_of_its_anchors(selector, found):
    anchored = anchors(read(selector))
    if selects(read(selector), found) and anchored:
        assert set(anchored) & set(found.items())


TEXTS = [
    ({}, "all"),
    ({"matchLabels": {"app": "web", "tier": "one"}}, "app=web,tier=one"),
    (expression("In", "web", "db"), "app in (db,web)"),
    (expression("NotIn", "web"), "app notin (web)"),
    (expression("Exists"), "app"),
    (expression("DoesNotExist"), "!app"),
]


@pytest.mark.parametrize(("selector", "text"), TEXTS)
def test_a_selector_is_shown_as_kubectl_writes_it(selector, text):
    assert shown(read(selector)) == text


@share(10)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.one_of(labels(), st.none())), max_size=12), st.lists(SELECTORS)
)
def test_an_index_answers_as_if_it_looked_at_each_pod(steps, selectors):
    index, present = PodIndex(), {}
    for number, found in steps:
        name = f"a/{number}"
        for one in selectors:
            index.bits(read(one))
        if found is None:
            index.drop(key(name))
            present.pop(name, None)
        else:
            index.put(pods(name, **{"app": "none", **found}))
            present[name] = {"app": "none", **found}
        for one in selectors:
            selected = {str(index.group(place).key.workload.name) for place in places(index.bits(read(one)))}
            assert selected == {
                name.partition("/")[2] for name, held in present.items() if plain.selector_matches(one, held)
            }


def test_an_index_forgets_selectors_that_nobody_keeps_and_answers_them_all_the_same():
    index = PodIndex()
    kept = read({"matchLabels": WEB})
    index.keep(kept)
    place = index.put(pods("a/web"))
    for number in range(REMEMBERED + 10):
        index.bits(read(expression("NotIn", str(number))))
    index.put(pods("a/web", tier="one"))
    assert index.bits(kept) == index.bits(read(expression("NotIn", "0"))) == 1 << place
    assert sum(1 for _ in index.candidates([("app", "web")])) <= REMEMBERED + 2


@pytest.mark.parametrize("bits", [0, 1, 0b1010, 1 << 70 | 1 << 3])
def test_the_places_of_bits_are_told_lowest_first(bits):
    assert list(places(bits)) == [place for place in range(80) if bits >> place & 1]


def test_a_place_that_is_free_has_no_pods():
    index = PodIndex()
    place = index.put(pods("a/web"))
    index.drop(key("a/web"))
    with pytest.raises(KeyError):
        index.group(place)


def test_pods_on_the_network_of_the_host_are_there_and_nothing_selects_them():
    index = PodIndex()
    place = index.put(pods("a/web", host_network=True))
    assert (index.present, index.everyone, index.bits(EVERYTHING)) == (1 << place, 0, 0)
    index.put(pods("a/web"))
    assert index.everyone == index.bits(EVERYTHING) == 1 << place


def space(*specs):
    made, reader = Namespace("a", {}), Reader()
    made.put_pods(pods("a/web"))
    for number, spec in enumerate(specs):
        made.put_policy(reader.read(policy(f"a/{number}", spec)))
    return made


def names(policies):
    return [one.policy.name for one in policies]


def test_pods_have_the_policies_of_each_direction_that_select_them():
    made = space(
        "{podSelector: {}}",
        "{podSelector: {}, policyTypes: [Egress]}",
        "{podSelector: {matchLabels: {app: other}}}",
    )
    assert (names(made.ingress[0]), names(made.egress[0])) == (["0"], ["1"])


def test_pods_that_come_later_have_their_policies_and_lose_them_with_their_labels():
    made = space("{podSelector: {matchLabels: {app: db}}}")
    made.put_pods(pods("a/db"))
    assert names(made.ingress[1]) == ["0"]
    made.put_pods(pods("a/db", app="other"))
    assert made.ingress[1] == ()


def test_a_policy_that_changes_takes_the_place_of_what_it_was():
    made = space("{podSelector: {}}")
    made.put_policy(Reader().read(policy("a/0", "{podSelector: {}, policyTypes: [Egress]}")))
    assert (names(made.ingress[0]), names(made.egress[0])) == ([], ["0"])
    made.drop_policy("0")
    assert made.egress[0] == ()


def test_of_two_policies_with_one_selector_the_other_one_stays():
    made = space("{podSelector: {}}", "{podSelector: {}}")
    made.drop_policy("0")
    made.put_pods(pods("a/web", tier="one"))
    assert names(made.ingress[0]) == ["1"]
