"""Why a connection is allowed or denied: every policy that selects an end of it, and what its rules say."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from registry.connectivity import addresses, ports, selectors
from registry.connectivity.network import Network, Pods
from registry.connectivity.objects import Policy
from registry.connectivity.rules import ReadPolicy, Rule, Term
from registry.connectivity.verdict import Peer, Verdict, includes, is_itself, opens, verdict

Direction = Literal["egress", "ingress"]


class RuleAnswer(msgspec.Struct, frozen=True):
    """One rule, by its place in the policy: whether it is about the peer, and about the port.

    `peers` and `ports` say what it is about, as texts. `missing` says what the peer or the port lacks.
    """

    index: int
    peer: bool
    port: bool
    peers: tuple[str, ...]
    ports: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def allows(self) -> bool:
        """Whether it lets the connection through."""
        return self.peer and self.port


class PolicyAnswer(msgspec.Struct, frozen=True):
    """One policy that selects the pods, and what each of its rules says."""

    policy: Policy
    pods: str
    rules: tuple[RuleAnswer, ...]

    @property
    def allows(self) -> bool:
        """Whether one of its rules lets the connection through."""
        return any(rule.allows for rule in self.rules)


class DirectionAnswer(msgspec.Struct, frozen=True):
    """What is said at one end. Without policies nothing isolates the pods, and all is allowed.

    `hidden` counts policies that are left out, since whoever asks may not read them.
    """

    direction: Direction
    isolated: bool
    allowed: bool
    policies: tuple[PolicyAnswer, ...]
    hidden: int = 0

    def redacted(self) -> "DirectionAnswer":
        """The same without the policies."""
        return DirectionAnswer(self.direction, self.isolated, self.allowed, (), len(self.policies))


class Explanation(msgspec.Struct, frozen=True):
    """A connection, and why it is allowed or denied; nothing blocks a pod's connection to `itself`.

    `notes` say what policies do not decide here.
    """

    verdict: Verdict
    itself: bool
    egress: DirectionAnswer
    ingress: DirectionAnswer
    notes: tuple[str, ...] = ()


def explain(network: Network, source: Peer, destination: Peer, protocol: str, port: int) -> Explanation:
    """Explain a connection. Raises KeyError for a protocol other than TCP, UDP and SCTP."""
    question = _Question(network, source, destination, ports.number_of(protocol, port))
    itself = is_itself(source, destination)
    return Explanation(
        verdict=verdict(network, source, destination, protocol, port),
        itself=itself,
        egress=question.answer("egress"),
        ingress=question.answer("ingress"),
        notes=tuple(_notes(source, destination)),
    )


def _notes(source: Peer, destination: Peer) -> Iterator[str]:
    """Source: network policies' exceptions, the pod itself and its node."""
    ends = [end for end in (source, destination) if not isinstance(end, int)]
    if is_itself(source, destination):
        yield "A pod always reaches itself."
    elif source == destination:
        yield "Each of these pods always reaches itself; policies decide between one and another of them."
    if any(end.group.host_network for end in ends):
        yield (
            "Pods on the host's network are outside of policies: nothing isolates them, and to others they "
            "are their node. The pods of their own node always reach them, and are reached by them."
        )
    elif len(ends) == 1:
        yield "If the address is that of the node on which a pod runs, the two always reach each other."


class _Question(msgspec.Struct, frozen=True):
    network: Network
    source: Peer
    destination: Peer
    number: int

    def answer(self, direction: Direction) -> DirectionAnswer:
        end, peer = self.source, self.destination
        if direction == "ingress":
            end, peer = peer, end
        policies = () if isinstance(end, int) else end.egress if direction == "egress" else end.ingress
        found = tuple(self._policy(read, direction, peer) for read in policies)
        allowed = not policies or any(one.allows for one in found)
        return DirectionAnswer(direction, bool(policies), allowed, found)

    def _policy(self, read: ReadPolicy, direction: Direction, peer: Peer) -> PolicyAnswer:
        rules = (read.egress if direction == "egress" else read.ingress) or ()
        found = tuple(self._rule(index, rule, peer) for index, rule in enumerate(rules))
        return PolicyAnswer(read.policy, selectors.shown(read.pods), found)

    def _rule(self, index: int, rule: Rule, peer: Peer) -> RuleAnswer:
        about_peer = includes(self.network, rule.peers, peer)
        about_port = opens(rule, self.destination, self.number)
        missing = [] if about_peer else list(_missing_peer(self.network, rule, peer))
        if not about_port:
            missing += _missing_port(rule, self.destination)
        return RuleAnswer(
            index, about_peer, about_port, tuple(peers_shown(rule)), tuple(ports_shown(rule)), tuple(missing)
        )


def peers_shown(rule: Rule) -> Iterator[str]:
    """Whom a rule is about, as a person reads it."""
    if rule.peers.anyone:
        yield "anyone"
        return
    for term in rule.peers.terms:
        yield term_shown(term)
    yield from addresses.shown(rule.peers.addresses)


def ports_shown(rule: Rule) -> Iterator[str]:
    """The ports of a rule, as a person reads them: named ones by protocol and name."""
    if rule.ports.numbered:
        yield from ports.shown(rule.ports.numbered)
    for protocol, name in rule.ports.named:
        yield f"{protocol} {name}"


def term_shown(term: Term) -> str:
    """Whom one selector of a rule is about, as a person reads it."""
    pods = f"pods {selectors.shown(term.pods)}" if term.pods else "all pods"
    if term.namespaces is None:
        return f"{pods} in {term.namespace}"
    if not term.namespaces:
        return f"{pods} in all namespaces"
    return f"{pods} in namespaces {selectors.shown(term.namespaces)}"


def _missing_peer(network: Network, rule: Rule, peer: Peer) -> Iterator[str]:
    """What the peer lacks for each of the rule's selectors."""
    if isinstance(peer, int):
        if rule.peers.addresses:
            yield "the address is in none of the rule's blocks"
        else:
            yield "the rule has no ipBlock, and an address outside of the cluster matches nothing else"
        return
    if peer.group.host_network:
        yield "pods on the host's network bear no labels for policies: their addresses are the node's"
        return
    for term in rule.peers.terms:
        yield from _missing_term(network, term, peer)
    if rule.peers.addresses:
        held = "none of the pods' addresses that are known is in the rule's blocks"
        yield held if network.blocks_match_pods else "an ipBlock is taken to match no pods"


def _missing_term(network: Network, term: Term, pods: Pods) -> Iterator[str]:
    space = pods.namespace
    if term.namespaces is None:
        if term.namespace != space.name:
            yield f"the peer is in {space.name}, the rule is about {term.namespace} alone"
    elif space.name not in network.names(term.namespaces):
        lacking = _unsatisfied(term.namespaces, space.labels)
        yield f"the namespace {space.name} does not satisfy {lacking}"
    if lacking := _unsatisfied(term.pods, dict(pods.group.labels)):
        yield f"the pods' labels do not satisfy {lacking}"


def _unsatisfied(selector: selectors.Selector, labels: Mapping[str, str]) -> str:
    lacking = frozenset(one for one in selector if not selectors.selects(frozenset([one]), labels))
    return selectors.shown(lacking) if lacking else ""


def _missing_port(rule: Rule, destination: Peer) -> Iterator[str]:
    names = {name for _, name in rule.ports.named}
    if names and isinstance(destination, int):
        yield f"a named port ({', '.join(sorted(names))}) stands for nothing outside of the cluster"
    elif names and not isinstance(destination, int):
        unknown = names - {one.name for one in destination.group.ports}
        if unknown:
            yield f"no container of the destination names a port {', '.join(sorted(unknown))}"
    yield f"the rule is about {', '.join(ports_shown(rule)) or 'no port'} alone"
