"""Of random changes: a network that is changed step by step is the same as one made anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity import index
from registry.connectivity.flows import Flows
from registry.connectivity.graph import View, graph
from tests.connectivity import plain
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import changed, changes, clusters
from tests.connectivity.expected import Expected
from tests.connectivity.networks import apply, network_of
from tests.connectivity.test_verdicts import answers


def picture(network):
    """All that the graphs of a network say."""
    flows = Flows(network)
    return [graph(network, flows, View(level=level)) for level in ("workload", "namespace")]


STEPS = st.lists(changes(), min_size=1, max_size=12)


@share(4)
@given(clusters(), STEPS)
def test_after_every_change_it_answers_as_one_made_anew(cluster, steps):
    told(cluster=cluster, steps=steps)
    network = network_of(cluster)
    for step in steps:
        cluster = changed(cluster, step)
        apply(network, step)
        assert picture(network) == picture(network_of(cluster))
    expected = Expected(cluster)
    for source, destination, port, found in answers(expected, network):
        assert found == plain.verdict(cluster, source, destination, port), (source, destination, port)


@share(2)
@given(clusters(), STEPS)
def test_a_fork_that_changes_leaves_what_it_was_made_of_as_it_was(cluster, steps):
    told(cluster=cluster, steps=steps)
    network = network_of(cluster)
    before = picture(network)
    fork = network.fork()
    for step in steps:
        cluster = changed(cluster, step)
        apply(fork, step)
    assert picture(network) == before
    assert picture(fork) == picture(network_of(cluster))


@share(2)
@given(clusters(), STEPS)
def test_so_it_does_when_it_forgets_every_selector_that_it_need_not_keep(cluster, steps):
    told(cluster=cluster, steps=steps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "REMEMBERED", 0)
        network = network_of(cluster)
        for step in steps:
            cluster = changed(cluster, step)
            apply(network, step)
            assert picture(network) == picture(network_of(cluster))


@share(2)
@given(clusters(), STEPS, STEPS)
def test_a_fork_of_a_fork_changes_by_itself(cluster, first, second):
    told(cluster=cluster, first=first, second=second)
    fork = network_of(cluster).fork()
    for step in first:
        cluster = changed(cluster, step)
        apply(fork, step)
    between = picture(fork)
    made = fork.fork()
    for step in second:
        cluster = changed(cluster, step)
        apply(made, step)
    assert picture(fork) == between == picture(fork.copy())
    assert picture(made) == picture(network_of(cluster))


@share(2)
@given(clusters(), STEPS)
def test_a_copy_stays_as_it_was_whatever_becomes_of_the_network(cluster, steps):
    told(cluster=cluster, steps=steps)
    network = network_of(cluster)
    copy = network.copy()
    before = picture(network)
    for step in steps:
        apply(network, step)
    assert picture(copy) == before
