"""Connections that one end allows on purpose, and the other does not.

"On purpose" is a rule that names pods by their labels. Rules for anyone, for whole namespaces and for
addresses are mostly the wide base that the other end narrows, so they say nothing here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from registry.connectivity.diff import Change
from registry.connectivity.explain import Direction
from registry.connectivity.findings.codes import NOT_LET_IN, NOT_LET_OUT
from registry.connectivity.findings.drafts import Draft
from registry.connectivity.findings.matching import directions, selected
from registry.connectivity.findings.words import at, workloads
from registry.connectivity.flows import Flows
from registry.connectivity.intervals import NOTHING, Intervals, difference, intersection, union
from registry.connectivity.network import Network
from registry.connectivity.podsets import NOBODY, PodSet, count, join, meet, without
from registry.connectivity.ports import ALL_OF, resolve
from registry.connectivity.rules import ReadPolicy, Rule
from registry.connectivity.sides import Side
from registry.connectivity.verdict import is_itself
from registry.planning.pods import Port

_CODES: Final = {"egress": NOT_LET_IN, "ingress": NOT_LET_OUT}
_WHAT: Final[dict[Direction, str]] = {
    "egress": "of egress names pods that do not let it in",
    "ingress": "of ingress names pods that may not send it",
}


class _Cut(NamedTuple):
    """Pods with a rule, those that it names and that do not allow it in turn, and the ports concerned."""

    here: PodSet
    there: PodSet
    ports: Intervals


def one_sided(network: Network, flows: Flows) -> Iterator[Draft]:
    """Rules that name pods which do not allow the connection at their end."""
    for direction in _WHAT:
        cuts = _Cuts(network, flows, direction)
        for read in network.all_policies():
            yield from cuts.drafts(read)


class _Cuts:
    """The one-sided allows of one direction: its rules `here`, and isolated pods of the other, `there`."""

    def __init__(self, network: Network, flows: Flows, direction: Direction) -> None:
        self._network = network
        self._flows = flows
        self._members = flows.members[0]
        self._direction: Direction = direction
        here, there = flows.senders, flows.receivers
        if direction == "ingress":
            here, there = there, here
        self._there: defaultdict[str, list[Side]] = defaultdict(list)
        for side in there:
            for name in side.pods if _is_isolated(side) else ():
                self._there[name].append(side)
        self._named: dict[Rule, PodSet] = {}
        self._of: dict[Rule, dict[str, list[_Cut]]] = {}
        for rule, pods in _by_rule(here).items():
            self._of[rule] = _by_namespace(self._cuts(pods, rule))

    def drafts(self, read: ReadPolicy) -> Iterator[Draft]:
        """What a policy allows in vain."""
        namespace = read.policy.namespace
        for direction, rules in directions(read):
            for index, rule in enumerate(rules if direction == self._direction else ()):
                cuts = self._of.get(rule, {}).get(namespace, ())
                mine = selected(self._network, read) if cuts else NOBODY
                found = [one._replace(here=meet(one.here, mine)) for one in cuts]
                told = [one for one in found if one.here and not self._is_itself(one)]
                yield from self._draft(read, index, told)

    def _draft(self, read: ReadPolicy, index: int, cuts: list[_Cut]) -> Iterator[Draft]:
        if not cuts:
            return
        here = there = NOBODY
        for cut in cuts:
            here, there = join(here, cut.here), join(there, cut.there)
        other = "to" if self._direction == "egress" else "from"
        ends = f"{workloads(self._network, here)} {other} {workloads(self._network, there)}"
        yield Draft(
            code=_CODES[self._direction],
            policies=(read.policy,),
            what=f"rule {index + 1} {_WHAT[self._direction]}",
            detail=f"{ends} at {at(union(span for cut in cuts for span in cut.ports))}",
            pods=here,
            connections=tuple(map(self._change, cuts)),
        )

    def _is_itself(self, cut: _Cut) -> bool:
        """Whether it is one pod and itself, which nothing blocks."""
        if cut.here != cut.there or count(cut.here) > 1:
            return False
        return all(is_itself(pods, pods) for pods in self._network.pods_in(cut.here))

    def _change(self, cut: _Cut) -> Change:
        ends = (cut.here, cut.there) if self._direction == "egress" else (cut.there, cut.here)
        return Change(*ends, added=NOTHING, removed=cut.ports)

    def _cuts(self, here: PodSet, rule: Rule) -> Iterator[_Cut]:
        named = self._names(rule)
        for side in {side: None for name in named for side in self._there.get(name, ())}:
            there = meet(side.pods, named)
            for mine, theirs, declared in self._by_ports(here, there) if there else ():
                yield from self._uncovered(
                    _Cut(mine, theirs, resolve(rule.ports, declared)), side, rule, declared
                )

    def _uncovered(self, cut: _Cut, side: Side, rule: Rule, declared: frozenset[Port]) -> Iterator[_Cut]:
        """What of it no rule at the other end allows."""
        left = cut.here
        if not cut.ports:
            return
        for cell in self._flows.cells(side):
            if both := meet(cell.pods, left):
                left = without(left, both)
                opened = intersection(cut.ports, resolve(cell.ports[0], declared))
                if not opened:
                    yield cut._replace(here=both)
                elif _names_ports(rule) and (closed := difference(cut.ports, opened)):
                    yield cut._replace(here=both, ports=closed)
        if left:
            yield cut._replace(here=left)

    def _by_ports(self, here: PodSet, there: PodSet) -> Iterator[tuple[PodSet, PodSet, frozenset[Port]]]:
        """The ends by what the destinations declare."""
        into_there = self._direction == "egress"
        for declared, some in self._members.by_declared(there if into_there else here).items():
            yield (here, some, declared) if into_there else (some, there, declared)

    def _names(self, rule: Rule) -> PodSet:
        """The pods that a rule names by their labels."""
        found = self._named.get(rule)
        if found is None:
            found = NOBODY
            for term in rule.peers.terms:
                if term.pods:
                    found = join(found, self._members.of_term(term))
            self._named[rule] = found
        return found


def _by_rule(sides: Iterable[Side]) -> dict[Rule, PodSet]:
    """The isolated pods that have each rule."""
    found: dict[Rule, dict[str, int]] = {}
    for side in sides:
        for rule in side.rules[0] if _is_isolated(side) else ():
            pods = found.setdefault(rule, {})
            for name, bits in side.pods.items():
                pods[name] = pods.get(name, 0) | bits
    return dict(found)


def _by_namespace(cuts: Iterable[_Cut]) -> dict[str, list[_Cut]]:
    """By where the pods with the rule are; those of the same pods and ports together."""
    merged: defaultdict[tuple[str, int, Intervals], dict[str, int]] = defaultdict(dict)
    for cut in cuts:
        for here in cut.here.items():
            there = merged[*here, cut.ports]
            for name, bits in cut.there.items():
                there[name] = there.get(name, 0) | bits
    found: defaultdict[str, list[_Cut]] = defaultdict(list)
    for (name, bits, numbers), there in merged.items():
        found[name].append(_Cut({name: bits}, there, numbers))
    return dict(found)


def _is_isolated(side: Side) -> bool:
    return not side.open and not side.host_network


def _names_ports(rule: Rule) -> bool:
    """Whether the ports are listed, not whole protocols."""
    return not any(intersection(rule.ports.numbered, every) == every for every in ALL_OF.values())
