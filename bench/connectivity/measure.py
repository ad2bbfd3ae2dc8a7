"""The rows of the connectivity engine, each in a process of its own, in turns with the plain evaluator."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from bench.connectivity.chart import chart
from bench.results import Goal, Measured, Result
from bench.size import Size

_SECONDS: Final = 900
_GROWTH: Final = (1_000, 10_000, 20_000, 30_000, 40_000, 50_000)
"""Workloads, and as many policies."""

_CHARTS: Final = (
    ("time", "s", (("state", "state_s"), ("graph", "graph_s"))),
    ("memory", "MiB", (("state", "state_mib"), ("with a graph and a diff", "most_mib"))),
)

_NOISE: Final = 1.1
"""The same work may take so much longer."""

Figures = Mapping[str, float]


class _Row(msgspec.Struct, frozen=True):
    name: str
    unit: str
    product: str
    baseline: str = ""
    goal: Goal | None = None


def _at_most(bound: float) -> Goal:
    return Goal("at most", bound, absolute=True)


_ROWS: Final = (
    _Row("state from objects in memory", "s", "state_s", "decode_s", _at_most(1)),
    _Row("memory of the state", "MiB", "state_mib", goal=_at_most(200)),
    _Row("memory with a graph and a diff", "MiB", "most_mib"),
    _Row("one policy changed", "ms", "policy_ms", goal=_at_most(1)),
    _Row("one label changed", "ms", "label_ms", goal=_at_most(1)),
    _Row("one verdict", "µs", "verdict_us", "verdict_us", _at_most(50)),
    _Row("one explanation", "µs", "explain_us", "verdict_us", _at_most(2000)),
    _Row("graph of the whole cluster as JSON", "s", "graph_s", "graph_s", _at_most(1)),
    _Row("diff of a template with 2,000 users", "s", "diff_s", "diff_s", _at_most(0.3)),
)


def measure(size: Size, step: Callable[[], None]) -> Measured:
    """Ask the engine and the plain evaluator, `size.runs` times, about a cluster of `size.deployments`."""
    product: list[Figures] = []
    baseline: list[Figures] = []
    for _ in range(size.runs):
        product.append(figures(size.deployments, "pods"))
        baseline.append(figures(size.deployments, "plain"))
        step()
    results = [
        Result(
            name=row.name,
            unit=row.unit,
            product=[one[row.product] for one in product],
            baseline=[one[row.baseline] for one in baseline] if row.baseline else [],
            goal=row.goal,
        )
        for row in _ROWS
    ]
    results += [
        Result(
            name="the same graph with ten pods of each workload",
            unit="s",
            product=[one["pods_graph_s"] for one in product],
            baseline=[one["graph_s"] for one in product],
            goal=Goal("at most", _NOISE),
        ),
        Result(
            name="state from pods one by one",
            unit="s",
            product=[one["pods_state_s"] for one in product],
            baseline=[one["state_s"] for one in product],
        ),
    ]
    return Measured(results, {"runs": product, "plain": baseline})


def growth(size: Size, step: Callable[[], None]) -> Measured:
    """Ask the engine about clusters of all sizes; `size.runs` times each, of which the fastest counts."""
    found: dict[int, list[Figures]] = {}
    for workloads in _GROWTH:
        found[workloads] = [figures(workloads) for _ in range(size.runs)]
        step()
    first, last = _GROWTH[0], _GROWTH[-1]
    results = [
        Result(
            name=f"{name}, {last:,} to {first:,} workloads, for each",
            unit="",
            product=[_best(found[last], key) / _best(found[first], key) / (last / first)],
        )
        for key, name in (("state_s", "state"), ("graph_s", "graph"), ("state_mib", "memory"))
    ]
    charts = [
        chart(
            title, unit, _GROWTH, {name: [_best(found[one], key) for one in _GROWTH] for name, key in lines}
        )
        for title, unit, lines in _CHARTS
    ]
    runs = {str(workloads): figures for workloads, figures in found.items()}
    return Measured(results, {"growth": runs, "charts": charts})


def _best(runs: list[Figures], key: str) -> float:
    return min(run[key] for run in runs)


def figures(workloads: int, *words: str) -> Figures:
    """Those of one process, which tells on standard error why it failed. Raises CalledProcessError then."""
    command = [sys.executable, "-m", "bench.connectivity", str(workloads), *words]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=_SECONDS).stdout  # noqa: S603 (our own)
    return msgspec.json.decode(output, type=dict[str, float])
