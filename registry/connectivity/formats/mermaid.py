"""A drawing as a Mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from registry.connectivity.formats.drawing import Box, Drawing, Line

_SHAPES: Final = {"namespace": '[["{}"]]', "workload": '["{}"]', "addresses": '(["{}"])'}
_OTHER: Final = '{{{{"{}"}}}}'
_COLORS: Final = {"added": "green", "removed": "red"}


def mermaid(found: Drawing) -> str:
    """A flowchart; boxes whose ingress is not wholly isolated are dashed."""
    return "\n".join(["flowchart LR", *_body(found), ""])


def escaped(text: str) -> str:
    """A text as it is within quotes: what may have a meaning is a code between # and ;."""
    return "".join(
        one if one.isalnum() or one in " .,:/-_()+" else " " if one.isspace() else f"#{ord(one)};"
        for one in text
    )


def _body(found: Drawing) -> Iterator[str]:
    boxes = sorted(found.boxes, key=lambda box: box.group)
    for number, (group, members) in enumerate(groupby(boxes, key=lambda box: box.group)):
        if group:
            yield f'  subgraph g{number} ["{escaped(group)}"]'
            yield from (f"    {_box(one)}" for one in members)
            yield "  end"
        else:
            yield from (f"  {_box(one)}" for one in members)
    yield from (f"  {_line(one)}" for one in found.lines)
    dashed = [one.id for one in found.boxes if not one.isolated]
    if dashed:
        yield "  classDef open stroke-dasharray: 5 5"
        yield f"  class {','.join(dashed)} open"
    for number, line in enumerate(found.lines):
        if line.change:
            yield f"  linkStyle {number} stroke:{_COLORS[line.change]}"


def _box(box: Box) -> str:
    return box.id + _SHAPES.get(box.kind, _OTHER).format(escaped(box.label))


def _line(line: Line) -> str:
    return f'{line.source} -->|"{escaped(line.label)}"| {line.target}'
