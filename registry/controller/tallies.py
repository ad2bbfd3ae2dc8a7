"""Counters and histograms for what is done with every policy: plain numbers, put together at a scrape.

Those of prometheus_client take a lock and several calls each time, for processes of many threads. Ten of them
for each policy were a twelfth of the controller's processor time; here one thread counts.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class Count:
    """One series of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self) -> None:
        """Count one."""
        self.value += 1


class Durations:
    """One series of a histogram, in seconds."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one that took so long."""
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds


T = TypeVar("T", Count, Durations)


class _Family(Collector, Generic[T]):
    """The series of one metric, by the values of its labels; registered where everybody looks."""

    def __init__(self, name: str, told: str, labels: Sequence[str]) -> None:
        self._name = name
        self._told = told
        self._labels = labels
        self._series: dict[tuple[str, ...], T] = {}
        REGISTRY.register(self)

    def labels(self, *values: str) -> T:
        """The series of these values."""
        return self._series.get(values) or self._series.setdefault(values, self._new())

    def _new(self) -> T:
        raise NotImplementedError


class Counts(_Family[Count]):
    """A counter."""

    def _new(self) -> Count:
        return Count()

    def collect(self) -> Iterable[Metric]:
        """The counter as it stands."""
        family = CounterMetricFamily(self._name, self._told, labels=self._labels)
        for values, one in self._series.items():
            family.add_metric(values, one.value)
        yield family


class Histograms(_Family[Durations]):
    """A histogram of durations; `bounds` are the upper ones of its buckets but the last, in seconds."""

    def __init__(self, name: str, told: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._bounds = bounds
        super().__init__(name, told, labels)

    def _new(self) -> Durations:
        return Durations(self._bounds)

    def collect(self) -> Iterable[Metric]:
        """The histogram as it stands."""
        family = HistogramMetricFamily(self._name, self._told, labels=self._labels)
        names = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for values, one in self._series.items():
            below = zip(names, itertools.accumulate(one.counts), strict=True)
            family.add_metric(values, list(below), one.total)
        yield family
