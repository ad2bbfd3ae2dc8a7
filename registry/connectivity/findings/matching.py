"""Policies and rules that are about nothing: no pods, no peers, no container with a port of that name."""

from collections.abc import Iterable, Iterator

from registry.connectivity import selectors
from registry.connectivity.explain import Direction, term_shown
from registry.connectivity.findings.codes import NAMED_PORT_UNRESOLVED, PEERS_ABSENT, SELECTS_NOTHING
from registry.connectivity.findings.drafts import Draft
from registry.connectivity.members import Members
from registry.connectivity.namespace import Namespace
from registry.connectivity.network import Network
from registry.connectivity.podsets import PodSet
from registry.connectivity.rules import ReadPolicy, Rule, Term


def directions(read: ReadPolicy) -> Iterator[tuple[Direction, tuple[Rule, ...]]]:
    """The rules of a policy, by each direction that it isolates."""
    if read.ingress is not None:
        yield "ingress", read.ingress
    if read.egress is not None:
        yield "egress", read.egress


def selected(network: Network, read: ReadPolicy) -> PodSet:
    """The pods that a policy selects."""
    bits = network.namespaces[read.policy.namespace].index.bits(read.pods)
    return {read.policy.namespace: bits} if bits else {}


def selects_nothing(network: Network) -> Iterator[Draft]:
    """Policies that select no pods."""
    for read in network.all_policies():
        space = network.namespaces[read.policy.namespace]
        if not space.index.bits(read.pods):
            yield Draft(
                code=SELECTS_NOTHING,
                severity=None if space.index.everyone else "info",
                policies=(read.policy,),
                what="no pods are selected",
                detail=_lacking(space, read),
            )


def _lacking(space: Namespace, read: ReadPolicy) -> str:
    if not space.index.everyone:
        return f"no workload in {space.name} is known that policies reach"
    labels = (dict(group.labels) for group in space.index.groups if group and group.host_network)
    if any(selectors.selects(read.pods, one) for one in labels):
        return (
            f"in {space.name}, {selectors.shown(read.pods)} are on the host's network, which policies pass by"
        )
    return f"nothing in {space.name} satisfies {selectors.shown(read.pods)}"


class Absent:
    """Finds rules about pods that are not there.

    Unless the network is of a `whole` cluster, nothing is said of namespaces without any workload.
    """

    def __init__(self, network: Network, *, whole: bool) -> None:
        self._network = network
        self._whole = whole
        self._known: dict[Term, bool] = {}

    def drafts(self) -> Iterator[Draft]:
        """Rules of all policies whose selectors match nothing."""
        for read in self._network.all_policies():
            for direction, rules in directions(read):
                for index, rule in enumerate(rules):
                    yield from self._rule(read, direction, index, rule)

    def _rule(self, read: ReadPolicy, direction: Direction, index: int, rule: Rule) -> Iterator[Draft]:
        terms = rule.peers.terms
        absent = [term for term in terms if self._is_absent(term)]
        if not absent:
            return
        nobody = len(absent) == len(terms) and not rule.peers.addresses
        what = "is about nobody who is there" if nobody else "has selectors that match nothing now"
        yield Draft(
            code=PEERS_ABSENT,
            severity=None if nobody else "info",
            policies=(read.policy,),
            what=f"rule {index + 1} of {direction} {what}",
            detail=", ".join(map(term_shown, absent)),
        )

    def _is_absent(self, term: Term) -> bool:
        found = self._known.get(term)
        if found is None:
            found = self._known[term] = self._look(term)
        return found

    def _look(self, term: Term) -> bool:
        network = self._network
        names: Iterable[str] = {term.namespace} if term.namespaces is None else network.names(term.namespaces)
        spaces = [network.namespaces[name] for name in names if name in network.namespaces]
        if not self._whole and not any(space.index.present for space in spaces):
            return False
        return not any(space.index.bits(term.pods) for space in spaces)


def unresolved(network: Network, members: Members) -> Iterator[Draft]:
    """Named ports that no container of the destinations declares."""
    for read in network.all_policies():
        for direction, rules in directions(read):
            for index, rule in enumerate(rules):
                if rule.ports.named:
                    pods = selected(network, read) if direction == "ingress" else members.of(rule)
                    yield from _unresolved(read, f"rule {index + 1} of {direction}", rule, (members, pods))


def _unresolved(
    read: ReadPolicy, place: str, rule: Rule, destinations: tuple[Members, PodSet]
) -> Iterator[Draft]:
    members, pods = destinations
    declared = {
        (port.protocol, port.name)
        for name, bits in pods.items()
        for ports, bearers in members.declared(name).items()
        if bits & bearers
        for port in ports
    }
    lacking = [one for one in rule.ports.named if one not in declared]
    if pods and lacking:
        yield Draft(
            code=NAMED_PORT_UNRESOLVED,
            policies=(read.policy,),
            what=f"{place} names a port that no container of the destinations declares",
            detail=", ".join(map(" ".join, lacking)),
            pods=pods,
        )
