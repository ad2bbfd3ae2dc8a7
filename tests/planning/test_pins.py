"""Which pins are recorded, for how long, and how."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.planning.objects import Key
from registry.planning.pins import KEPT_DAYS, Held, Pin, read, wanted, written
from registry.planning.resolve import Applied
from tests.planning.build import DB

TODAY = date(2026, 1, 31)
OLD = Applied(1, {"port": 1}, "pinned")
NOW = Applied(2, {}, "pinned")
STORED = Pin(1, {"port": 9})
GONE = Held(there=False, pinned=False, applied=None)
IN_FORCE = Held(there=True, pinned=True, applied=OLD)


@pytest.mark.parametrize(
    ("held", "stored", "expected"),
    [
        (IN_FORCE, None, Pin(1, {"port": 1})),
        (IN_FORCE, STORED, Pin(1, {"port": 1})),
        (Held(there=True, pinned=True, applied=NOW), None, None),
        (Held(there=True, pinned=True, applied=NOW), STORED, None),
        (Held(there=True, pinned=False, applied=OLD), STORED, None),
        (Held(there=True, pinned=True, applied=None), STORED, STORED),
        (Held(there=True, pinned=True, applied=None), None, None),
        (GONE, None, None),
        (GONE, STORED, Pin(1, {"port": 9}, TODAY.isoformat())),
        (None, STORED, Pin(1, {"port": 9}, TODAY.isoformat())),
    ],
)
def test_a_pin_is_kept_where_the_current_revision_would_not_bring_it_back(held, stored, expected):
    found = wanted(2, {DB: held} if held else {}, {DB: stored} if stored else {}, TODAY)
    assert found.get(DB) == expected


def test_a_pin_of_what_is_gone_waits_for_its_return_and_not_for_ever():
    first = TODAY - timedelta(KEPT_DAYS)
    waiting = {DB: Pin(1, {}, first.isoformat())}
    assert wanted(2, {DB: GONE}, waiting, TODAY) == waiting
    assert wanted(2, {DB: GONE}, waiting, TODAY + timedelta(1)) == {}


def test_what_comes_back_is_no_longer_gone():
    came_back = Held(there=True, pinned=True, applied=None)
    assert wanted(2, {DB: came_back}, {DB: Pin(1, {}, "2026-01-01")}, TODAY) == {DB: Pin(1)}


def test_a_spoiled_day_counts_as_long_ago():
    assert wanted(2, {}, {DB: Pin(1, {}, "yesterday")}, TODAY) == {}


names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
keys = st.one_of(
    st.builds(Key, st.sampled_from(["apps", "batch"]), st.just("Deployment"), names, names),
    names.map(lambda name: Key("", "Namespace", name, name)),
)
pins = st.builds(Pin, st.integers(1, 10**6), st.dictionaries(names, st.integers(0, 9)), st.just(""))


@given(st.dictionaries(keys, pins))
def test_what_is_written_is_read_again(found):
    assert read(written(found)) == found


def test_what_somebody_spoiled_is_left_out():
    good = written({DB: STORED})
    assert read({**good, "other": "no JSON", "third": '{"Deployment": {"revision": 1}}'}) == {DB: STORED}
