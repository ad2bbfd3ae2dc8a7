"""Of random clusters and changes: what each pair gains and loses is what the plain evaluator says."""

from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity.diff import diff
from registry.connectivity.flows import Flows
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import changed, changes, clusters
from tests.connectivity.expected import Expected
from tests.connectivity.networks import apply, network_of
from tests.connectivity.test_flows import Ends


class States:
    """A cluster before and after some changes, as the plain evaluator and as the engine have it."""

    def __init__(self, cluster, earlier, steps):
        self.before = network_of(cluster).fork() if earlier else network_of(cluster)
        for step in earlier:
            cluster = changed(cluster, step)
            apply(self.before, step)
        after, self.after = cluster, self.before.fork()
        for step in steps:
            after = changed(after, step)
            apply(self.after, step)
        self.expected = Expected(cluster), Expected(after)
        both = Expected({**cluster, "policies": cluster["policies"] + after["policies"]})
        self.pods = {**self.expected[0].pods, **self.expected[1].pods}
        self.outside = both.outside[::2]
        for expected in self.expected:
            expected.ports = both.ports

    def connections(self, source, destination):
        """The ports from an end to another before and after; a pod that is not there has none."""
        found = []
        for expected in self.expected:
            ends = [self._in(expected, end) for end in (source, destination)]
            found.append(set() if None in ends else expected.connections(*ends))
        return found

    def _in(self, expected, end):
        return end if isinstance(end, str) else expected.pods.get((end["namespace"], end["name"]))


def assert_told(states, ends, changes, source, destination):
    found = [
        one
        for one in changes
        if ends.holds(one.sources, one.source_addresses, source)
        and ends.holds(one.destinations, one.destination_addresses, destination)
    ]
    before, after = states.connections(source, destination)
    assert len(found) == (before != after), (source, destination)
    for one in found:
        assert states.expected[0].among(one.added) == after - before, (source, destination)
        assert states.expected[0].among(one.removed) == before - after, (source, destination)


@share(10)
@given(clusters(), st.lists(changes(), max_size=2), st.lists(changes(), min_size=1, max_size=4))
def test_every_pair_gains_and_loses_the_ports_of_the_plain_evaluator(cluster, earlier, steps):
    told(cluster=cluster, earlier=earlier, steps=steps)
    states = States(cluster, earlier, steps)
    found, ends = diff(Flows(states.before, states.after)), Ends(states.before, states.after)
    pods = list(states.pods.values())
    for source in pods:
        for destination in pods:
            assert_told(states, ends, found, source, destination)
        for address in states.outside:
            assert_told(states, ends, found, source, address)
            assert_told(states, ends, found, address, source)
