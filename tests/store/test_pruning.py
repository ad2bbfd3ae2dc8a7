"""Which revisions may be forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.store.catalogue import Holding, committed
from registry.store.objects import Record
from registry.store.pruning import prunable
from tests.store.support import record


def holding(*records: Record, head: int | None = None) -> Holding:
    numbered = {one.revision.number: one for one in records}
    return Holding("web", None, max(numbered) if head is None else head, numbered)


def gone(found: Holding, limit: int = 3, in_use: frozenset[int] = frozenset()) -> list[int]:
    return [one.revision.number for one in prunable(found, limit, in_use)]


def line(count: int) -> list[Record]:
    return [record(number) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "in_use", "expected"),
    [
        (3, frozenset(), []),
        (4, frozenset(), [1]),
        (6, frozenset(), [1, 2, 3]),
        (6, frozenset({1, 3}), [2]),
        (6, frozenset({1, 2, 3}), []),
        (6, frozenset({9}), [1, 2, 3]),
    ],
)
def test_the_last_ones_and_those_in_use_stay(count: int, in_use: frozenset[int], expected: list[int]):
    assert gone(holding(*line(count)), in_use=in_use) == expected


def test_deletions_count_like_any_revision():
    assert gone(holding(*line(3), record(4, deleted=True))) == [1]


def test_what_never_came_into_force_does_not_take_the_place_of_what_did():
    records = [*line(3), record(4, abandoned=True), record(5, parent=3)]
    assert gone(holding(*records)) == [1]


def test_what_never_came_into_force_goes_with_its_neighbours():
    records = [record(1), record(2, abandoned=True), record(3, parent=1), *(record(n) for n in (4, 5, 6))]
    assert gone(holding(*records)) == [1, 2, 3]


def test_nothing_goes_while_a_record_that_never_came_into_force_bears_no_mark():
    records = [record(1), record(2), record(3, parent=1), *(record(n) for n in (4, 5, 6))]
    assert gone(holding(*records)) == []


def test_a_save_under_way_is_let_alone():
    assert gone(holding(*line(5), head=4)) == [1]


def test_nothing_goes_without_the_head():
    assert gone(holding(*line(5), head=6)) == []


@given(
    st.integers(2, 12).flatmap(
        lambda count: st.tuples(
            st.just(count),
            st.integers(1, 6),
            st.frozensets(st.integers(1, count)),
            st.frozensets(st.integers(2, count)),
        )
    )
)
def test_whatever_goes_the_rest_is_read_as_before(drawn):
    count, limit, in_use, abandoned = drawn
    abandoned -= {count}
    records, parent = [], 0
    for number in range(1, count + 1):
        records.append(record(number, parent=parent, abandoned=number in abandoned))
        parent = parent if number in abandoned else number
    before = holding(*records)
    out = set(gone(before, limit, in_use))
    after = holding(*(one for one in records if one.revision.number not in out))
    assert committed(after).keys() == committed(before).keys() - out
    assert (
        set(sorted(committed(before))[-limit:]) | (in_use & committed(before).keys())
        <= committed(after).keys()
    )
