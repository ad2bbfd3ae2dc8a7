"""Addresses outside of the cluster are split where rules tell them apart."""

import pytest

from registry.connectivity.addresses import read_cidr, shown
from registry.connectivity.intervals import intersection, union
from registry.connectivity.outside import MOST_PARTS, Outside


def blocks(*cidrs):
    return union(read_cidr(one) for one in cidrs)


SPLIT = [
    ([], []),
    ([["10.0.0.0/8"]], [["10.0.0.0/8"]]),
    ([["10.0.0.0/8"], ["10.0.0.0/8"]], [["10.0.0.0/8"]]),
    ([["10.0.0.0/8"], ["11.0.0.0/8"]], [["10.0.0.0/8"], ["11.0.0.0/8"]]),
    ([["10.0.0.0/8", "12.0.0.0/8"]], [["10.0.0.0/8", "12.0.0.0/8"]]),
    ([["10.0.0.0/8"], ["10.0.0.0/9"]], [["10.0.0.0/9"], ["10.128.0.0/9"]]),
    ([["10.0.0.0/8"], ["10.128.0.0/10"]], [["10.0.0.0/9", "10.192.0.0/10"], ["10.128.0.0/10"]]),
    ([["10.0.0.0/8", "::/1"], ["::/0"]], [["10.0.0.0/8"], ["::/1"], ["8000::/1"]]),
]


@pytest.mark.parametrize(("used", "parts"), SPLIT)
def test_parts_are_what_no_two_ranges_tell_apart(used, parts):
    assert [shown(one) for one in Outside(blocks(*one) for one in used).parts] == parts


@pytest.mark.parametrize("used", [one for one, _ in SPLIT])
def test_each_range_consists_of_its_parts_and_parts_share_nothing(used):
    outside = Outside(blocks(*one) for one in used)
    for one in used:
        ranges = blocks(*one)
        assert union(span for place in outside.parts_of(ranges) for span in outside.parts[place]) == ranges
    assert not any(
        intersection(one, other)
        for place, one in enumerate(outside.parts)
        for other in outside.parts[place + 1 :]
    )


def test_beyond_the_most_parts_addresses_are_private_or_public():
    private = [blocks(f"10.0.{number}.0/24") for number in range(MOST_PARTS)]
    public = blocks("8.8.8.8/32")
    outside = Outside([*private, public])
    assert not outside.exact
    assert [shown(one) for one in outside.parts] == [["10.0.0.0/18"], ["8.8.8.8/32"]]
    assert (outside.parts_of(private[3]), outside.parts_of(public)) == ([0], [1])
    assert (outside.blocks(0), outside.blocks(1)) == (MOST_PARTS, 1)


def test_as_many_parts_as_may_be_are_exact():
    assert Outside([blocks(f"10.0.{number}.0/24") for number in range(MOST_PARTS)]).exact
