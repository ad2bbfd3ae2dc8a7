"""`/api/v1/connectivity/verdict` and `explain`: whether one connection is allowed, and why."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from flask import Response

from registry.connectivity.explain import DirectionAnswer, explain
from registry.connectivity.formats.documents import Question, explain_document, verdict_document
from registry.connectivity.network import Network
from registry.connectivity.verdict import Peer, verdict
from registry.http import problems
from registry.http.answers import json_answer
from registry.http.connectivity import examples
from registry.http.connectivity.answers import answers, told
from registry.http.connectivity.blueprint import blueprint
from registry.http.connectivity.completeness import completeness
from registry.http.connectivity.ends import Named, invalid, missing, named_end
from registry.http.connectivity.queries import ExplainQuery, VerdictQuery
from registry.http.connectivity.schemas import answer_schema
from registry.http.connectivity.sight import Sight, sight
from registry.http.requests import backend
from registry.world.live_network import Unevaluated

Query = Mapping[str, Any]
Document = dict[str, Any]

PROBLEMS = (
    problems.INVALID_QUERY,
    problems.KIND_NOT_FOUND,
    problems.WORKLOAD_NOT_FOUND,
    problems.PODS_UNKNOWN,
)
"""Those of any question that names workloads."""


@blueprint.route("/verdict", methods=["GET"])
@blueprint.operation
@blueprint.problems(*PROBLEMS)
@blueprint.query(VerdictQuery)
@blueprint.answer(200, answer_schema("verdict"), example=examples.VERDICT)
def get_verdict(query: Query) -> Response:
    """Tell whether a connection is allowed.

    By the NetworkPolicies that are there now: the source has to be allowed to send, and the destination to
    receive. It needs `get` on the workloads that it names.
    """

    def find(asked: "Asked") -> Document:
        question = asked.question
        return verdict_document(question, verdict(asked.network, *question))

    return json_answer(_answered(query, find))


@blueprint.route("/explain", methods=["GET"])
@blueprint.operation
@blueprint.problems(*PROBLEMS)
@blueprint.query(ExplainQuery)
@answers("explain", examples.EXPLAIN)
def explain_connection(query: Query) -> Response:
    """Explain why a connection is allowed or denied.

    For each direction every policy that selects the workload, what each of its rules says, and which
    template, revision and label it comes from; of a rule that does not allow it, what is missing. Policies
    of a namespace where you may not `list` them are counted (`hidden`). It needs `get` on the workloads that
    it names.
    """

    def find(asked: "Asked") -> Document:
        explanation = explain(asked.network, *asked.question)
        shown = msgspec.structs.replace(
            explanation,
            egress=_readable(explanation.egress, asked.sight, asked.question.source),
            ingress=_readable(explanation.ingress, asked.sight, asked.question.destination),
        )
        return explain_document(asked.question, shown)

    return told("explain", _answered(query, find), query)


class Asked(NamedTuple):
    """A question, the network it is asked of, and what the caller may see of it."""

    network: Network
    question: Question
    sight: Sight


def _answered(query: Query, find: Callable[[Asked], Document]) -> Document:
    source, destination = (named_end(field, query[field]) for field in ("source", "destination"))
    keys = [one.workload for one in (source, destination) if one.workload]
    if not keys:
        fix = "Name a workload at one end, such as shop/deployments/web."
        raise invalid("destination", "Policies say nothing of what is between two addresses.", fix)
    live = backend().connections()
    seen = sight({key.namespace: {(key.group, key.kind)} for key in keys})

    def look(network: Network, unevaluated: Unevaluated) -> Document | Named:
        ends: list[Peer] = []
        for one in (source, destination):
            try:
                ends.append(one.peer(network))
            except KeyError:
                return one
        question = Question(ends[0], ends[1], query["protocol"], query["port"])
        names = {key.namespace for key in keys}
        everything = all(map(seen.reads, names))
        return {
            **find(Asked(network, question, seen)),
            "completeness": completeness(unevaluated, seen, names, seen=everything),
        }

    found = live.ask(look)
    if isinstance(found, Named):
        assert found.workload is not None  # noqa: S101 (an address is never missing)
        raise missing(found.workload)
    return found


def _readable(answer: DirectionAnswer, seen: Sight, end: Peer) -> DirectionAnswer:
    """What is said at an end, without policies that the caller may not read."""
    hidden = not isinstance(end, int) and not seen.reads(end.namespace.name)
    return answer.redacted() if hidden else answer
