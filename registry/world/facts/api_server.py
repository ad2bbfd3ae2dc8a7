"""`cluster.apiServer`: the addresses behind the Service `kubernetes`. Pure."""

from collections.abc import Iterable
from typing import Final

from registry.cluster.decode import Endpoints
from registry.planning.objects import Key
from registry.world.facts.known import Found, address_peer

NAMESPACE: Final = "default"
SELECTOR: Final = {"labelSelector": "kubernetes.io/service-name=kubernetes"}
"""The API server's own Service: https://kubernetes.io/docs/concepts/services-networking/service/"""


def api_server(slices: Iterable[Endpoints]) -> Found:
    """The addresses in the EndpointSlices of that Service, as peers."""
    telling = sorted((one for one in slices if one.addresses), key=lambda one: one.name)
    addresses = sorted({address for one in telling for address in one.addresses})
    return Found(
        value=[address_peer(address) for address in addresses] or None,
        sources=tuple(Key("discovery.k8s.io", "EndpointSlice", one.namespace, one.name) for one in telling),
    )
