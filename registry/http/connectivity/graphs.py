"""`/api/v1/connectivity/graph`: all connections, or those of some namespaces or of a workload."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from flask import Response

from registry.connectivity.entrances.drawing import with_entrances
from registry.connectivity.formats.documents import graph_document
from registry.connectivity.graph import Graph, Level, TooManyEdges, View, graph
from registry.connectivity.podsets import count
from registry.http import problems
from registry.http.connectivity import examples
from registry.http.connectivity.answers import answers, told
from registry.http.connectivity.blueprint import blueprint
from registry.http.connectivity.completeness import completeness
from registry.http.connectivity.inside import Inside, inside
from registry.http.connectivity.queries import GraphQuery
from registry.http.connectivity.wanted import Looked, Wanted, look, wanted_of
from registry.http.problems import Refused
from registry.http.requests import backend

Query = Mapping[str, Any]
Document = dict[str, Any]

MOST_WORKLOADS: Final = 5_000
MOST_EDGES: Final = 10_000
"""Workloads drawn one by one, and edges of a graph; where there are more, it is refused."""


@blueprint.route("/graph", methods=["GET"])
@blueprint.operation
@blueprint.problems(
    problems.INVALID_QUERY,
    problems.KIND_NOT_FOUND,
    problems.NAMESPACE_NOT_FOUND,
    problems.WORKLOAD_NOT_FOUND,
    problems.PODS_UNKNOWN,
    problems.ANSWER_TOO_LARGE,
)
@blueprint.query(GraphQuery)
@answers("graph", examples.GRAPH)
def get_graph(query: Query) -> Response:
    """Draw who can talk to whom.

    Of the whole cluster by namespace; of some namespaces, or of one workload, by workload, or by namespace
    too where that would be too large and no `level` is asked for; the answer says which. What nothing
    isolates at one end is one node (`unrestricted`, `unprotected`), and nothing is drawn between the two.
    Workloads of kinds that you may `list` where they are have their names; those of other kinds are drawn as
    their namespace, and all that is in namespaces of which you may list nothing is one node (`hidden`).
    Names under which workloads are reached from outside are nodes (`entrance`), where you may `list` the
    Services, Ingresses or routes that say so.
    """
    live = backend().connections()
    found = inside()
    wanted = wanted_of(query, live)

    def draw(looked: Looked) -> Document:
        whole = wanted.everything and looked.seen is None
        view = View(
            focus=None if whole else looked.pods,
            ports=query.get("port"),
            seen=looked.seen,
            most=MOST_EDGES,
        )
        drawn = _drawn(looked, found, view, _levels(query, wanted))
        about = completeness(looked.survey.unevaluated, looked.sight, view.focus, seen=looked.seen is None)
        about["leftOut"] += found.left_out()
        return {**graph_document(drawn), "completeness": about}

    return told("graph", look(live, wanted, draw), query)


def _levels(query: Query, wanted: Wanted) -> Sequence[Level]:
    """The levels to draw, the best one first; more than one where the caller leaves the choice to us."""
    if level := query.get("level"):
        return (level,)
    return ("namespace",) if wanted.everything else ("workload", "namespace")


def _drawn(looked: Looked, found: Inside, view: View, levels: Sequence[Level]) -> Graph:
    """The graph at the first of these levels at which it is not too large. Raises Refused."""
    network, flows = looked.survey.network, looked.survey.flows
    for level in levels:
        if level == "workload" and count(looked.pods) > MOST_WORKLOADS:
            continue
        at_level = msgspec.structs.replace(view, level=level)
        try:
            drawn = graph(network, flows, at_level)
            return with_entrances(drawn, network, found.arrivals(looked.survey, view.focus), at_level)
        except TooManyEdges:
            continue
    detail = (
        f"The graph would have more than {MOST_EDGES} edges, or {MOST_WORKLOADS} workloads. Ask for fewer "
        "namespaces, for one workload, for a port, or for level=namespace."
    )
    raise Refused(problems.ANSWER_TOO_LARGE, detail)
