"""What a change of policies does to connections, as the answers that foresee changes show it."""

from typing import Any, Final

from registry.connectivity.diff import Change, diff
from registry.connectivity.flows import Flows
from registry.connectivity.formats.documents import diff_document
from registry.connectivity.formats.ends import Most
from registry.connectivity.podsets import PodSet, meet
from registry.http.connectivity.completeness import completeness
from registry.http.connectivity.sight import kinds_in, sight
from registry.http.requests import backend
from registry.world.supposing import States, Supposed, suppose

Document = dict[str, Any]

MOST: Final = Most(workloads=5, namespaces=10, changes=20)
"""What an answer tells at most; the rest is counted."""


def connections_of(change: Supposed) -> Document:
    """The connections that a change adds and removes, as far as the caller may see an end of them.

    Raises Refused, or ApiError.
    """
    return connections_between(suppose(backend().connections(), change), change)


def connections_between(states: States, change: Supposed) -> Document:
    """The same where both states are there already. Raises Refused, or ApiError."""
    lost = [place for place in sorted(states.unreadable) if change.policies[place].differs]
    if lost:
        reason = (
            f"Policy {lost[0]} cannot be read, so its connections are not known: {states.unreadable[lost[0]]}"
        )
        return {"evaluated": False, "reason": reason, "diff": None}
    return {
        "evaluated": True,
        "reason": None,
        "diff": diff_of(states, {one.namespace for one in change.policies}),
    }


def diff_of(states: States, about: set[str], most: Most = MOST) -> Document:
    """The connections that differ, as far as the caller may see an end of them; a change `about` namespaces.

    Raises Refused, or ApiError.
    """
    found = diff(Flows(*states.networks))
    names = about.union(*(pods for one in found for pods in (one.sources, one.destinations)))
    kinds = kinds_in(states.after, names)
    known = sight(kinds)
    seen = known.pods(states.after, kinds)
    everything = all(seen.get(name, 0) == states.after.namespaces[name].index.present for name in kinds)
    return {
        **diff_document([one for one in found if _concerns(one, seen)], states.networks, most, seen),
        "completeness": completeness(states.unevaluated, known, names, seen=everything),
    }


def _concerns(change: Change, seen: PodSet) -> bool:
    """Whether either end has a workload that the caller may see."""
    return bool(meet(change.sources, seen) or meet(change.destinations, seen))
