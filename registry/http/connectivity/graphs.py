"""`/api/v1/connectivity/graph`: all connections, or those of some namespaces or of a workload."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from registry.connectivity.entrances.drawing import with_entrances
from registry.connectivity.formats.documents import graph_document
from registry.connectivity.graph import Level, TooManyEdges, View, graph
from registry.connectivity.podsets import count
from registry.http import problems
from registry.http.connectivity import examples
from registry.http.connectivity.answers import answers, told
from registry.http.connectivity.blueprint import blueprint
from registry.http.connectivity.completeness import completeness
from registry.http.connectivity.inside import inside
from registry.http.connectivity.queries import GraphQuery
from registry.http.connectivity.wanted import Looked, look, wanted_of
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

    Of the whole cluster by namespace; of some namespaces, or of one workload, by workload. What nothing
    isolates at one end is one node (`unrestricted`, `unprotected`), and nothing is drawn between the two.
    Workloads of kinds that you may `list` where they are have their names; those of other kinds are drawn as
    their namespace, and all that is in namespaces of which you may list nothing is one node (`hidden`).
    Names under which workloads are reached from outside are nodes (`entrance`), where you may `list` the
    Services, Ingresses or routes that say so.
    """
    live = backend().connections()
    found = inside()
    wanted = wanted_of(query, live)
    level: Level = query.get("level") or ("namespace" if wanted.everything else "workload")

    def draw(looked: Looked) -> Document:
        survey = looked.survey
        whole = wanted.everything and looked.seen is None
        focus = None if whole else looked.pods
        if level == "workload" and count(looked.pods) > MOST_WORKLOADS:
            raise _too_large("workloads", MOST_WORKLOADS)
        view = View(level=level, focus=focus, ports=query.get("port"), seen=looked.seen, most=MOST_EDGES)
        try:
            drawn = graph(survey.network, survey.flows, view)
            drawn = with_entrances(drawn, survey.network, found.arrivals(survey, focus), view)
        except TooManyEdges:
            raise _too_large("edges", MOST_EDGES) from None
        about = completeness(
            survey.unevaluated, looked.sight, None if whole else looked.pods, seen=looked.seen is None
        )
        about["leftOut"] += found.left_out()
        return {**graph_document(drawn), "completeness": about}

    return told("graph", look(live, wanted, draw), query)


def _too_large(what: str, most: int) -> Refused:
    detail = (
        f"The graph would have more than {most} {what}. Ask for fewer namespaces, for one workload, for a "
        "port, or for level=namespace."
    )
    return Refused(problems.ANSWER_TOO_LARGE, detail)
