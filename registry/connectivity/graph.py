"""The connections as a graph that stays small: namespaces as nodes, or workloads around those asked about.

What no policy restricts is everything, and drawn it would hide all else. So pods that nothing isolates at
one end are one node: an edge from `unrestricted` comes from every workload whose egress is not isolated, one
to `unprotected` goes to every workload whose ingress is not, and none is drawn between the two.
"""

from collections.abc import Container, Iterable, Iterator
from typing import Final, Literal

import msgspec

from registry.connectivity import addresses, ports
from registry.connectivity.flows import Block, Flows
from registry.connectivity.index import Bits, places
from registry.connectivity.intervals import Intervals, intersection, union
from registry.connectivity.network import Network
from registry.connectivity.outside import PRIVATE, Outside
from registry.connectivity.podsets import NOBODY, PodSet, count, join, meet, without
from registry.connectivity.sides import Side

Kind = Literal[
    "namespace", "workload", "unrestricted", "unprotected", "host", "addresses", "hidden", "entrance"
]
Level = Literal["namespace", "workload"]
End = Literal["source", "target"]

HOST: Final = "host"
HIDDEN: Final = "hidden"
"""The node of all pods in namespaces that whoever asks may not see."""

OPEN: Final[dict[End, Kind]] = {"source": "unrestricted", "target": "unprotected"}
"""The node of all pods that nothing isolates at that end."""

MOST_NEIGHBOURS: Final = 100
"""Workloads around those asked about; where there are more, they are drawn as their namespaces."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A namespace, a workload, all pods that nothing isolates at one end, addresses, or a way in.

    `workloads` counts groups of pods, `ingress_isolated` and `egress_isolated` those that policies do. Where
    rules have more blocks of addresses than can be drawn, a node stands for some addresses of so many
    `blocks`.
    """

    id: str
    kind: Kind
    namespace: str = ""
    name: str = ""
    workloads: int = 0
    ingress_isolated: int = 0
    egress_isolated: int = 0
    addresses: tuple[str, ...] = ()
    blocks: int = 0


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the source's workloads may connect to some of the target's: how many, and at which ports."""

    source: str
    target: str
    ports: tuple[str, ...]
    sources: int = 0
    targets: int = 0


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes and edges in the order of their names."""

    level: Level
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What to draw: the connections of the pods in `focus` and at `ports`, None for all.

    Only pods in `seen` have names; others are drawn as their namespace where any of it are seen, else as
    one node for all such namespaces. The focus is among them. More than `most` edges are not drawn.
    """

    level: Level = "namespace"
    focus: PodSet | None = None
    ports: Intervals | None = None
    seen: PodSet | None = None
    most: int | None = None


class TooManyEdges(ValueError):
    """There are more edges than were asked for at most."""


def graph(network: Network, flows: Flows, view: View) -> Graph:
    """Draw the connections of a network; `flows` are of this network alone. Raises TooManyEdges."""
    blocks = list(_blocks(flows, view))
    everyone = flows.members[0].everyone
    singly = _singly(view, blocks, everyone)
    drawing = _Drawing(network, singly if view.seen is None else meet(singly, view.seen), blocks)
    drawing.names, drawing.most = view.seen, view.most
    drawing.show(everyone if view.focus is None else view.focus)
    for block in blocks:
        drawing.add(block)
    return drawing.graph(view.level)


def _blocks(flows: Flows, view: View) -> Iterator[Block]:
    found = flows.blocks() if view.focus is None else _around(flows, view.focus)
    for block in found:
        if view.ports is None:
            yield block
        elif shared := intersection(block.ports[0], view.ports):
            yield block._replace(ports=(shared,))


def _around(flows: Flows, focus: PodSet) -> Iterator[Block]:
    yield from flows.blocks(sources=focus)
    yield from flows.blocks(destinations=focus)


def namespaces_around(flows: Flows, focus: PodSet) -> set[str]:
    """The namespaces that a graph around these pods names."""
    found = set(focus)
    for block in _around(flows, focus):
        for pods, side in ((block.sources, block.sender), (block.destinations, block.receiver)):
            if not _is_open(pods, side):
                found.update(pods)
    return found


def _singly(view: View, blocks: Iterable[Block], everyone: PodSet) -> PodSet:
    """The pods that are drawn as workloads, each a node of its own."""
    if view.level == "namespace":
        return NOBODY
    if view.focus is None:
        return everyone
    found = view.focus
    for block in blocks:
        for pods, side in ((block.sources, block.sender), (block.destinations, block.receiver)):
            if not _is_open(pods, side):
                found = join(found, pods)
        if count(found) > count(view.focus) + MOST_NEIGHBOURS:
            return view.focus
    return found


def _is_open(pods: PodSet, side: Side | None) -> bool:
    """Whether these are all the pods that nothing isolates at their end."""
    return side is not None and side.open and pods is side.pods


class _Drawn(msgspec.Struct):
    """An edge while it is drawn."""

    ports: set[Intervals]
    sources: dict[str, Bits]
    targets: dict[str, Bits]


class _Drawing:
    def __init__(self, network: Network, singly: PodSet, blocks: Iterable[Block]) -> None:
        self._network = network
        self._singly = singly
        used = (one for block in blocks for one in (block.source_addresses, block.destination_addresses))
        self._outside = Outside(used)
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str], _Drawn] = {}
        self.names: Container[str] | None = None
        """The namespaces that may be named, None for all."""
        self.most: int | None = None

    def show(self, pods: PodSet) -> None:
        """Have nodes for these, whether they have edges or not."""
        for _ in self._places(pods):
            pass

    def add(self, block: Block) -> None:
        """Draw one block. Raises TooManyEdges."""
        targets = list(self._ends("target", block.destinations, block.receiver, block.destination_addresses))
        for source, senders in self._ends("source", block.sources, block.sender, block.source_addresses):
            for target, receivers in targets:
                drawn = self._edges.get((source, target))
                if drawn is None:
                    drawn = self._edges[source, target] = _Drawn(set(), {}, {})
                drawn.ports.add(block.ports[0])
                _merge(drawn.sources, senders)
                _merge(drawn.targets, receivers)
            if self.most is not None and len(self._edges) > self.most:
                raise TooManyEdges

    def graph(self, level: Level) -> Graph:
        """What was drawn."""
        edges = (
            Edge(
                source=source,
                target=target,
                ports=tuple(ports.shown(union(span for one in drawn.ports for span in one))),
                sources=count(drawn.sources),
                targets=count(drawn.targets),
            )
            for (source, target), drawn in sorted(self._edges.items())
        )
        if HIDDEN in self._nodes:
            self._nodes[HIDDEN] = self._counted()
        nodes = (node for _, node in sorted(self._nodes.items()))
        return Graph(level=level, nodes=tuple(nodes), edges=tuple(edges))

    def _ends(
        self, end: End, pods: PodSet, side: Side | None, outside: Intervals
    ) -> Iterator[tuple[str, PodSet]]:
        """The nodes at one end of a block, with its pods in each."""
        if side is None:
            for part in self._outside.parts_of(outside) if outside else ():
                yield self._part(part), NOBODY
        elif _is_open(pods, side):
            yield self._open(end, side), pods
        else:
            yield from self._places(pods)

    def _open(self, end: End, side: Side) -> str:
        kind = HOST if side.host_network else OPEN[end]
        if kind not in self._nodes:
            self._nodes[kind] = Node(id=kind, kind=kind, workloads=count(side.pods))
        return kind

    def _places(self, pods: PodSet) -> Iterator[tuple[str, PodSet]]:
        for name, bits in meet(pods, self._singly).items():
            for place in places(bits):
                yield self._workload(name, place), {name: 1 << place}
        for name, bits in without(pods, self._singly).items():
            seen = self.names is None or name in self.names
            yield self._namespace(name) if seen else self._hidden(), {name: bits}

    def _workload(self, namespace: str, place: int) -> str:
        space = self._network.namespaces[namespace]
        key = space.index.group(place).key
        found = f"workload:{key}"
        if found not in self._nodes:
            self._nodes[found] = Node(
                id=found,
                kind="workload",
                namespace=namespace,
                name=key.workload.kind_name + (f" ({key.variant})" if key.variant else ""),
                workloads=1,
                ingress_isolated=int(bool(space.ingress[place])),
                egress_isolated=int(bool(space.egress[place])),
            )
        return found

    def _namespace(self, name: str) -> str:
        found = f"namespace:{name}"
        if found not in self._nodes:
            space = self._network.namespaces[name]
            self._nodes[found] = Node(
                id=found,
                kind="namespace",
                namespace=name,
                name=name,
                workloads=space.index.present.bit_count(),
                ingress_isolated=sum(map(bool, space.ingress)),
                egress_isolated=sum(map(bool, space.egress)),
            )
        return found

    def _hidden(self) -> str:
        if HIDDEN not in self._nodes:
            self._nodes[HIDDEN] = Node(id=HIDDEN, kind="hidden")
        return HIDDEN

    def _counted(self) -> Node:
        """The node of what may not be seen: how many workloads there are that have any connection drawn."""
        found: dict[str, Bits] = {}
        for (source, target), drawn in self._edges.items():
            if source == HIDDEN:
                _merge(found, drawn.sources)
            if target == HIDDEN:
                _merge(found, drawn.targets)
        name = "another namespace" if len(found) == 1 else f"{len(found)} other namespaces"
        return Node(id=HIDDEN, kind="hidden", name=name, workloads=count(found))

    def _part(self, part: int) -> str:
        found = f"addresses:{part + 1}"
        if found not in self._nodes:
            outside = self._outside
            shown = tuple(addresses.shown(outside.parts[part]))
            if outside.exact:
                node = Node(id=found, kind="addresses", name=", ".join(shown[:3]), addresses=shown)
            else:
                kind = "private" if intersection(outside.parts[part], PRIVATE) else "public"
                node = Node(id=found, kind="addresses", name=kind, blocks=outside.blocks(part))
            self._nodes[found] = node
        return found


def _merge(into: dict[str, Bits], pods: PodSet) -> None:
    for name, bits in pods.items():
        into[name] = into.get(name, 0) | bits
