"""Whom the rules of one network are about, as sets of pods."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from registry.connectivity.addresses import address_of
from registry.connectivity.index import Bits, places
from registry.connectivity.intervals import Intervals
from registry.connectivity.namespace import Namespace
from registry.connectivity.network import Network
from registry.connectivity.podsets import PodSet, join
from registry.connectivity.rules import Peers, Rule, Term
from registry.connectivity.selectors import EVERYTHING
from registry.planning.pods import Port


class Members:
    """The pods of each rule; valid until the network changes. Each set is made once."""

    def __init__(self, network: Network) -> None:
        spaces = network.namespaces.values()
        self.everyone: PodSet = {space.name: bits for space in spaces if (bits := space.index.present)}
        self.labelled: PodSet = {space.name: bits for space in spaces if (bits := space.index.everyone)}
        if self.labelled == self.everyone:
            self.labelled = self.everyone
        self._network = network
        self._of: dict[Rule, PodSet] = {}
        self._of_term: dict[Term, PodSet] = {}
        self._declared: dict[str, dict[frozenset[Port], Bits]] = {}
        self._addresses = sorted(_addresses(network))

    def of(self, rule: Rule) -> PodSet:
        """The pods that a rule is about."""
        found = self._of.get(rule)
        if found is None:
            found = self._of[rule] = self.among(rule.peers)
        return found

    def of_term(self, term: Term) -> PodSet:
        """The pods that one selector of a rule is about."""
        found = self._of_term.get(term)
        if found is None:
            found = self._of_term[term] = self._term(term)
        return found

    def by_declared(self, pods: PodSet) -> dict[frozenset[Port], PodSet]:
        """Some pods by the ports that their containers declare."""
        found: defaultdict[frozenset[Port], dict[str, Bits]] = defaultdict(dict)
        for name, bits in pods.items():
            for ports, bearers in self.declared(name).items():
                if some := bits & bearers:
                    found[ports][name] = some
        return dict(found)

    def among(self, peers: Peers) -> PodSet:
        """The pods that peers are about."""
        if peers.anyone:
            return self.everyone
        found: PodSet = {}
        for term in peers.terms:
            found = join(found, self.of_term(term))
        return join(found, self._at(peers.addresses)) if peers.addresses and self._addresses else found

    def declared(self, namespace: str) -> dict[frozenset[Port], Bits]:
        """The pods of a namespace by the ports that their containers declare."""
        found = self._declared.get(namespace)
        if found is None:
            found = self._declared[namespace] = _by_ports(self._network.namespaces.get(namespace))
        return found

    def differs(self, other: "Members", rules: Iterable[Rule], pods: PodSet) -> bool:
        """Whether in another state such rules are about other pods, or these declare other ports."""
        if other is self:
            return False
        return any(self.of(rule) != other.of(rule) for rule in rules) or any(
            self.declared(name) != other.declared(name) for name in pods
        )

    def _term(self, term: Term) -> PodSet:
        network = self._network
        names = {term.namespace} if term.namespaces is None else network.names(term.namespaces)
        if term.pods == EVERYTHING and len(names) == len(network.namespaces):
            return self.labelled
        spaces = (network.namespaces[name] for name in names if name in network.namespaces)
        return {space.name: bits for space in spaces if (bits := space.index.bits(term.pods))}

    def _at(self, addresses: Intervals) -> PodSet:
        found: dict[str, Bits] = {}
        for low, high in addresses:
            first = bisect_left(self._addresses, (low, "", 0))
            for address, name, place in self._addresses[first:]:
                if address > high:
                    break
                found[name] = found.get(name, 0) | 1 << place
        return found


def states_of(networks: Sequence[Network]) -> list[Members]:
    """Those of several states of a network; states in which no pods and no labels differ share one."""
    made: list[Members] = []
    for place, network in enumerate(networks):
        alike = place > 0 and _same_pods(networks[0], network)
        made.append(made[0] if alike else Members(network))
    return made


def _same_pods(one: Network, other: Network) -> bool:
    mine, theirs = one.namespaces, other.namespaces
    return mine.keys() == theirs.keys() and all(
        space.index is theirs[name].index and space.labels is theirs[name].labels
        for name, space in mine.items()
    )


def _addresses(network: Network) -> list[tuple[int, str, int]]:
    """The addresses by which ipBlocks match pods: those of all, or of those on the host's network."""
    return [
        (address_of(text), space.name, place)
        for space in network.namespaces.values()
        for place in space.index.places.values()
        for group in (space.index.group(place),)
        if network.blocks_match_pods or group.host_network
        for text in group.addresses
    ]


def _by_ports(space: Namespace | None) -> dict[frozenset[Port], Bits]:
    found: dict[frozenset[Port], Bits] = {}
    if space:
        for place in places(space.index.present):
            ports = space.index.group(place).ports
            found[ports] = found.get(ports, 0) | 1 << place
    return found
