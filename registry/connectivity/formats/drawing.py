"""What Graphviz and Mermaid draw, from JSON documents: nodes in groups, and edges with labels."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from registry.connectivity.formats.ends import Document
from registry.connectivity.formats.texts import in_namespace, node_shown

MOST_PORTS: Final = 4
"""Ports that the label of an edge names; the tables have all of them."""

MOST_SINGLY: Final = 10
"""Workloads of one namespace at one end of a change that are drawn one by one."""


class Box(NamedTuple):
    """A node: its own short id, what it is, and in which namespace it is drawn, empty for none."""

    id: str
    kind: str
    label: str
    group: str = ""
    isolated: bool = True


class Line(NamedTuple):
    """An edge; `change` is `added` or `removed` in a diff, else empty."""

    source: str
    target: str
    label: str
    change: str = ""


class Drawing(NamedTuple):
    """Boxes in the order in which they are drawn, and lines between them by their ids."""

    boxes: list[Box]
    lines: list[Line]


def drawing(answer: str, document: Document) -> Drawing:
    """What to draw of a `graph` or a `diff`. Raises KeyError for other answers."""
    return {"graph": _graph, "diff": _diff}[answer](document)


def _graph(document: Document) -> Drawing:
    ids = {one["id"]: f"n{number}" for number, one in enumerate(document["nodes"], 1)}
    boxes = [_box(ids[one["id"]], one) for one in document["nodes"]]
    lines = [Line(ids[one["source"]], ids[one["target"]], _ports(one["ports"])) for one in document["edges"]]
    return Drawing(boxes, lines)


def _box(number: str, node: Document) -> Box:
    kind = node["kind"]
    if kind == "workload":
        isolated = bool(node["ingressIsolated"])
        return Box(number, kind, node["name"], node["namespace"], isolated)
    label = node_shown(node)
    if node["workloads"]:
        label += f" ({node['workloads']})"
    isolated = kind != "namespace" or node["ingressIsolated"] == node["workloads"]
    return Box(number, kind, label, isolated=isolated)


def _ports(ports: list[str]) -> str:
    more = len(ports) - MOST_PORTS
    return ", ".join(ports[:MOST_PORTS]) + (f" and {more} more" if more > 0 else "")


class _Changes:
    def __init__(self) -> None:
        self.boxes: dict[tuple[str, str, str], Box] = {}

    def ids(self, end: Document) -> Iterator[str]:
        """The boxes of one end: workloads, namespaces where they are many, addresses."""
        for part in end["namespaces"]:
            name = part["namespace"]
            if len(part["workloads"]) == part["count"] <= MOST_SINGLY:
                yield from (self._id("workload", in_namespace(one), name) for one in part["workloads"])
            else:
                every = "all " if part["all"] else ""
                yield self._id("namespace", f"{name}: {every}{part['count']} workloads", _listed(part))
        if end["more"]["namespaces"]:
            yield self._id("namespace", f"{end['more']['namespaces']} more namespaces", str(end["more"]))
        if end["hidden"]:
            yield self._id("hidden", f"{end['hidden']} in namespaces that you may not see", "")
        if end["addresses"]:
            yield self._id("addresses", ", ".join(end["addresses"]), "")

    def _id(self, kind: str, label: str, which: str) -> str:
        key = (kind, label, which)
        if key not in self.boxes:
            group = which if kind == "workload" else ""
            self.boxes[key] = Box(f"n{len(self.boxes) + 1}", kind, label, group)
        return self.boxes[key].id


def _listed(part: Document) -> str:
    """Tells apart as many other workloads of the same namespace."""
    return "\n".join(map(in_namespace, part["workloads"]))


def _diff(document: Document) -> Drawing:
    changes = _Changes()
    lines: dict[Line, None] = {}
    for one in document["changes"]:
        targets = list(changes.ids(one["destinations"]))
        for source in changes.ids(one["sources"]):
            for target in targets:
                for said, change in (("gained", "added"), ("lost", "removed")):
                    if one[change]:
                        lines[Line(source, target, f"{said} {_ports(one[change])}", change)] = None
    return Drawing(list(changes.boxes.values()), list(lines))
