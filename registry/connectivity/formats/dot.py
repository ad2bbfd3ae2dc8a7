"""A drawing as Graphviz dot: https://graphviz.org/doc/info/lang.html."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from registry.connectivity.formats.drawing import Box, Drawing, Line

_SHAPES: Final = {"namespace": "tab", "workload": "box", "addresses": "ellipse"}
_COLORS: Final = {"added": "darkgreen", "removed": "red3"}


def dot(found: Drawing) -> str:
    """A directed graph; boxes whose ingress is not wholly isolated are dashed."""
    return "\n".join(["digraph connectivity {", "  rankdir=LR;", *_body(found), "}", ""])


def quoted(text: str) -> str:
    """A text in quotes, none of its characters with a meaning of its own."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", "\\n")
    return f'"{plain}"'


def _body(found: Drawing) -> Iterator[str]:
    boxes = sorted(found.boxes, key=lambda box: box.group)
    for number, (group, members) in enumerate(groupby(boxes, key=lambda box: box.group)):
        if group:
            yield f"  subgraph cluster_{number} {{"
            yield f"    label={quoted(group)};"
            yield from (f"    {_box(one)}" for one in members)
            yield "  }"
        else:
            yield from (f"  {_box(one)}" for one in members)
    yield from (f"  {_line(one)}" for one in found.lines)


def _box(box: Box) -> str:
    style = "" if box.isolated else ", style=dashed"
    return f"{box.id} [label={quoted(box.label)}, shape={_SHAPES.get(box.kind, 'octagon')}{style}];"


def _line(line: Line) -> str:
    color = f", color={_COLORS[line.change]}, fontcolor={_COLORS[line.change]}" if line.change else ""
    return f"{line.source} -> {line.target} [label={quoted(line.label)}{color}];"
