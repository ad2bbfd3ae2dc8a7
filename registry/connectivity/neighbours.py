"""Who can reach the pods of a workload, and whom they can reach: peers with the same open ports together."""

from collections.abc import Iterable
from typing import NamedTuple

from registry.connectivity.flows import Flows
from registry.connectivity.intervals import NOTHING, Intervals, union
from registry.connectivity.network import Pods
from registry.connectivity.podsets import NOBODY, PodSet, count, join
from registry.connectivity.sides import Side


class Neighbours(NamedTuple):
    """Peers at the other end, pods and addresses outside, and the ports that are open.

    Where these are all pods that nothing isolates at their end, they are `unisolated`, and those of them on
    the host's network `hosts`: counted, as a graph has them in one node.
    """

    ports: Intervals
    pods: PodSet = NOBODY
    addresses: Intervals = NOTHING
    unisolated: int = 0
    hosts: int = 0


def coming_in(flows: Flows, pods: Pods) -> list[Neighbours]:
    """Who can reach these; where no policy isolates them, only senders that some policy isolates."""
    found = flows.blocks(destinations=_alone(pods))
    return _together(_end(one.ports[0], one.sources, one.sender, one.source_addresses) for one in found)


def going_out(flows: Flows, pods: Pods) -> list[Neighbours]:
    """Whom these can reach; where no policy isolates them, only receivers that some policy isolates."""
    found = flows.blocks(sources=_alone(pods))
    ends = ((one.destinations, one.receiver, one.destination_addresses, one.ports[0]) for one in found)
    return _together(_end(ports, pods, side, addresses) for pods, side, addresses, ports in ends)


def _end(ports: Intervals, pods: PodSet, side: Side | None, addresses: Intervals) -> Neighbours:
    if side is None or not side.open or pods != side.pods:
        return Neighbours(ports, pods, addresses)
    if side.host_network:
        return Neighbours(ports, hosts=count(pods))
    return Neighbours(ports, unisolated=count(pods))


def _alone(pods: Pods) -> PodSet:
    return {pods.namespace.name: 1 << pods.place}


def _together(found: Iterable[Neighbours]) -> list[Neighbours]:
    by_ports: dict[Intervals, Neighbours] = {}
    for one in found:
        known = by_ports.get(one.ports, Neighbours(one.ports))
        by_ports[one.ports] = Neighbours(
            one.ports,
            join(known.pods, one.pods),
            union((*known.addresses, *one.addresses)),
            known.unisolated + one.unisolated,
            known.hosts + one.hosts,
        )
    return [by_ports[ports] for ports in sorted(by_ports)]
