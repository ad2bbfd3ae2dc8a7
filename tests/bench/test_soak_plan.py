"""What the soak does is the same for the same seed."""

import itertools

from bench.soak.churn import PLACES, TEMPLATES, actions, document, marker_of
from bench.soak.faults import KINDS
from bench.soak.schedule import ROUNDS_OF_CRASHES, schedule

NAMES = tuple("abcdef")


def first(seed: int, count: int = 200):
    return list(itertools.islice(actions(seed), count))


def test_users_do_the_same_for_the_same_seed():
    assert first(7) == first(7)


def test_users_do_something_else_for_another_seed():
    assert first(7) != first(8)


def test_in_a_minute_users_do_everything_that_they_can():
    assert len({action.what for action in first(7, 1000)}) == 14


def test_there_are_more_than_a_hundred_workloads_of_several_kinds():
    assert len(PLACES) > 100
    assert len({place.kind for place in PLACES}) == 7


def test_every_fault_comes_before_one_comes_again():
    order = list(itertools.islice(schedule(1, NAMES, "crash"), 12))
    assert sorted(order[:6]) == sorted(order[6:]) == sorted(NAMES)


def test_crashes_come_after_the_other_faults():
    order = list(itertools.islice(schedule(1, (*NAMES, "crash"), "crash"), 6 + ROUNDS_OF_CRASHES))
    assert order[6:] == ["crash"] * ROUNDS_OF_CRASHES


def test_the_order_is_that_of_the_seed():
    orders = [list(itertools.islice(schedule(seed, NAMES, ""), 6)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_each_kind_of_fault_has_a_name_of_its_own():
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_each_template_shows_its_marker():
    assert [marker_of(document(name, 9000)) for name in TEMPLATES] == [9000] * len(TEMPLATES)
