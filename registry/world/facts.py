"""Cluster facts at run time: what settings say, else what is detected."""

from collections.abc import Iterable, Mapping
from typing import Final

from registry.cluster.decode import Endpoints
from registry.cluster.resources import ENDPOINT_SLICES
from registry.model.facts import API_SERVER

API_SERVER_SLICES: Final = ENDPOINT_SLICES.path("default")
API_SERVER_SELECTOR: Final = {"labelSelector": "kubernetes.io/service-name=kubernetes"}
"""The API server's own Service: https://kubernetes.io/docs/concepts/services-networking/service/"""


def cluster_facts(settled: Mapping[str, object], slices: Iterable[Endpoints]) -> dict[str, object]:
    """All known facts; `settled` ones (settings and defaults) go before detected ones."""
    addresses = sorted({address for one in slices for address in one.addresses})
    detected = {API_SERVER: [_peer(address) for address in addresses]} if addresses else {}
    return {**detected, **settled}


def _peer(address: str) -> dict[str, object]:
    return {"ipBlock": {"cidr": f"{address}/{128 if ':' in address else 32}"}}
