"""The growth of the engine as charts that Markdown can show (https://mermaid.js.org/syntax/xyChart.html)."""

from collections.abc import Mapping, Sequence


def chart(title: str, unit: str, sizes: Sequence[int], lines: Mapping[str, Sequence[float]]) -> str:
    """One chart: `lines` by name, a figure for each of the sizes, which stand in their proportion."""
    highest = max(value for line in lines.values() for value in line)
    written = [
        "```mermaid",
        "xychart-beta",
        f'  title "{title}: {", ".join(lines)}"',
        f'  x-axis "workloads, and as many policies" {min(sizes)} --> {max(sizes)}',
        f'  y-axis "{unit}" 0 --> {highest * 1.1:.3g}',
        *(f"  line [{', '.join(f'{value:.3g}' for value in _even(sizes, line))}]" for line in lines.values()),
        "```",
    ]
    return "\n".join(written)


def _even(sizes: Sequence[int], line: Sequence[float]) -> list[float]:
    """The figures at even distances, since the chart puts points so: between two sizes on the line."""
    steps = len(sizes) * 2
    width = (sizes[-1] - sizes[0]) / (steps - 1)
    return [_at(sizes[0] + step * width, sizes, line) for step in range(steps)]


def _at(size: float, sizes: Sequence[int], line: Sequence[float]) -> float:
    after = next((place for place, one in enumerate(sizes) if one >= size), len(sizes) - 1)
    before = max(0, after - 1)
    span = sizes[after] - sizes[before]
    share = (size - sizes[before]) / span if span else 0.0
    return line[before] + share * (line[after] - line[before])
