"""Sets of numbers, ports and addresses as ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity import addresses, ports
from registry.connectivity.addresses import ALL_ADDRESSES, IPBlock, address_of, read_block, read_cidr
from registry.connectivity.intervals import contains, difference, intersection, overlap, union
from registry.connectivity.ports import ALL_OF, ALL_PORTS, PolicyPort, number_of, read_ports, resolve
from registry.planning.pods import Port
from tests.connectivity.budget import share

UNIONS = [
    ([], ()),
    ([(1, 1)], ((1, 1),)),
    ([(1, 2), (3, 4)], ((1, 4),)),
    ([(1, 2), (4, 5)], ((1, 2), (4, 5))),
    ([(4, 5), (1, 2)], ((1, 2), (4, 5))),
    ([(1, 9), (3, 4)], ((1, 9),)),
    ([(1, 4), (3, 9), (9, 9)], ((1, 9),)),
]


@pytest.mark.parametrize(("ranges", "found"), UNIONS)
def test_a_union_is_sorted_and_its_ranges_never_touch(ranges, found):
    assert union(ranges) == found


BOTH = [
    ((), ((1, 5),), (), ()),
    (((1, 5),), (), (), ((1, 5),)),
    (((1, 5),), ((5, 9),), ((5, 5),), ((1, 4),)),
    (((1, 5),), ((6, 9),), (), ((1, 5),)),
    (((1, 9),), ((3, 4), (6, 6)), ((3, 4), (6, 6)), ((1, 2), (5, 5), (7, 9))),
    (((1, 2), (5, 6)), ((2, 5),), ((2, 2), (5, 5)), ((1, 1), (6, 6))),
    (((3, 4),), ((1, 9),), ((3, 4),), ()),
]


@pytest.mark.parametrize(("one", "other", "shared", "_"), BOTH)
def test_an_intersection_is_what_both_have(one, other, shared, _):
    assert intersection(one, other) == intersection(other, one) == shared


@pytest.mark.parametrize(("one", "other", "_", "left"), BOTH)
def test_a_difference_is_what_the_other_one_lacks(one, other, _, left):
    assert difference(one, other) == left


@pytest.mark.parametrize(
    ("number", "found"), [(0, 0), (1, 1), (3, 1), (4, 0), (6, 1), (7, 0), (9, 1), (10, 0)]
)
def test_a_number_is_contained_from_the_first_to_the_last_of_a_range(number, found):
    assert contains(((1, 3), (6, 6), (8, 9)), number) == bool(found)


SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda ends: tuple(sorted(ends))))


@share(10)
@given(SPANS, SPANS)
def test_ranges_behave_as_the_sets_of_their_numbers(one, other):
    first, second = union(one), union(other)
    assert numbers(union([*first, *second])) == numbers(first) | numbers(second)
    assert numbers(intersection(first, second)) == numbers(first) & numbers(second)
    assert numbers(difference(first, second)) == numbers(first) - numbers(second)
    assert overlap(first, second) == bool(numbers(first) & numbers(second))
    assert {place for place in range(22) if contains(first, place)} == numbers(first)
    for found in (first, intersection(first, second), difference(first, second)):
        assert union(found) == found


def numbers(ranges):
    return {number for low, high in ranges for number in range(low, high + 1)}


READ = [
    (None, ALL_PORTS),
    ([], ALL_PORTS),
    ([PolicyPort()], ALL_OF["TCP"]),
    ([PolicyPort(protocol="SCTP")], ALL_OF["SCTP"]),
    ([PolicyPort(port=80)], ((80, 80),)),
    ([PolicyPort(port=80, end_port=82), PolicyPort(port=83)], ((80, 83),)),
    ([PolicyPort(protocol="UDP", port=1, end_port=65_535)], ALL_OF["UDP"]),
    ([PolicyPort(protocol=one) for one in ("UDP", "TCP", "SCTP")], ALL_PORTS),
    ([PolicyPort(port="web")], ()),
]


@pytest.mark.parametrize(("entries", "found"), READ)
def test_ports_that_a_rule_numbers(entries, found):
    assert read_ports(entries).numbered == found


def test_the_last_port_of_one_protocol_and_the_first_of_the_next_do_not_touch():
    assert len(ALL_PORTS) == len(ALL_OF)


RESOLVED = [
    ("TCP", frozenset({Port("TCP", 80, "web")}), {("TCP", 80)}),
    ("UDP", frozenset({Port("TCP", 80, "web")}), set()),
    ("TCP", frozenset({Port("TCP", 80, "web"), Port("TCP", 81, "web")}), {("TCP", 80), ("TCP", 81)}),
    ("TCP", frozenset({Port("TCP", 80, "other"), Port("TCP", 81)}), set()),
    ("TCP", frozenset(), set()),
    ("UDP", frozenset({Port("TCP", 80, "web"), Port("UDP", 53, "web")}), {("UDP", 53)}),
]


@pytest.mark.parametrize(("protocol", "declared", "found"), RESOLVED)
def test_a_named_port_is_what_the_containers_declare_under_its_protocol(protocol, declared, found):
    named = read_ports([PolicyPort(protocol=protocol, port="web"), PolicyPort(port=9)])
    assert resolve(named, declared) == union([(9, 9), *((number_of(*at),) * 2 for at in found)])


SHOWN = [
    (ALL_PORTS, ["any"]),
    (ALL_OF["UDP"], ["UDP"]),
    (((80, 80),), ["TCP 80"]),
    (((80, 82), (number_of("UDP", 53),) * 2), ["TCP 80-82", "UDP 53"]),
    (union([*ALL_OF["TCP"], *ALL_OF["SCTP"]]), ["TCP", "SCTP"]),
    ((), []),
]


@pytest.mark.parametrize(("found", "texts"), SHOWN)
def test_ports_are_shown_as_a_person_reads_them(found, texts):
    assert ports.shown(found) == texts


CIDRS = [
    ("10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
    ("10.0.0.7/30", "10.0.0.4", "10.0.0.7"),
    ("10.0.0.7/32", "10.0.0.7", "10.0.0.7"),
    ("fd00::/16", "fd00::", "fd00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
]


@pytest.mark.parametrize(("cidr", "first", "last"), CIDRS)
def test_a_cidr_is_from_its_first_address_to_its_last(cidr, first, last):
    assert read_cidr(cidr) == (address_of(first), address_of(last))


def test_ipv4_and_ipv6_addresses_are_never_the_same():
    assert address_of("0.0.0.1") != address_of("::1")
    assert union([read_cidr("0.0.0.0/0"), read_cidr("::/0")]) == ALL_ADDRESSES


LEFT = [
    (("10.0.0.0/30", ()), ["10.0.0.0/30"]),
    (("10.0.0.0/30", ("10.0.0.0/31",)), ["10.0.0.2/31"]),
    (("10.0.0.0/30", ("10.0.0.1/32", "10.0.0.2/32")), ["10.0.0.0/32", "10.0.0.3/32"]),
    (("10.0.0.0/30", ("10.0.0.0/30",)), []),
    (("::/0", ("::/1",)), ["8000::/1"]),
]


@pytest.mark.parametrize(("block", "texts"), LEFT)
def test_a_block_is_shown_without_what_it_excepts_as_the_fewest_cidrs(block, texts):
    assert addresses.shown(read_block(IPBlock(*block))) == texts


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0", "10.0.0.0/8/8", "web", ""])
def test_what_is_no_cidr_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_cidr(text)


def test_addresses_are_shown_as_ranges_ipv4_first():
    found = union([read_cidr("::1/128"), read_cidr("10.0.0.0/31"), (address_of("10.0.0.5"),) * 2])
    assert addresses.ranges(found) == ["10.0.0.0-10.0.0.1", "10.0.0.5", "::1"]
