"""`/api/v1/connectivity/exposure` and `coverage`: what strangers could reach, and what is protected."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from registry.connectivity.coverage import coverage
from registry.connectivity.exposure import exposure
from registry.connectivity.formats.analyses import coverage_document, exposure_document
from registry.connectivity.formats.ends import Ends, Most
from registry.connectivity.podsets import PodSet
from registry.http import problems
from registry.http.acting import require
from registry.http.connectivity import examples
from registry.http.connectivity.answers import answers, told
from registry.http.connectivity.blueprint import blueprint
from registry.http.connectivity.completeness import completeness
from registry.http.connectivity.inside import inside
from registry.http.connectivity.queries import CoverageQuery, ExposureQuery
from registry.http.connectivity.wanted import Looked, Wanted, itself, look, wanted_of
from registry.http.namespaces.rights import on_policies
from registry.http.problems import Refused
from registry.http.requests import backend
from registry.world.live_network import LiveNetwork

Query = Mapping[str, Any]
Document = dict[str, Any]

MOST: Final = Most(workloads=20, namespaces=100)
"""Workloads of a namespace, and namespaces, that are named together; the rest is counted."""

MOST_GROUPS: Final = 1_000
"""Groups of workloads with the same exposure; where there are more, the answer is refused."""

PROBLEMS: Final = (problems.INVALID_QUERY, problems.NAMESPACE_NOT_FOUND)


@blueprint.route("/exposure", methods=["GET"])
@blueprint.operation
@blueprint.problems(
    *PROBLEMS,
    problems.KIND_NOT_FOUND,
    problems.WORKLOAD_NOT_FOUND,
    problems.PODS_UNKNOWN,
    problems.ANSWER_TOO_LARGE,
)
@blueprint.query(ExposureQuery)
@answers("exposure", examples.EXPOSURE)
def get_exposure(query: Query) -> Response:
    """Tell what strangers could reach, and be reached from.

    Strangers are addresses outside and workloads that are not there yet, by the selectors that would let them
    in. Workloads of equal exposure are together. Of those that you may `list`, in namespaces where you may
    `list` NetworkPolicies too, since their selectors are told. Beside that, by which names what is outside
    comes in (`entrances`), where you may `list` the Services, Ingresses or routes that say so.
    """
    live = backend().connections()
    wanted = analysed(query, live)
    ways_in = inside()

    def find(looked: Looked) -> Document:
        survey, pods = looked.survey, readable(looked)
        found = exposure(survey.network, survey.flows, pods, ways_in.arrivals(survey, pods))
        if len(found.ingress) + len(found.egress) > MOST_GROUPS:
            detail = f"There are more than {MOST_GROUPS} groups of equal exposure. Ask for fewer namespaces."
            raise Refused(problems.ANSWER_TOO_LARGE, detail)
        ends = Ends([survey.network], MOST, looked.seen)
        about = complete(looked, wanted)
        about["leftOut"] += ways_in.left_out()
        return {**exposure_document(found, ends), "completeness": about}

    return told("exposure", look(live, wanted, find, itself), query)


@blueprint.route("/coverage", methods=["GET"])
@blueprint.operation
@blueprint.problems(*PROBLEMS)
@blueprint.query(CoverageQuery)
@answers("coverage", examples.COVERAGE)
def get_coverage(query: Query) -> Response:
    """Count the workloads that policies isolate, in each direction, and by which templates.

    In all and by namespace, with those that are not protected; of namespaces in which you may `list` some
    kind of workloads, and NetworkPolicies. Workloads of kinds that you may not list are only counted.
    """
    live = backend().connections()
    wanted = analysed(query, live)

    def find(looked: Looked) -> Document:
        network = looked.survey.network
        found = coverage(network, wanted.namespaces or readable(looked))
        ends = Ends([network], MOST, looked.seen)
        return {**coverage_document(found, ends), "completeness": complete(looked, wanted)}

    return told("coverage", look(live, wanted, find, itself), query)


def analysed(query: Query, live: LiveNetwork) -> Wanted:
    """What a query is about, where the caller may `list` NetworkPolicies. Raises Refused, or ApiError."""
    wanted = wanted_of(query, live)
    names = [wanted.workload.namespace] if wanted.workload else wanted.namespaces
    for name in names:
        require(on_policies("list", name))
    return wanted


def readable(looked: Looked) -> PodSet | None:
    """The pods asked about where the caller may read policies too, None for all there are."""
    if is_whole(looked):
        return None
    return {name: bits for name, bits in looked.pods.items() if looked.sight.reads(name)}


def is_whole(looked: Looked) -> bool:
    """Whether it is about the whole network, and the caller may see all of it."""
    everyone = looked.survey.flows.members[0].everyone
    return looked.seen is None and looked.sight.policies_everywhere and looked.pods == everyone


def complete(looked: Looked, wanted: Wanted) -> Document:
    """How complete an answer about that is."""
    pods = readable(looked)
    seen = looked.seen is None and all(map(looked.sight.reads, looked.pods))
    names = None if pods is None or (wanted.everything and seen) else pods
    return completeness(looked.survey.unevaluated, looked.sight, names, seen=seen)
