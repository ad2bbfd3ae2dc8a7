"""The two ends of connections as JSON: a workload, an address, or many workloads by namespace."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from registry.connectivity import addresses
from registry.connectivity.index import Bits, places
from registry.connectivity.intervals import Intervals
from registry.connectivity.network import Network
from registry.connectivity.objects import PodKey
from registry.connectivity.podsets import PodSet, count
from registry.connectivity.verdict import Peer
from registry.planning.objects import Key

Document = dict[str, Any]
"""A JSON object."""


class Most(NamedTuple):
    """How much is told at most, None for all.

    Names of workloads in one namespace, namespaces at one end, changes of each kind.
    """

    workloads: int | None = None
    namespaces: int | None = None
    changes: int | None = None


EVERYTHING: Final = Most()


def workload_document(key: Key) -> Document:
    """`{"namespace", "group", "kind", "name"}` of a workload or a Namespace, whose namespace is its name."""
    return {"namespace": key.namespace, "group": key.group, "kind": key.kind, "name": key.name}


def pods_document(key: PodKey) -> Document:
    """A workload, with `variant` where policies tell some of its pods apart."""
    found = workload_document(key.workload)
    return {**found, "variant": key.variant} if key.variant else found


def peer_document(peer: Peer) -> Document:
    """Pods by their workload, or `{"address"}`."""
    if isinstance(peer, int):
        return {"address": addresses.ranges(((peer, peer),))[0]}
    return pods_document(peer.group.key)


class Ends:
    """Sets of pods as JSON; `networks` are the states in which they are, whose places mean the same pods.

    What is more than `most` is counted only, and so are workloads that are not among those `seen`; None
    where all are. Namespaces that have none of these are not named either.
    """

    def __init__(
        self, networks: Sequence[Network], most: Most = EVERYTHING, seen: PodSet | None = None
    ) -> None:
        self._networks = networks
        self._most = most
        self._seen = seen
        self._known: dict[tuple[str, Bits], Document] = {}
        self._present: dict[str, Bits] = {}

    def document(self, pods: PodSet, outside: Intervals) -> Document:
        """One end: `namespaces`, each with all of its workloads or some by name, and `addresses`.

        `more` are the namespaces beyond `most`; `hidden` workloads of those that may not be named.
        """
        seen = [name for name in sorted(pods) if self._seen is None or name in self._seen]
        named = seen if self._most.namespaces is None else seen[: self._most.namespaces]
        more = seen[len(named) :]
        return {
            "namespaces": [self._namespace(name, pods[name]) for name in named],
            "more": {"namespaces": len(more), "workloads": sum(pods[name].bit_count() for name in more)},
            "hidden": count(pods) - sum(pods[name].bit_count() for name in seen),
            "addresses": addresses.shown(outside) if outside else [],
        }

    def _namespace(self, name: str, bits: Bits) -> Document:
        found = self._known.get((name, bits))
        if found is None:
            found = self._known[name, bits] = self._made(name, bits)
        return found

    def _made(self, name: str, bits: Bits) -> Document:
        every = bits == self._everyone(name)
        keys = sorted(self._keys(name, bits if self._seen is None else bits & self._seen[name]))
        named = [] if every and bits.bit_count() > 1 else keys[: self._most.workloads]
        return {
            "namespace": name,
            "count": bits.bit_count(),
            "all": every,
            "workloads": [pods_document(key) for key in named],
        }

    def _everyone(self, name: str) -> Bits:
        if name not in self._present:
            found = 0
            for network in self._networks:
                if space := network.namespaces.get(name):
                    found |= space.index.present
            self._present[name] = found
        return self._present[name]

    def _keys(self, name: str, bits: Bits) -> Iterator[PodKey]:
        spaces = [space for network in self._networks if (space := network.namespaces.get(name))]
        for place in places(bits):
            yield next(space.index.group(place).key for space in spaces if space.index.present >> place & 1)
