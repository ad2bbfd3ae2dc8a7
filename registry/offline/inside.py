"""What leads from outside to workloads, out of manifests: Services, Ingresses, Gateway API routes. Pure."""

from collections.abc import Iterator
from typing import Final

import msgspec

from registry.cluster.facts import ControllerClass, class_decoder
from registry.cluster.resources import GATEWAY_CLASSES, INGRESS_CLASSES, Resource
from registry.cluster.workloads import workload_decoder
from registry.connectivity.entrances.objects import is_entrance, read_entrance
from registry.connectivity.entrances.reaching import Arrival, arrivals
from registry.connectivity.entrances.routes import ways
from registry.connectivity.entrances.store import Entrances
from registry.connectivity.flows import Flows
from registry.connectivity.network import Network
from registry.connectivity.rules import Peers, peers_of
from registry.model.ingress_controllers import by_labels
from registry.planning.objects import Workload
from registry.planning.pods import Pods
from registry.settings import Settings
from registry.world.facts.ingress import ingress_controllers

_CLASSES: Final = {(one.group, one.kind): class_decoder(one) for one in (INGRESS_CLASSES, GATEWAY_CLASSES)}
_ADMINS: Final = frozenset(Settings().excluded_namespaces)
"""Namespaces in which only admins make workloads, as the service takes it where no setting says otherwise."""


class Inside:
    """The objects that lead inside, and the controllers that forward what comes by them."""

    def __init__(self) -> None:
        self._entrances = Entrances()
        self._classes: list[ControllerClass] = []
        self._forwarders: list[Workload] = []

    def put(self, group: str, kind: str, namespace: str, raw: bytes) -> None:
        """Take in an object, if it is one of them. Raises ValueError for what no API server would take."""
        if is_entrance(group, kind):
            read = read_entrance(kind, raw)
            metadata = msgspec.structs.replace(read.metadata, namespace=namespace)
            self._entrances.put(msgspec.structs.replace(read, metadata=metadata))
        if decode := _CLASSES.get((group, kind)):
            self._classes.append(decode(raw))

    def put_workload(self, resource: Resource, namespace: str, pods: Pods, raw: bytes) -> None:
        """Take in a workload, if its pods bear the labels of a controller that is known."""
        if by_labels(dict(pods.labels)) and (found := workload_decoder(resource)(raw)):
            self._forwarders.append(_placed(found, namespace))

    def arrivals(self, network: Network, flows: Flows) -> Iterator[Arrival]:
        """The ways in, each with whether policies let in what comes by it."""
        members = flows.members[0]
        return arrivals(network, members, ways(network, members, self._entrances), self._controllers())

    def _controllers(self) -> Peers | None:
        """By the rules by which the service finds them in a cluster; None where none is found."""
        found = ingress_controllers(self._classes, self._forwarders, _ADMINS)
        return None if found.value is None else peers_of(found.value)


def _placed(workload: Workload, namespace: str) -> Workload:
    return msgspec.structs.replace(workload, key=workload.key._replace(namespace=namespace))
