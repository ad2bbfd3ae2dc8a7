"""What the measurements found, and whether that meets the goals."""

import statistics
from collections.abc import Iterable
from typing import Any, Literal

import msgspec


class Goal(msgspec.Struct, frozen=True):
    """A bound for the ratio to the baseline; for the figure itself if `absolute`, or without a baseline."""

    side: Literal["at most", "at least"]
    bound: float
    absolute: bool = False

    def met(self, value: float) -> bool:
        """Whether `value` keeps the bound."""
        return value <= self.bound if self.side == "at most" else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.side == 'at most' else '≥'} {self.bound:g}"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the report: a figure of each run, of the product and perhaps of the baseline."""

    name: str
    unit: str
    product: list[float]
    baseline: list[float] = []
    goal: Goal | None = None
    worst: bool = False

    @property
    def figure(self) -> float:
        """The product's median, or the largest of its figures where no run may be worse than the goal."""
        return max(self.product) if self.worst else statistics.median(self.product)

    @property
    def baseline_figure(self) -> float | None:
        """The baseline's median, where there is one."""
        return statistics.median(self.baseline) if self.baseline else None

    @property
    def ratio(self) -> float | None:
        """The product's figure to the baseline's."""
        return self.figure / self.baseline_figure if self.baseline_figure else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        return self.goal.met(self.figure if self.ratio is None or self.goal.absolute else self.ratio)

    @property
    def asked(self) -> str:
        """The goal as the report shows it, with an x where it is one for the ratio."""
        if self.goal is None:
            return ""
        return str(self.goal) if self.ratio is None or self.goal.absolute else f"{self.goal} x"

    def summary(self) -> dict[str, Any]:
        """All of it for the JSON file."""
        computed = {
            "figure": self.figure,
            "baseline_figure": self.baseline_figure,
            "ratio": self.ratio,
            "met": self.met,
        }
        return {**msgspec.structs.asdict(self), "goal": self.asked, **computed}


class Measured(msgspec.Struct, frozen=True):
    """What one measurement found: rows of the report, and details of each run for the file alone."""

    results: list[Result]
    details: dict[str, Any] = {}


def percentile(values: Iterable[float], percent: int) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
