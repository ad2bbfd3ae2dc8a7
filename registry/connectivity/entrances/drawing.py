"""Ways in as nodes of a graph: from outside, via a name, to the workloads behind it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from registry.connectivity import ports
from registry.connectivity.entrances.reaching import Arrival
from registry.connectivity.graph import Edge, Graph, Node, TooManyEdges, View
from registry.connectivity.intervals import Interval, Intervals, intersection, union
from registry.connectivity.network import Network, Pods
from registry.connectivity.podsets import PodSet, meet


def with_entrances(graph: Graph, network: Network, found: Iterable[Arrival], view: View) -> Graph:
    """A graph that was drawn of a view, with a node for each name under which its workloads are reached.

    What policies deny is left out; what is let in partly, or of which it is not known, is drawn. Raises
    TooManyEdges.
    """
    drawn = _Drawn(view, {node.id for node in graph.nodes})
    nodes: dict[str, Node] = {}
    edges: defaultdict[tuple[str, str], list[Interval]] = defaultdict(list)
    for arrival in found:
        for target, spans in _targets(network, arrival, drawn):
            for name in arrival.way.hosts:
                node = Node(id=f"entrance:{name}", kind="entrance", name=name)
                nodes[node.id] = node
                edges[node.id, target] += spans
    if view.most is not None and len(graph.edges) + len(edges) > view.most:
        raise TooManyEdges
    return Graph(
        level=graph.level,
        nodes=tuple(sorted((*graph.nodes, *nodes.values()), key=lambda node: node.id)),
        edges=tuple(sorted((*graph.edges, *map(_edge, edges, edges.values())), key=_ends)),
    )


class _Drawn(NamedTuple):
    """What a graph shows."""

    view: View
    nodes: Set[str]

    def pods(self, some: PodSet) -> PodSet:
        """Those of some pods that the view is about, and that whoever asks may see."""
        for limit in (self.view.focus, self.view.seen):
            some = some if limit is None else meet(some, limit)
        return some

    def ports(self, some: Intervals) -> Intervals:
        """Those of some ports that the view is about."""
        return some if self.view.ports is None else intersection(some, self.view.ports)

    def node(self, pods: Pods) -> str | None:
        """The node that pods are drawn as: by themselves, or as their namespace."""
        for name in (f"workload:{pods.group.key}", f"namespace:{pods.namespace.name}"):
            if name in self.nodes:
                return name
        return None


def _targets(network: Network, arrival: Arrival, drawn: _Drawn) -> Iterator[tuple[str, Intervals]]:
    if arrival.allowed == "no":
        return
    for behind in arrival.way.behind:
        at = drawn.ports(behind.ports)
        for pods in network.pods_in(drawn.pods(behind.pods)) if at else ():
            if target := drawn.node(pods):
                yield target, at


def _edge(ends: tuple[str, str], spans: list[Interval]) -> Edge:
    return Edge(source=ends[0], target=ends[1], ports=tuple(ports.shown(union(spans))))


def _ends(edge: Edge) -> tuple[str, str]:
    return edge.source, edge.target
