"""How many random clusters are tried: 3,000 in all, or as many as CONNECTIVITY_CLUSTERS says."""

import json
import os

from hypothesis import HealthCheck, note, settings

ALL = int(os.environ.get("CONNECTIVITY_CLUSTERS", "3000"))
RANDOM = "CONNECTIVITY_CLUSTERS" in os.environ


def share(percent):
    """Settings of a test that gets so much of them; the same clusters each time, unless a number is given."""
    return settings(
        max_examples=max(1, ALL * percent // 100),
        deadline=None,
        derandomize=not RANDOM,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def told(**example):
    """Have what a test was given printed in full where it fails."""
    for name, value in example.items():
        note(f"{name} = {json.dumps(value)}")
