"""Pods with the same rules are one side of connections; the peers of its rules fall into cells.

Several states of one cluster may be laid over each other; a side has its rules in each, a cell its ports.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Final, NamedTuple

import msgspec

from registry.connectivity.addresses import ALL_ADDRESSES
from registry.connectivity.index import Bits, places
from registry.connectivity.intervals import NOTHING, Intervals, difference, intersection, union
from registry.connectivity.members import Members
from registry.connectivity.namespace import Namespace, Policies
from registry.connectivity.network import Network
from registry.connectivity.podsets import PodSet, meet, without
from registry.connectivity.ports import EVERY_PORT, Ports
from registry.connectivity.rules import Peers, ReadPolicy, Rule

Rules = frozenset[Rule]

Allowed = tuple[Ports, ...]
"""The ports that are open in each state."""

ALLOW_ALL: Final[Rules] = frozenset([Rule(Peers(anyone=True, addresses=ALL_ADDRESSES), EVERY_PORT)])
"""The rules of pods that no policy isolates."""

_ABSENT: Final[Rules] = frozenset()
_NO_PORTS: Final = Ports(NOTHING)


class Side(msgspec.Struct, eq=False):
    """Pods that have the same rules in one direction, in each state; those on the host's network apart."""

    rules: tuple[Rules, ...]
    host_network: bool
    pods: dict[str, Bits]

    @property
    def open(self) -> bool:
        """Whether no policy isolates them, in any state."""
        return all(rules == ALLOW_ALL for rules in self.rules)

    @property
    def allowed(self) -> Allowed:
        """The ports of an open side, to everyone."""
        return (EVERY_PORT,) * len(self.rules)


class Cell(NamedTuple):
    """Peers that no rule of a side tells apart, and the ports that are open to them, in each state."""

    pods: PodSet
    addresses: Intervals
    ports: Allowed


def sides(networks: Sequence[Network], direction: str) -> list[Side]:
    """All pods of the networks by their rules; `direction` is `ingress` or `egress`."""
    found: dict[tuple[bool, tuple[Rules, ...]], Side] = {}
    rules_of = _Rules(direction)
    for name in dict.fromkeys(name for network in networks for name in network.namespaces):
        spaces = [network.namespaces.get(name) for network in networks]
        labelled = reduce(or_, (space.index.everyone for space in spaces if space), 0)
        for place in places(reduce(or_, (space.index.present for space in spaces if space), 0)):
            host_network = not labelled >> place & 1
            rules = tuple([rules_of(space, place) for space in spaces])
            side = found.get((host_network, rules))
            if side is None:
                side = found[host_network, rules] = Side(rules, host_network, {})
            side.pods[name] = side.pods.get(name, 0) | 1 << place
    return list(found.values())


class _Rules:
    """The rules of pods in one direction; those of the same policies are put together once."""

    def __init__(self, direction: str) -> None:
        self._known: dict[Policies, Rules] = {(): ALLOW_ALL}
        ingress = direction == "ingress"
        self._policies: Callable[[Namespace], list[Policies]] = lambda space: (
            space.ingress if ingress else space.egress
        )
        self._rules: Callable[[ReadPolicy], Iterable[Rule]] = lambda read: (
            (read.ingress if ingress else read.egress) or ()
        )

    def __call__(self, space: Namespace | None, place: int) -> Rules:
        if space is None or not space.index.present >> place & 1:
            return _ABSENT
        policies = self._policies(space)[place]
        found = self._known.get(policies)
        if found is None:
            found = frozenset(rule for read in policies for rule in self._rules(read))
            self._known[policies] = found
        return found


def cells(side: Side, members: Sequence[Members]) -> list[Cell]:
    """The peers of a side's rules, none in two cells; those without any open port are in none."""
    rules = frozenset[Rule]().union(*side.rules)
    found: list[Cell] = []
    for cell in sorted((cell for rule in rules for cell in _of_rule(rule, side, members)), key=_breadth):
        found = _lay(found, cell)
    return found


def _breadth(cell: Cell) -> int:
    """Narrow ones are laid first: a wide one is then cut once, not each narrow one out of it."""
    return len(cell.pods)


def _of_rule(rule: Rule, side: Side, members: Sequence[Members]) -> list[Cell]:
    """The peers of one rule: once where they are the same in all states, else for each state."""
    pods = [one.of(rule) for one in members]
    states = range(len(members))
    if all(one is pods[0] or one == pods[0] for one in pods[1:]):
        return [Cell(pods[0], rule.peers.addresses, _ports(rule, side, states))]
    return [Cell(pods[state], rule.peers.addresses, _ports(rule, side, [state])) for state in states]


def _ports(rule: Rule, side: Side, states: Iterable[int]) -> Allowed:
    return tuple(
        rule.ports if state in states and rule in rules else _NO_PORTS
        for state, rules in enumerate(side.rules)
    )


def _lay(cells: list[Cell], over: Cell) -> list[Cell]:
    """Cells with another one laid over them."""
    found: list[Cell] = []
    pods, addresses = over.pods, over.addresses
    for cell in cells:
        both, shared = meet(cell.pods, pods), intersection(cell.addresses, addresses)
        if not both and not shared:
            found.append(cell)
            continue
        found.append(Cell(both, shared, tuple(map(_added, cell.ports, over.ports))))
        rest = Cell(without(cell.pods, both), difference(cell.addresses, shared), cell.ports)
        if rest.pods or rest.addresses:
            found.append(rest)
        pods, addresses = without(pods, both), difference(addresses, shared)
    if pods or addresses:
        found.append(Cell(pods, addresses, over.ports))
    return found


def _added(one: Ports, other: Ports) -> Ports:
    if one == other or not (other.numbered or other.named):
        return one
    if not (one.numbered or one.named):
        return other
    return Ports(union((*one.numbered, *other.numbered)), tuple(sorted({*one.named, *other.named})))
