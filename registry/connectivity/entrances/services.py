"""The pods behind a Service, and at which of their ports."""

from collections.abc import Iterator
from typing import NamedTuple

from registry.connectivity.entrances.objects import Service, ServicePort
from registry.connectivity.index import places
from registry.connectivity.intervals import Intervals, union
from registry.connectivity.members import Members
from registry.connectivity.network import Network
from registry.connectivity.podsets import NOBODY, PodSet, join
from registry.connectivity.ports import LAST, number_of
from registry.connectivity.selectors import LabelSelector, read_selector, selects
from registry.planning.pods import Port


class Behind(NamedTuple):
    """Some of the pods of a Service, and their ports that a port of it leads to."""

    pods: PodSet
    ports: Intervals


def port_of(service: Service, wanted: int | str | None) -> ServicePort | None:
    """The port of a Service by its number or name; its only one where nothing is wanted."""
    ports = service.spec.ports or ()
    if wanted is None:
        return ports[0] if len(ports) == 1 else None
    return next((one for one in ports if wanted in (one.port, one.name)), None)


class Backends:
    """Finds the pods behind the Services of a network; valid until that changes."""

    def __init__(self, network: Network, members: Members) -> None:
        self._network = network
        self._members = members

    def behind(self, service: Service, port: ServicePort) -> Iterator[Behind]:
        """The pods that a Service selects, by the numbers that its targetPort stands for at them.

        A targetPort may be a name, and another number at each pod
        (https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports).
        """
        pods = self.selected(service)
        target = port.port if port.target_port is None else port.target_port
        if isinstance(target, int):
            if pods:
                yield Behind(pods, _ports(port.protocol, [target]))
            return
        found: dict[Intervals, PodSet] = {}
        for declared, some in self._members.by_declared(pods).items():
            ports = _ports(port.protocol, _named(declared, port.protocol, target))
            found[ports] = join(found.get(ports, NOBODY), some)
        yield from (Behind(some, ports) for ports, some in found.items() if ports)

    def selected(self, service: Service) -> PodSet:
        """The pods of its selector; none without one, since somebody else says then what is behind it.

        Those on the host's network as well, whom no policy selects.
        """
        space = self._network.namespaces.get(service.metadata.namespace)
        if space is None or not service.spec.selector or service.spec.type == "ExternalName":
            return NOBODY
        selector = read_selector(LabelSelector(match_labels=service.spec.selector))
        bits = space.index.bits(selector)
        for place in places(space.index.present & ~space.index.everyone):
            if selects(selector, dict(space.index.group(place).labels)):
                bits |= 1 << place
        return {space.name: bits} if bits else NOBODY


def _named(declared: frozenset[Port], protocol: str, name: str) -> list[int]:
    return [one.number for one in declared if one.name == name and one.protocol == protocol]


def _ports(protocol: str, numbers: list[int]) -> Intervals:
    found = [number_of(protocol, one) for one in numbers if 0 < one <= LAST]
    return union((one, one) for one in found)
