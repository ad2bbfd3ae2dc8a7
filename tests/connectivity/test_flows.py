"""Of random clusters: the blocks of connections are those of the plain evaluator, pair by pair."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity import lanes
from registry.connectivity.addresses import address_of
from registry.connectivity.flows import Flows
from registry.connectivity.intervals import contains
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import clusters
from tests.connectivity.expected import Expected
from tests.connectivity.networks import network_of, pod_key


class Ends:
    """Whether an end of a block holds a pod or an address."""

    def __init__(self, *networks):
        self._networks = networks

    def holds(self, pods, addresses, end):
        if isinstance(end, str):
            return contains(addresses, address_of(end))
        bits = pods.get(end["namespace"], 0)
        return any(bits >> place & 1 for place in self.places(end))

    def places(self, pod):
        key = pod_key(pod["namespace"], pod["name"])
        spaces = (network.namespaces.get(pod["namespace"]) for network in self._networks)
        return {space.index.places[key] for space in spaces if space and key in space.index.places}


def blocks_between(ends, blocks, source, destination):
    """The blocks in which a pair of ends is."""
    return [
        block
        for block in blocks
        if ends.holds(block.sources, block.source_addresses, source)
        and ends.holds(block.destinations, block.destination_addresses, destination)
    ]


def left_out(expected, source, destination):
    """What no policy restricts at either end is not told: it is everything."""
    sends = isinstance(source, str) or expected.is_open(source, "Egress")
    return sends and (isinstance(destination, str) or expected.is_open(destination, "Ingress"))


def assert_told_once(expected, ends, blocks, source, destination):
    found = blocks_between(ends, blocks, source, destination)
    if left_out(expected, source, destination):
        assert not found, (source, destination)
        return
    wanted = expected.connections(source, destination)
    assert len(found) == bool(wanted), (source, destination, found)
    for block in found:
        assert expected.among(block.ports[0]) == wanted, (source, destination)


def assert_all_told_once(cluster):
    told(cluster=cluster)
    expected, network = Expected(cluster), network_of(cluster)
    blocks, ends = list(Flows(network).blocks()), Ends(network)
    pods = list(expected.pods.values())
    for source in pods:
        for destination in pods:
            assert_told_once(expected, ends, blocks, source, destination)
        for address in expected.outside:
            assert_told_once(expected, ends, blocks, source, address)
            assert_told_once(expected, ends, blocks, address, source)


@share(9)
@given(clusters())
def test_every_pair_is_in_one_block_with_the_ports_of_the_plain_evaluator(cluster):
    assert_all_told_once(cluster)


@share(5)
@given(clusters(), st.integers(0, 1))
def test_so_it_is_where_rules_are_about_more_namespaces_than_are_noted_one_by_one(cluster, few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "_FEW", few)
        assert_all_told_once(cluster)
