"""Ways in as nodes of a graph: from the internet, via a name, to the workloads behind it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from registry.connectivity import ports
from registry.connectivity.entrances.reaching import Arrival
from registry.connectivity.graph import Edge, Graph, Node
from registry.connectivity.intervals import Interval, union
from registry.connectivity.network import Network, Pods


def with_entrances(graph: Graph, network: Network, found: Iterable[Arrival]) -> Graph:
    """The graph with a node for each name under which workloads in it can be reached from outside.

    What policies deny is left out; what is let in partly, or of which it is not known, is drawn.
    """
    drawn = {node.id for node in graph.nodes}
    nodes: dict[str, Node] = {}
    edges: defaultdict[tuple[str, str], list[Interval]] = defaultdict(list)
    for arrival in found:
        for target, spans in _targets(network, arrival, drawn):
            for name in arrival.way.hosts:
                node = Node(id=f"entrance:{name}", kind="entrance", name=name)
                nodes[node.id] = node
                edges[node.id, target] += spans
    return Graph(
        level=graph.level,
        nodes=tuple(sorted((*graph.nodes, *nodes.values()), key=lambda node: node.id)),
        edges=tuple(sorted((*graph.edges, *map(_edge, edges, edges.values())), key=_ends)),
    )


def _targets(
    network: Network, arrival: Arrival, drawn: set[str]
) -> Iterator[tuple[str, tuple[Interval, ...]]]:
    if arrival.allowed == "no":
        return
    for behind in arrival.way.behind:
        for pods in network.pods_in(behind.pods):
            if target := _node_of(pods, drawn):
                yield target, behind.ports


def _node_of(pods: Pods, drawn: set[str]) -> str | None:
    """The node that pods are drawn as: by themselves, or as their namespace."""
    for name in (f"workload:{pods.group.key}", f"namespace:{pods.room.name}"):
        if name in drawn:
            return name
    return None


def _edge(ends: tuple[str, str], spans: list[Interval]) -> Edge:
    return Edge(source=ends[0], target=ends[1], ports=tuple(ports.shown(union(spans))))


def _ends(edge: Edge) -> tuple[str, str]:
    return edge.source, edge.target
