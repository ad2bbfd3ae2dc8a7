"""Ways from outside to workloads as JSON."""

from registry.connectivity import ports
from registry.connectivity.entrances.reaching import Arrival
from registry.connectivity.entrances.services import Behind
from registry.connectivity.formats.ends import Document, Ends, workload_document
from registry.connectivity.intervals import NOTHING
from registry.planning.objects import Key


def arrival_document(arrival: Arrival, ends: Ends) -> Document:
    """One way: by which object, under which names, where to, and whether policies let in what comes by it."""
    way = arrival.way
    return {
        "hosts": list(way.hosts),
        "paths": list(way.paths),
        "through": way.through,
        "by": workload_document(way.by),
        "gateway": _named(way.gateway),
        "controller": way.controller or None,
        "forwarders": ends.document(arrival.forwarders, NOTHING),
        "service": _named(way.service),
        "port": way.port or None,
        "sources": list(way.sources),
        "behind": [_behind(one, ends) for one in way.behind],
        "allowed": arrival.allowed,
        "reason": arrival.reason or None,
    }


def _behind(behind: Behind, ends: Ends) -> Document:
    return {"workloads": ends.document(behind.pods, NOTHING), "ports": ports.shown(behind.ports)}


def _named(key: Key | None) -> Document | None:
    return None if key is None else workload_document(key)
