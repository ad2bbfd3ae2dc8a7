"""The bench of the connectivity engine asks what it says it does."""

import pytest

from bench.connectivity.chart import chart
from bench.connectivity.cluster import IN_NAMESPACE, cluster
from bench.connectivity.measure import figures
from bench.connectivity.questions import grouped, members, whole_graph

SIZE = 2 * IN_NAMESPACE


@pytest.mark.parametrize("words", [("pods",), ("plain",)])
def test_every_figure_is_more_than_nothing(words):
    found = figures(SIZE, *words)
    assert found
    assert all(value > 0 for name, value in found.items() if not name.endswith("mib"))


def test_a_cluster_is_the_same_each_time():
    assert cluster(SIZE) == cluster(SIZE)


def test_pods_one_by_one_make_the_same_graph():
    made = cluster(SIZE)
    assert whole_graph(grouped(members(made), made)) == whole_graph(made.network())


def test_a_chart_has_a_figure_at_each_of_its_even_steps():
    drawn = chart("time", "s", (1, 3, 5), {"state": (1.0, 3.0, 5.0)})
    assert "line [1, 1.8, 2.6, 3.4, 4.2, 5]" in drawn
