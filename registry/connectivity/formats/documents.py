"""Answers as JSON objects; `schemas/connectivity.schema.json` says what is in them.

The command line and the HTTP service both make them here. What both add around them, how complete an answer
is and what could not be read, is theirs.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from registry import contract
from registry.connectivity import ports
from registry.connectivity.diff import CHANGES, Change, broadest, counted
from registry.connectivity.explain import DirectionAnswer, Explanation, PolicyAnswer, RuleAnswer
from registry.connectivity.formats.ends import (
    EVERYTHING,
    Document,
    Ends,
    Most,
    peer_document,
    workload_document,
)
from registry.connectivity.graph import Edge, Graph, Node
from registry.connectivity.network import Network
from registry.connectivity.objects import Origin, Policy
from registry.connectivity.podsets import PodSet
from registry.connectivity.verdict import Peer, Verdict


class Question(NamedTuple):
    """One connection that is asked about; `protocol` is TCP, UDP or SCTP."""

    source: Peer
    destination: Peer
    protocol: str
    port: int


def graph_document(graph: Graph) -> Document:
    """Nodes and edges, in the order of their names; an edge names its nodes by `id`."""
    return {
        "level": graph.level,
        "nodes": [_node(one) for one in graph.nodes],
        "edges": [_edge(one) for one in graph.edges],
    }


def verdict_document(question: Question, verdict: Verdict) -> Document:
    """Whether a connection is allowed: whether the source may send, and the destination may receive."""
    return {
        "source": peer_document(question.source),
        "destination": peer_document(question.destination),
        "protocol": question.protocol,
        "port": question.port,
        "allowed": verdict.allowed,
        "egress": verdict.egress,
        "ingress": verdict.ingress,
    }


def explain_document(question: Question, explanation: Explanation) -> Document:
    """The verdict, where `egress` and `ingress` say which policies and rules led to it."""
    return {
        **verdict_document(question, explanation.verdict),
        "itself": explanation.itself,
        "egress": _direction(explanation.egress),
        "ingress": _direction(explanation.ingress),
        "notes": list(explanation.notes),
    }


def diff_document(
    changes: Iterable[Change],
    networks: Sequence[Network],
    most: Most = EVERYTHING,
    seen: PodSet | None = None,
) -> Document:
    """The connections that were gained and lost between two states, `networks`, before and after.

    `most` says how much of it is told at most; `counts` are of all changes, `leftOut` of those that are not
    shown. Only workloads that are `seen` are named, None for all.
    """
    every = list(changes)
    shown = every if most.changes is None else broadest(every, most.changes)
    ends = Ends(networks, most, seen)
    counts, told = counted(every), counted(shown)
    return {
        "counts": counts,
        "leftOut": {kind: counts[kind] - told[kind] for kind in CHANGES},
        "changes": sorted((change_document(one, ends) for one in shown), key=_in_order),
    }


def policy_document(policy: Policy) -> Document:
    """A policy by name; `origin` says which reference generated it, None for one that nothing of ours did."""
    return {
        "namespace": policy.namespace,
        "name": policy.name,
        "origin": policy.origin and _origin(policy.origin),
    }


def _origin(origin: Origin) -> Document:
    return {
        "template": origin.template,
        "revision": origin.revision,
        "label": f"{contract.TEMPLATE_LABEL_PREFIX}{origin.template}",
        "on": workload_document(origin.subject),
    }


def _node(node: Node) -> Document:
    return {
        "id": node.id,
        "kind": node.kind,
        "namespace": node.namespace or None,
        "name": node.name or None,
        "workloads": node.workloads,
        "ingressIsolated": node.ingress_isolated,
        "egressIsolated": node.egress_isolated,
        "addresses": list(node.addresses),
        "blocks": node.blocks,
    }


def _edge(edge: Edge) -> Document:
    return {
        "source": edge.source,
        "target": edge.target,
        "ports": list(edge.ports),
        "sources": edge.sources,
        "targets": edge.targets,
    }


def _direction(answer: DirectionAnswer) -> Document:
    return {
        "isolated": answer.isolated,
        "allowed": answer.allowed,
        "policies": [_policy(one) for one in answer.policies],
        "hidden": answer.hidden,
    }


def _policy(answer: PolicyAnswer) -> Document:
    return {
        **policy_document(answer.policy),
        "pods": answer.pods,
        "allows": answer.allows,
        "rules": [_rule(one) for one in answer.rules],
    }


def _rule(answer: RuleAnswer) -> Document:
    return {
        "index": answer.index,
        "allows": answer.allows,
        "peer": answer.peer,
        "port": answer.port,
        "peers": list(answer.peers),
        "ports": list(answer.ports),
        "missing": list(answer.missing),
    }


def change_document(change: Change, ends: Ends) -> Document:
    """Ports gained and lost, from each source to each destination."""
    return {
        "change": change.kind,
        "sources": ends.document(change.sources, change.source_addresses),
        "destinations": ends.document(change.destinations, change.destination_addresses),
        "added": ports.shown(change.added),
        "removed": ports.shown(change.removed),
    }


def _in_order(change: Document) -> tuple[object, ...]:
    return (
        CHANGES.index(change["change"]),
        str(change["sources"]),
        str(change["destinations"]),
        change["added"],
        change["removed"],
    )
