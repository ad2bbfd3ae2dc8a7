"""Whom one workload can talk to, as a JSON object."""

from collections.abc import Iterable

from registry.connectivity import ports
from registry.connectivity.flows import Flows
from registry.connectivity.formats.ends import Document, Ends
from registry.connectivity.neighbours import Neighbours, coming_in, going_out
from registry.connectivity.network import Pods


def neighbours_document(pods: Pods, flows: Flows, ends: Ends) -> Document:
    """Who can reach it, and whom it can reach; `flows` are of the network alone in which the pods are."""
    return {
        "ingress": _direction(isolated=bool(pods.ingress), found=coming_in(flows, pods), ends=ends),
        "egress": _direction(isolated=bool(pods.egress), found=going_out(flows, pods), ends=ends),
    }


def _direction(*, isolated: bool, found: Iterable[Neighbours], ends: Ends) -> Document:
    return {
        "isolated": isolated,
        "peers": [
            {
                "peers": ends.document(one.pods, one.addresses),
                "unisolated": one.unisolated,
                "hosts": one.hosts,
                "ports": ports.shown(one.ports),
            }
            for one in found
        ],
    }
