"""`/api/v1/connectivity/diff`: which connections a change would add and remove, before it is made."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import Response

from registry.connectivity.formats.ends import Most
from registry.connectivity.network import Network
from registry.connectivity.objects import Policy, PolicyKey
from registry.http import problems
from registry.http.acting import require
from registry.http.connectivity import examples
from registry.http.connectivity.answers import answers, told
from registry.http.connectivity.blueprint import blueprint
from registry.http.connectivity.outcome import diff_of
from registry.http.connectivity.proposal_body import REQUEST_EXAMPLE, DiffBody, read_diff
from registry.http.connectivity.proposed import Proposed
from registry.http.connectivity.queries import DiffQuery
from registry.http.conversion import invalid
from registry.http.namespaces.rights import on_policies
from registry.http.operations import READS_BODY
from registry.http.problems import Refused
from registry.http.requests import admit, backend, body, parsed
from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.model.problems import Problem
from registry.model.template import Template
from registry.planning.objects import Namespace
from registry.world.proposing import Proposal, foresee, surroundings
from registry.world.supposing import BeforeAfter, Supposed, suppose, written

MOST: Final = Most(workloads=20, namespaces=20, changes=100)
"""What the answer tells at most; the rest is counted."""


@blueprint.route("/diff", methods=["POST"])
@blueprint.operation
@blueprint.problems(
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.INVALID_BODY,
    problems.INVALID_TEMPLATE,
    problems.KIND_NOT_FOUND,
    problems.NAMESPACE_NOT_FOUND,
    problems.WORKLOAD_NOT_FOUND,
    problems.PODS_UNKNOWN,
)
@blueprint.query(DiffQuery)
@blueprint.takes("ConnectionsDiffRequest", REQUEST_EXAMPLE)
@answers("diff", examples.DIFF)
def diff_connections(query: Mapping[str, Any]) -> Response:
    """Tell which connections a change would add and remove.

    Of policies that would be there or not, of other labels on workloads, their pods and Namespaces, and of a
    template as it would be saved: of the last two, by what the controller would make of them. Nothing is
    written. It needs `get` on what is named, and `list` on NetworkPolicies where one is added or removed.
    Connections are left out of which you may list neither end.
    """
    asked = read_diff(body())
    for namespace in sorted({one["metadata"]["namespace"] for one in asked.policies} | _emptied(asked)):
        require(on_policies("list", namespace))
    template = _template(asked.template)
    proposed = Proposed()
    proposed.take(asked)
    live = backend().connections()
    given = live.ask(lambda network, _: _given(network, asked))
    policies = {**_foreseen(proposed, template), **given}
    namespaces = tuple(one for one in proposed.objects.values() if isinstance(one, Namespace))
    groups = tuple(proposed.groups.values())
    states = suppose(live, Supposed(policies, namespaces, groups))
    about = {place.namespace for place in policies} | {group.key.namespace for group in groups}
    return told("diff", diff_of(states, about, MOST), query)


def _emptied(asked: DiffBody) -> set[str]:
    return {one.namespace for one in asked.removed}


def _template(document: Mapping[str, Any] | None) -> Template | None:
    if document is None:
        return None
    admit("get", str(document.get("name", "")))
    try:
        return parsed(document)
    except Refused as refused:
        moved = [msgspec.structs.replace(one, pointer=f"/template{one.pointer}") for one in refused.errors]
        raise Refused(refused.kind, refused.detail, errors=moved) from refused


def _foreseen(proposed: Proposed, template: Template | None) -> Mapping[PolicyKey, BeforeAfter]:
    """The policies that the controller would change; refused is what could not come into force."""
    proposal = Proposal(tuple(proposed.objects.values()), template)
    if not proposal.objects and template is None:
        return {}
    start, keys = backend().ask(lambda world: surroundings(world, proposal))
    found = foresee(start, keys, proposal, backend().clock())
    wrong = [
        Problem(proposed.referring[key, name], message, "Correct that, or leave the label out.")
        for key, name, message in found.hindrances
        if (key, name) in proposed.referring
    ]
    if wrong:
        raise invalid(wrong)
    return written(found.changes).policies


def _given(network: Network, asked: DiffBody) -> Mapping[PolicyKey, BeforeAfter]:
    """The policies that the body itself adds, replaces and removes. Raises Refused."""
    found: dict[PolicyKey, BeforeAfter] = {}
    for policy in asked.policies:
        place = PolicyKey(policy["metadata"]["namespace"], policy["metadata"]["name"])
        spec = canonical(normalise_spec(policy.get("spec") or {}))
        after = Policy(namespace=place.namespace, name=place.name, spec=spec)
        found[place] = BeforeAfter(_there(network, place), after)
    for number, one in enumerate(asked.removed):
        place = PolicyKey(one.namespace, one.name)
        before = _there(network, place)
        if before is None:
            reason = f"There is no NetworkPolicy {place}."
            raise invalid([Problem(f"/removed/{number}", reason, "Name one that is there.")])
        found[place] = BeforeAfter(before, None)
    return found


def _there(network: Network, place: PolicyKey) -> Policy | None:
    space = network.namespaces.get(place.namespace)
    read = space.policies.get(place.name) if space else None
    return read.policy if read else None
