"""From a policy's JSON to rules that can be asked; equal rules are one object.

Source of each reading: https://kubernetes.io/docs/concepts/services-networking/network-policies/ and the API
reference of NetworkPolicySpec, quoted beside the function that carries it out.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple
from weakref import WeakValueDictionary

import msgspec

from registry.connectivity.addresses import ALL_ADDRESSES, IPBlock, read_block
from registry.connectivity.intervals import NOTHING, Intervals, union
from registry.connectivity.objects import Policy
from registry.connectivity.ports import PolicyPort, Ports, read_ports
from registry.connectivity.selectors import EVERYTHING, LabelSelector, Selector, read_selector


class Term(NamedTuple):
    """Pods by selector: of the namespace of that name, or of all that `namespaces` selects."""

    namespace: str
    namespaces: Selector | None
    pods: Selector


class Peers(NamedTuple):
    """Whom a rule is about. `anyone` are all pods, in and out of reach of policies, and all addresses."""

    anyone: bool
    terms: tuple[Term, ...] = ()
    addresses: Intervals = NOTHING


class Rule(msgspec.Struct, frozen=True, eq=False, weakref=True):
    """One ingress or egress rule, compared by identity: there is one object for each content."""

    peers: Peers
    ports: Ports


class ReadPolicy(msgspec.Struct, frozen=True, eq=False):
    """A policy with its rules by direction, None for a direction that it does not isolate."""

    policy: Policy
    pods: Selector
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None


class _Peer(msgspec.Struct, frozen=True, rename="camel", gc=False):
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None

    def __post_init__(self) -> None:
        selects = self.pod_selector is not None or self.namespace_selector is not None
        if selects == (self.ip_block is not None):
            raise ValueError("a peer is either an ipBlock or has selectors")


class _Rule(msgspec.Struct, frozen=True, gc=False):
    ports: tuple[PolicyPort, ...] | None = None
    sources: tuple[_Peer, ...] | None = msgspec.field(default=None, name="from")
    destinations: tuple[_Peer, ...] | None = msgspec.field(default=None, name="to")


class _Spec(msgspec.Struct, frozen=True, rename="camel", gc=False):
    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[Literal["Ingress", "Egress"], ...] = ()
    ingress: tuple[msgspec.Raw, ...] | None = None
    egress: tuple[msgspec.Raw, ...] | None = None


_SPEC = msgspec.json.Decoder(_Spec)
_RULE = msgspec.json.Decoder(_Rule)


class Reader:
    """Reads policies; a rule that it has read before is not read again."""

    def __init__(self) -> None:
        self._rules: WeakValueDictionary[Any, Rule] = WeakValueDictionary()

    def read(self, policy: Policy) -> ReadPolicy:
        """The rules of a policy. Raises ValueError for a spec that no API server would take."""
        spec = _SPEC.decode(policy.spec)
        ingress, egress = isolates(spec.policy_types, has_egress=bool(spec.egress))
        return ReadPolicy(
            policy,
            read_selector(spec.pod_selector),
            self._read_rules(spec.ingress, policy.namespace) if ingress else None,
            self._read_rules(spec.egress, policy.namespace) if egress else None,
        )

    def _read_rules(self, rules: Sequence[msgspec.Raw] | None, namespace: str) -> tuple[Rule, ...]:
        return tuple(self._read_rule(bytes(raw), namespace) for raw in rules or ())

    def _read_rule(self, raw: bytes, namespace: str) -> Rule:
        known = self._rules.get(raw) or self._rules.get((namespace, raw))
        if known:
            return known
        written = _RULE.decode(raw)
        peers = _read_peers(written.sources or written.destinations, namespace)
        content = (peers, read_ports(written.ports))
        rule = self._rules.setdefault(content, Rule(*content))
        local = any(term.namespaces is None for term in peers.terms)
        self._rules[(namespace, raw) if local else raw] = rule
        return rule


def read_peers(written: Sequence[object], namespace: str) -> Peers:
    """Whom NetworkPolicyPeers, as JSON, are about in a policy of that namespace.

    Raises ValueError for what no API server would take.
    """
    return _read_peers(msgspec.convert(written, tuple[_Peer, ...]), namespace)


def isolates(policy_types: Sequence[str], *, has_egress: bool) -> tuple[bool, bool]:
    """Whether a policy isolates ingress, and egress.

    "If no policyTypes are specified on a NetworkPolicy then by default Ingress will always be set and Egress
    will be set if the NetworkPolicy has any egress rules."
    """
    if not policy_types:
        return True, has_egress
    return "Ingress" in policy_types, "Egress" in policy_types


def peers_of(written: Sequence[Any]) -> Peers:
    """Whom NetworkPolicyPeers are about that stand in no namespace; none are nobody.

    Raises ValueError for what is no peer.
    """
    peers = msgspec.convert(written, tuple[_Peer, ...])
    return _read_peers(peers, "") if peers else Peers(anyone=False)


def _read_peers(written: Sequence[_Peer] | None, namespace: str) -> Peers:
    """Absent and empty are anyone: "If this field is empty or missing, this rule matches all sources"."""
    if not written:
        return Peers(anyone=True, addresses=ALL_ADDRESSES)
    terms = {_term(peer, namespace) for peer in written if peer.ip_block is None}
    blocks = [span for peer in written if peer.ip_block for span in read_block(peer.ip_block)]
    return Peers(anyone=False, terms=tuple(sorted(terms, key=_in_order)), addresses=union(blocks))


def _in_order(term: Term) -> tuple[str, list[Any], list[Any]]:
    return term.namespace, sorted(term.namespaces or ()), sorted(term.pods)


def _term(peer: _Peer, namespace: str) -> Term:
    """Both selectors in one peer have to hold; without namespaceSelector it is the policy's own namespace."""
    pods = read_selector(peer.pod_selector) if peer.pod_selector else EVERYTHING
    if peer.namespace_selector is None:
        return Term(namespace, None, pods)
    return Term("", read_selector(peer.namespace_selector), pods)
