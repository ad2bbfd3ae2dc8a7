"""Who may take a lease, and what is recorded: by the candidate's own clock, never by a time in the record."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cluster.lease import Sight, Tenure, held, released

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
OURS, THEIRS = "us", "them"


def seen(tenure: Tenure, *, at: float = 100) -> Sight:
    sight = Sight()
    sight.look(tenure, at)
    return sight


@pytest.mark.parametrize(
    ("holder", "seconds_later", "free"),
    [
        ("", 0, True),
        (None, 0, True),
        (OURS, 0, True),
        (THEIRS, 0, False),
        (THEIRS, 14.9, False),
        (THEIRS, 15, True),
    ],
)
def test_a_lease_may_be_taken_when_nobody_holds_it_or_it_was_seen_unchanged_for_its_duration(
    holder: str | None, seconds_later: float, free: bool
):
    tenure = Tenure(holder_identity=holder, lease_duration_seconds=15)
    assert seen(tenure).is_free(OURS, 100 + seconds_later) is free


def test_a_renewal_seen_begins_the_wait_anew():
    first = held(Tenure(), THEIRS, 15, NOW)
    sight = seen(first)
    sight.look(held(first, THEIRS, 15, NOW.replace(second=6)), 110)
    assert (sight.is_free(OURS, 124), sight.is_free(OURS, 125)) == (False, True)


def test_looking_again_does_not_begin_the_wait_anew():
    tenure = held(Tenure(), THEIRS, 15, NOW)
    sight = seen(tenure)
    sight.look(tenure, 110)
    assert sight.is_free(OURS, 115)


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_clock_of_the_holder_does_not_matter(moment: datetime):
    sight = seen(held(Tenure(), THEIRS, 15, moment))
    assert (sight.is_free(OURS, 114), sight.is_free(OURS, 115)) == (False, True)


def test_a_lease_never_seen_is_free():
    assert Sight().is_free(OURS, 0)


def test_a_take_over_counts_as_a_transition():
    before = Tenure(holder_identity=THEIRS, lease_duration_seconds=15, lease_transitions=3)
    moment = "2026-01-02T03:04:05.678901Z"
    assert held(before, OURS, 20, NOW) == Tenure(OURS, 20, moment, moment, 4)


def test_a_renewal_keeps_when_it_was_taken():
    before = held(Tenure(), OURS, 15, NOW)
    after = held(before, OURS, 15, NOW.replace(second=7))
    assert (after.acquire_time, after.renew_time, after.lease_transitions) == (
        before.acquire_time,
        "2026-01-02T03:04:07.678901Z",
        0,
    )


def test_a_released_lease_is_free_at_once_and_the_next_holder_counts():
    given_back = released(held(Tenure(), THEIRS, 15, NOW), NOW)
    assert seen(given_back).is_free(OURS, 100)
    assert held(given_back, OURS, 15, NOW).lease_transitions == 1
