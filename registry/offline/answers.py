"""Each answer from networks that are at hand, as its JSON document. Pure."""

from collections.abc import Sequence
from typing import Final

import msgspec

from registry.connectivity.completeness import (
    Completeness,
    PolicyKind,
    ServedKind,
    completeness,
    is_policy_kind,
)
from registry.connectivity.coverage import coverage
from registry.connectivity.diff import diff
from registry.connectivity.entrances.drawing import with_entrances
from registry.connectivity.entrances.objects import OTHER_KINDS
from registry.connectivity.exposure import exposure
from registry.connectivity.findings.findings import findings
from registry.connectivity.flows import Flows
from registry.connectivity.formats import analyses, documents
from registry.connectivity.formats.ends import Document, Ends
from registry.connectivity.graph import Level, View, graph
from registry.connectivity.intervals import Intervals
from registry.connectivity.network import Network
from registry.connectivity.objects import PodKey
from registry.connectivity.podsets import NOBODY, PodSet, join
from registry.offline.ends import Asked, explanation_of
from registry.offline.inside import Inside
from registry.offline.manifests import Manifests
from registry.offline.state import State

UNKNOWN: Final = (
    "The manifests do not tell whether a network plugin enforces NetworkPolicies: no DaemonSet of a known "
    "one is among them."
)


class Focus(msgspec.Struct, frozen=True, kw_only=True):
    """What a graph is about: pods of namespaces, workloads, all where neither is named, and ports."""

    namespaces: tuple[str, ...] = ()
    workloads: tuple[PodKey, ...] = ()
    ports: Intervals | None = None
    level: Level | None = None


def graph_answer(network: Network, inside: Inside, focus: Focus) -> Document:
    """The graph; workloads one by one where some are asked about, unless a level is."""
    pods = _pods(network, focus)
    level: Level = focus.level or ("namespace" if pods is None else "workload")
    view = View(level=level, focus=pods, ports=focus.ports)
    flows = Flows(network)
    drawn = graph(network, flows, view)
    return documents.graph_document(with_entrances(drawn, network, inside.arrivals(network, flows), view))


def explain_answer(network: Network, asked: Asked) -> Document:
    """The explanation of one connection."""
    question = documents.Question(asked.source.peer, asked.destination.peer, asked.protocol, asked.port)
    return documents.explain_document(question, explanation_of(network, asked))


def diff_answer(before: State, after: State) -> Document:
    """What connections the second state has gained and lost."""
    networks = (before.network, after.network)
    return documents.diff_document(diff(Flows(*networks)), networks)


def findings_answer(network: Network, *, whole: bool) -> Document:
    """What looks wrong; `whole` tells that all of a cluster is there."""
    found = findings(network, Flows(network), whole=whole)
    return analyses.findings_document(found, Ends([network]))


def exposure_answer(network: Network, inside: Inside, focus: Focus) -> Document:
    """What strangers could reach."""
    flows = Flows(network)
    found = exposure(network, flows, _pods(network, focus), inside.arrivals(network, flows))
    return analyses.exposure_document(found, Ends([network]))


def coverage_answer(network: Network, focus: Focus) -> Document:
    """How many workloads are isolated."""
    return analyses.coverage_document(coverage(network, focus.namespaces or None), Ends([network]))


def completeness_of(manifests: Sequence[Manifests], *, blocks_match_pods: bool) -> Completeness:
    """How complete answers from manifests are."""
    kinds = {kind for one in manifests for kind in one.others if is_policy_kind(*kind)}
    found = completeness(
        agents=[agent for one in manifests for agent in one.agents],
        nodes=[node for one in manifests for node in one.nodes],
        policy_kinds=[PolicyKind(*kind, max(one.others[kind] for one in manifests)) for kind in kinds],
        blocks_match_pods=blocks_match_pods,
    )
    others = {kind for one in manifests for kind in one.others if kind[1] in OTHER_KINDS.get(kind[0], ())}
    unread = (ServedKind(*kind, max(one.others[kind] for one in manifests)) for kind in sorted(others))
    found = msgspec.structs.replace(found, unread=tuple(unread))
    silent = found.enforced == "unknown" and not found.plugins
    return msgspec.structs.replace(found, remark=UNKNOWN) if silent else found


def _pods(network: Network, focus: Focus) -> PodSet | None:
    if not focus.namespaces and not focus.workloads:
        return None
    found: PodSet = {
        name: bits
        for name in focus.namespaces
        if (space := network.namespaces.get(name)) and (bits := space.index.present)
    }
    for pods in map(network.pods, focus.workloads):
        found = join(found, {pods.namespace.name: 1 << pods.place})
    return found or NOBODY
