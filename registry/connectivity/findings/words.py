"""Lists in sentences, cut where they get long."""

from collections.abc import Iterable
from typing import Final

from registry.connectivity import ports
from registry.connectivity.intervals import Intervals
from registry.connectivity.network import Network
from registry.connectivity.podsets import PodSet, count
from registry.connectivity.ports import ALL_PORTS

MOST_NAMED: Final = 3
"""Workloads, policies or ports that a message names; how many there are besides it says as well."""


def listed(texts: Iterable[str], between: str = ", ", more: int = 0) -> str:
    """`a, b, c and 4 more`; `more` are those besides the texts."""
    given = list(texts)
    more += max(len(given) - MOST_NAMED, 0)
    return between.join(given[:MOST_NAMED]) + (f" and {more} more" if more else "")


def at(found: Intervals) -> str:
    """Ports as a sentence has them."""
    return "every port" if found == ALL_PORTS else listed(ports.shown(found))


def workloads(network: Network, pods: PodSet) -> str:
    """Workloads of a set by name, without looking at more than are named."""
    found = [str(one.group.key) for one, _ in zip(network.pods_in(pods), range(MOST_NAMED), strict=False)]
    return listed(found, more=count(pods) - len(found))
