"""What users meet is documented: reasons of Events, metrics."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = "\n".join(path.read_text() for path in (ROOT / "registry").rglob("*.py"))
REASONS = sorted(set(re.findall(r'(?:Pending\(|Note\("(?:Normal|Warning)",)\s*"([A-Z]\w+)"', CODE)))
PROBLEM_REASONS = sorted(set(re.findall(r'Problem\(\s*template,\s*"([A-Z]\w+)"', CODE)))
GAUGES = {f"netpol_registry_{name}" for name in re.findall(r'_gauge\(\s*"(\w+)"', CODE)}
METRICS = sorted(GAUGES | set(re.findall(r'(?:Counter|Gauge|Histogram)(?:MetricFamily)?\(\s*"(\w+)"', CODE)))


def test_the_patterns_find_something():
    assert len(REASONS) > 20
    assert PROBLEM_REASONS
    assert len(METRICS) > 5


@pytest.mark.parametrize("reason", [*REASONS, *PROBLEM_REASONS])
def test_every_reason_is_documented(reason: str):
    assert f"`{reason}`" in (ROOT / "docs" / "contract.md").read_text()


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_documented(metric: str):
    assert f"`{metric}`" in (ROOT / "docs" / "metrics.md").read_text()
