"""Of random clusters: each pair is in the edges that stand for it, with the ports of the plain evaluator."""

from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity import ports
from registry.connectivity.addresses import address_of, read_cidr
from registry.connectivity.flows import Flows
from registry.connectivity.graph import View, graph
from registry.connectivity.intervals import contains, union
from registry.connectivity.ports import PROTOCOLS, number_of
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import clusters
from tests.connectivity.expected import Expected
from tests.connectivity.networks import network_of, pod_key
from tests.connectivity.test_flows import left_out


def intervals(texts):
    """Ports as they are shown, read back."""
    if texts == ("any",):
        return ports.ALL_PORTS
    spans = []
    for text in texts:
        protocol, _, numbers = text.partition(" ")
        low, _, high = (numbers or "1-65535").partition("-")
        spans.append((number_of(protocol, int(low)), number_of(protocol, int(high or low))))
    return union(spans)


class Drawn:
    """A graph, and which of its nodes stand for a pod or an address."""

    def __init__(self, expected, made):
        self._expected = expected
        self.edges = {(edge.source, edge.target): intervals(edge.ports) for edge in made.edges}
        self._addresses = {
            node.id: union(read_cidr(one) for one in node.addresses)
            for node in made.nodes
            if node.kind == "addresses"
        }
        self.nodes = {node.id for node in made.nodes}

    def between(self, source, destination):
        """The edges that stand for a pair."""
        return {
            ends: found
            for ends, found in self.edges.items()
            if ends[0] in self.ids(source, "Egress") and ends[1] in self.ids(destination, "Ingress")
        }

    def ids(self, end, direction):
        """The nodes that stand for an end."""
        if isinstance(end, str):
            return {one for one, held in self._addresses.items() if contains(held, address_of(end))}
        found = {f"workload:{pod_key(end['namespace'], end['name'])}"}
        if end["hostNetwork"]:
            return {*found, "host"}
        if self._expected.is_open(end, direction):
            return {*found, "unrestricted" if direction == "Egress" else "unprotected"}
        return found


def assert_drawn(expected, drawn, source, destination):
    found = drawn.between(source, destination)
    wanted = set() if left_out(expected, source, destination) else expected.connections(source, destination)
    assert bool(found) == bool(wanted), (source, destination, found)
    for ends, shown in found.items():
        assert expected.among(shown) == wanted, (source, destination, ends)


@share(4)
@given(clusters())
def test_every_pair_is_in_just_the_edges_that_stand_for_it(cluster):
    told(cluster=cluster)
    expected, network = Expected(cluster), network_of(cluster)
    drawn = Drawn(expected, graph(network, Flows(network), View(level="workload")))
    pods = list(expected.pods.values())
    for source in pods:
        for destination in pods:
            assert_drawn(expected, drawn, source, destination)
            assert len(drawn.between(source, destination)) <= 1
        for address in expected.outside:
            assert_drawn(expected, drawn, source, address)
            assert_drawn(expected, drawn, address, source)


@share(2)
@given(clusters(), st.data())
def test_around_some_workloads_all_their_connections_are_drawn_and_no_others(cluster, data):
    expected, network = Expected(cluster), network_of(cluster)
    chosen = data.draw(st.sets(st.sampled_from(sorted(expected.pods)), min_size=1, max_size=2))
    told(cluster=cluster, chosen=sorted(chosen))
    view = View(level="workload", focus=focus(network, chosen))
    drawn = Drawn(expected, graph(network, Flows(network), view))
    for key, pod in expected.pods.items():
        for other, peer in expected.pods.items():
            if {key, other} & chosen:
                assert_drawn(expected, drawn, pod, peer)
            else:
                assert not {ends for ends in drawn.between(pod, peer) if all_single(ends)}
        for address in expected.outside[::2] if key in chosen else ():
            assert_drawn(expected, drawn, pod, address)
            assert_drawn(expected, drawn, address, pod)


def focus(network, keys):
    found = {}
    for namespace, name in keys:
        pods = network.pods(pod_key(namespace, name))
        found[namespace] = found.get(namespace, 0) | 1 << pods.place
    return found


def all_single(ends):
    return all(end.startswith("workload:") for end in ends)


@share(2)
@given(clusters(), st.sampled_from(PROTOCOLS), st.sampled_from((53, 80, 81)))
def test_at_one_port_only_what_it_reaches_is_drawn(cluster, protocol, port):
    told(cluster=cluster, port=[protocol, port])
    expected, network = Expected(cluster), network_of(cluster)
    expected.ports = [one for one in expected.ports if one == (protocol, port)] or [(protocol, port)]
    number = number_of(protocol, port)
    view = View(level="workload", ports=((number, number),))
    drawn = Drawn(expected, graph(network, Flows(network), view))
    assert set(drawn.edges.values()) <= {((number, number),)}
    for source in expected.pods.values():
        for destination in expected.pods.values():
            assert_drawn(expected, drawn, source, destination)


@share(4)
@given(clusters())
def test_the_graph_of_namespaces_is_that_of_workloads_put_together(cluster):
    told(cluster=cluster)
    network = network_of(cluster)
    flows = Flows(network)
    apart = graph(network, flows, View(level="workload"))
    together = graph(network, flows, View(level="namespace"))
    homes = {node.id: node.namespace and f"namespace:{node.namespace}" for node in apart.nodes}
    edges = {}
    for edge in apart.edges:
        ends = tuple(homes[end] or end for end in (edge.source, edge.target))
        shown, sources, targets = edges.setdefault(ends, ([], {}, {}))
        shown += intervals(edge.ports)
        sources[edge.source], targets[edge.target] = edge.sources, edge.targets
    found = {
        (edge.source, edge.target): (intervals(edge.ports), edge.sources, edge.targets)
        for edge in together.edges
    }
    assert found == {
        ends: (union(shown), sum(sources.values()), sum(targets.values()))
        for ends, (shown, sources, targets) in edges.items()
    }
    assert {node.id for node in together.nodes} == {homes[node.id] or node.id for node in apart.nodes}
