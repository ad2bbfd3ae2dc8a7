"""Objects that lead from outside to workloads, from the API server's JSON, as informers keep them. Pure."""

import logging
from collections.abc import Callable
from typing import Final

import msgspec

from registry.cluster.facts import Told
from registry.cluster.metadata import Meta
from registry.cluster.resources import Resource
from registry.connectivity.entrances.objects import Entrance, read_entrance

log = logging.getLogger(__name__)


class ToldEntrance(Told, frozen=True, kw_only=True):
    """One of them, by what counts of it."""

    entrance: Entrance


class _Named(msgspec.Struct, gc=False):
    metadata: Meta


_NAMED: Final = msgspec.json.Decoder(_Named)


def entrance_decoder(resource: Resource) -> Callable[[bytes], ToldEntrance | None]:
    """A decoder for objects of this kind; None for one that cannot be read, which the log tells."""

    def decode(raw: bytes) -> ToldEntrance | None:
        meta = _NAMED.decode(raw).metadata
        try:
            entrance = read_entrance(resource.kind, raw)
        except ValueError as error:
            log.warning("%s %s in %s cannot be read: %s", resource.kind, meta.name, meta.namespace, error)
            return None
        return ToldEntrance(
            name=meta.name,
            namespace=meta.namespace,
            uid=meta.uid,
            resource_version=meta.resource_version,
            entrance=entrance,
        )

    return decode
