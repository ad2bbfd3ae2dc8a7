"""Whom one workload can talk to, as answers about the workload show it."""

from typing import Any, Final

from registry.connectivity.formats.ends import Ends, Most
from registry.connectivity.formats.neighbours import neighbours_document
from registry.connectivity.objects import PodKey
from registry.http.connectivity.completeness import completeness
from registry.http.connectivity.wanted import Looked, Wanted, look
from registry.http.requests import backend
from registry.planning.objects import Key

Document = dict[str, Any]

MOST: Final = Most(workloads=20, namespaces=20)
"""Peers with the same ports that are told by name; the rest is counted."""


def neighbours_of(key: Key) -> Document | None:
    """Who can reach a workload and whom it can reach, as far as the caller may see them.

    None where its pods are not known. Raises Refused, or ApiError.
    """

    def find(looked: Looked) -> Document | None:
        network = looked.survey.network
        if not looked.pods:
            return None
        ends = Ends([network], MOST, looked.seen)
        return {
            **neighbours_document(network.pods(PodKey(key)), looked.survey.flows, ends),
            "completeness": completeness(
                looked.survey.unevaluated, looked.sight, looked.pods, seen=looked.seen is None
            ),
        }

    return look(backend().connections(), Wanted(workload=key), find)
