"""`/api/v1/connectivity/findings`: what looks wrong between policies."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from flask import Response

from registry.cluster.informer import State
from registry.connectivity.findings.codes import DEFAULT_UNDONE, DUPLICATE_POLICY, UNMANAGED_WIDENS
from registry.connectivity.findings.drafts import Draft, findings_of
from registry.connectivity.findings.findings import drafts
from registry.connectivity.formats.analyses import findings_document
from registry.connectivity.formats.ends import Ends
from registry.connectivity.podsets import PodSet, without
from registry.http.connectivity import examples
from registry.http.connectivity.analyses import MOST, PROBLEMS, analysed, complete
from registry.http.connectivity.answers import answers, told
from registry.http.connectivity.blueprint import blueprint
from registry.http.connectivity.queries import FindingsQuery
from registry.http.connectivity.wanted import Looked, Wanted, look
from registry.http.requests import backend
from registry.world.live_network import Survey

Query = Mapping[str, Any]
Document = dict[str, Any]

MOST_FINDINGS: Final = 500
"""Findings that one answer tells, the worst first; the rest is counted."""

BY_POLICY_ALONE: Final = frozenset({DEFAULT_UNDONE.name, DUPLICATE_POLICY.name, UNMANAGED_WIDENS.name})
"""Codes that are right also where labels are asked for that only living pods bear."""


@blueprint.route("/findings", methods=["GET"])
@blueprint.operation
@blueprint.problems(*PROBLEMS)
@blueprint.query(FindingsQuery)
@answers("findings", examples.FINDINGS)
def get_findings(query: Query) -> Response:
    """Find what looks wrong between policies.

    Such as what one end allows and the other does not, policies that select nothing, or that undo others:
    each with a code, what it is about, and what to do. Told are findings about workloads that you may `list`
    and policies that you may `list`; others are counted.
    """
    live = backend().connections()
    wanted = analysed(query, live)
    whole = State.FORBIDDEN not in backend().cluster.skipped().values()

    def find(looked: Looked) -> Document:
        survey = looked.survey
        about = _about(survey, wanted, whole=whole)
        shown = [one for one in about if _may_see(one, looked)]
        found = findings_of(shown)
        document = findings_document(found[:MOST_FINDINGS], Ends([survey.network], MOST, looked.seen))
        left_out = _Left(len(about) - len(shown), max(0, len(found) - MOST_FINDINGS))
        return {**document, "completeness": _complete(looked, wanted, left_out)}

    def named(survey: Survey, wanted: Wanted) -> Iterable[str]:
        return {name for one in _about(survey, wanted, whole=whole) for name in _names(one)}

    return told("findings", look(live, wanted, find, named), query)


class _Left(NamedTuple):
    """How many are not told: about what the caller may not see, and beyond the limit."""

    hidden: int
    more: int


def _about(survey: Survey, wanted: Wanted, *, whole: bool) -> list[Draft]:
    """What is found about policies of the namespaces that are asked about."""
    whole = whole and not survey.unevaluated.workloads
    made = survey.once(
        f"drafts {whole}", lambda: _certain(drafts(survey.network, survey.flows, whole=whole), survey)
    )
    if wanted.everything:
        return made
    return [one for one in made if one.policies[0].namespace in wanted.namespaces]


def _certain(found: Iterable[Draft], survey: Survey) -> list[Draft]:
    """Without what living pods may show to be wrong, since they bear labels that templates do not."""
    doubtful = {place.namespace for place in survey.unevaluated.labels}
    return [one for one in found if one.code.name in BY_POLICY_ALONE or not doubtful & _names(one)]


def _names(draft: Draft) -> set[str]:
    """The namespaces that it is about."""
    found = {policy.namespace for policy in draft.policies} | set(draft.pods)
    for change in draft.connections:
        found |= {*change.sources, *change.destinations}
    return found


def _may_see(draft: Draft, looked: Looked) -> bool:
    """Whether the caller may read all of its policies, and list all of its workloads."""
    if not all(looked.sight.reads(policy.namespace) for policy in draft.policies):
        return False
    some: list[PodSet] = [draft.pods]
    some += [pods for one in draft.connections for pods in (one.sources, one.destinations)]
    return looked.seen is None or not any(without(pods, looked.seen) for pods in some)


def _complete(looked: Looked, wanted: Wanted, left: _Left) -> Document:
    found = complete(looked, wanted)
    if left.hidden:
        message = "More was found about workloads or policies that you may not list."
        found["leftOut"].append(_entry("FindingsHidden", message, left.hidden))
        found["everythingSeen"] = False
    if left.more:
        message = f"The {MOST_FINDINGS} worst findings are told. Ask for fewer namespaces for the others."
        found["leftOut"].append(_entry("FindingsBeyondLimit", message, left.more))
    return found


def _entry(reason: str, message: str, total: int) -> Document:
    return {"reason": reason, "message": message, "total": total, "objects": []}
