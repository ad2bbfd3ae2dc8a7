"""The baseline: the tests' evaluator by the book, which asks policy by policy, for one pair of ends.

What would take hours is worked out from a sample of pairs, since each pair takes it as long as any other.
"""

import importlib
import random
from typing import Any, Final

import msgspec

from bench.connectivity.cluster import Cluster
from bench.connectivity.questions import ASKED, MILLION, seconds
from registry.connectivity.objects import PodGroup, Policy

plain: Any = importlib.import_module("tests.connectivity.plain")  # without types, as tests are

_PAIRS: Final = 20
_SEED: Final = 7


def figures(made: Cluster) -> dict[str, float]:
    """The same figures as the engine's, as far as there is something to compare."""
    decoding = seconds(lambda: [msgspec.json.decode(one.spec) for one in made.policies])
    pods = [_pod(one) for one in made.pods]
    cluster = {
        "namespaces": made.namespaces,
        "pods": pods,
        "policies": [_policy(one) for one in made.policies],
        "blocksMatchPods": False,
    }
    random_one = random.Random(_SEED)  # noqa: S311 (not for secrets)
    asked = [(random_one.choice(pods), random_one.choice(pods)) for _ in range(_PAIRS)]
    one = seconds(lambda: [plain.verdict(cluster, *ends, ASKED) for ends in asked]) / _PAIRS
    whole = one * len(made.pods) ** 2
    return {"decode_s": decoding, "verdict_us": one * MILLION, "graph_s": whole, "diff_s": 2 * whole}


def _pod(group: PodGroup) -> dict[str, Any]:
    ports = [
        {"name": port.name, "containerPort": port.number, "protocol": port.protocol} for port in group.ports
    ]
    return {
        "namespace": group.key.namespace,
        "name": group.key.workload.name,
        "labels": dict(group.labels),
        "addresses": [],
        "count": group.pods,
        "hostNetwork": False,
        "ports": ports,
    }


def _policy(policy: Policy) -> dict[str, Any]:
    metadata = {"namespace": policy.namespace, "name": policy.name}
    return {"metadata": metadata, "spec": msgspec.json.decode(policy.spec)}
