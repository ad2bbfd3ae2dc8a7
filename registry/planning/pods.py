"""The pods that a workload makes, as far as policies and lint look at them."""

from typing import NamedTuple

import msgspec


class Port(NamedTuple):
    """A port that a container declares."""

    protocol: str
    number: int
    name: str = ""


class Pods(msgspec.Struct, frozen=True, gc=False):
    """Pods that are alike. `undeclared` tells that a container names no port, so that it may serve any.

    `labels` are in order of their keys.
    """

    labels: tuple[tuple[str, str], ...] = ()
    ports: frozenset[Port] = frozenset()
    undeclared: bool = False
    host_network: bool = False
