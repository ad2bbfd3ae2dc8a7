"""`python -m bench.connectivity N [plain|pods]`: one JSON line with the figures for N workloads.

A process of its own: each size has its memory for itself, and the collector is set as the product's is.
"""

import gc
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bench.connectivity import plainly, questions
from bench.connectivity.cluster import Cluster, cluster
from registry.collector import keep_what_is_loaded

_MIB = 1 << 20


def main(workloads: int, *, plain: bool, pods: bool) -> None:
    """Print the engine's figures, also for `pods` one by one, or those of the plain way."""
    made = cluster(workloads)
    keep_what_is_loaded()
    if plain:
        _tell(plainly.figures(made))
        return
    before = _resident()
    state_seconds = questions.seconds(made.network)  # once to warm up: readers are remembered
    gc.collect()
    network = made.network()
    held = _resident() - before
    found = {
        "state_s": state_seconds,
        "state_mib": held,
        "verdict_us": questions.verdicts(network),
        "explain_us": questions.explanations(network),
        "policy_ms": questions.policy_changes(network, made),
        "label_ms": questions.label_changes(network, made),
        "graph_s": questions.seconds(lambda: questions.whole_graph(network)),
        "diff_s": questions.seconds(lambda: questions.template_change(network, made)),
        "most_mib": _resident() - before,
    }
    drawn, body = questions.whole_graph(network)
    if pods:
        found |= _of_pods(made)
    sizes = {"nodes": len(drawn.nodes), "edges": len(drawn.edges), "bytes": len(body)}
    _tell({**found, **sizes})


def _of_pods(made: Cluster) -> dict[str, float]:
    pods = questions.members(made)
    gc.collect()
    began = time.perf_counter()
    network = questions.grouped(pods, made)
    return {
        "pods_state_s": time.perf_counter() - began,
        "pods_graph_s": questions.seconds(lambda: questions.whole_graph(network)),
    }


def _tell(figures: Mapping[str, float]) -> None:
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")


def _resident() -> float:
    """MiB that the process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


if __name__ == "__main__":
    main(int(sys.argv[1]), plain="plain" in sys.argv[2:], pods="pods" in sys.argv[2:])
