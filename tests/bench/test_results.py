"""What the report makes of the figures."""

import pytest

from bench.bare import is_whole
from bench.results import Goal, Result, percentile
from bench.size import Size


def result(goal: Goal | None = None, **figures: object) -> Result:
    return Result(**{"name": "x", "unit": "ms", "product": [3.0, 1.0, 2.0], "goal": goal, **figures})


def test_a_figure_is_the_median_of_its_runs():
    assert result().figure == 2


def test_of_counts_the_worst_run_is_the_figure():
    assert result(worst=True).figure == 3


@pytest.mark.parametrize(
    ("goal", "met", "asked"),
    [
        (Goal("at most", 0.5), True, "≤ 0.5 x"),
        (Goal("at least", 0.6), False, "≥ 0.6 x"),
        (Goal("at most", 1.9, absolute=True), False, "≤ 1.9"),
        (Goal("at most", 2, absolute=True), True, "≤ 2"),
        (None, None, ""),
    ],
)
def test_beside_a_baseline_a_goal_is_for_the_ratio_unless_it_is_absolute(goal, met, asked):
    found = result(goal, baseline=[4.0])
    assert (found.met, found.asked) == (met, asked)


def test_without_a_baseline_a_goal_is_for_the_figure():
    found = result(Goal("at most", 2))
    assert (found.met, found.asked) == (True, "≤ 2")


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (99, 4), (25, 1), (1, 1)])
def test_percentiles_are_of_the_nearest_rank(percent, value):
    assert percentile([4, 3, 2, 1], percent) == value


def test_a_large_bench_has_the_proportions_of_the_goals():
    size = Size.scaled(10_000, 5)
    assert (size.namespaces, size.burst, size.templates * size.template_namespaces) == (100, 5000, 10_800)


def test_what_is_measured_one_after_the_other_does_not_grow():
    assert Size.scaled(10_000, 5).labels == Size.scaled(2000, 5).labels


@pytest.mark.parametrize(
    ("came", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
    ],
)
def test_the_bare_client_knows_the_end_of_an_answer(came, whole):
    assert is_whole(came) is whole
