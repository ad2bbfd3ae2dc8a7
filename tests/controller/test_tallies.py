"""What is counted in plain numbers reads as a counter or a histogram of prometheus_client does."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.registry import Collector

from registry.controller.tallies import Counts, Histograms


def read(metrics: Collector) -> list[str]:
    """What is told, but when each series began: the controller leaves that out everywhere."""
    return [line for line in generate_latest(metrics).decode().splitlines() if "_created" not in line]


def test_durations_read_as_a_histogram():
    bounds, registry = (0.1, 1, 2.5), CollectorRegistry()
    ours = Histograms("tallies_seconds", "Told.", ["name"], bounds)
    theirs = Histogram("tallies_seconds", "Told.", ["name"], buckets=bounds, registry=registry)
    for seconds in (0.1, 0.5, 2.5, 7):
        ours.labels("a").observe(seconds)
        theirs.labels("a").observe(seconds)
    assert read(ours) == read(registry)


def test_counts_read_as_a_counter():
    registry = CollectorRegistry()
    ours = Counts("tallies_total", "Told.", ["name"])
    theirs = Counter("tallies_total", "Told.", ["name"], registry=registry)
    for name in ("a", "b", "a"):
        ours.labels(name).inc()
        theirs.labels(name).inc()
    assert read(ours) == read(registry)
