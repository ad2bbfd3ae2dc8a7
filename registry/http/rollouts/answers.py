"""A rollout as it is answered: how far it is, and its users as far as the caller may list them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from registry.http.paging import Order, paged
from registry.http.requests import backend, caller
from registry.http.visibility import visible
from registry.planning.rollout_progress import Place, counts
from registry.planning.rollouts import Rollout, Status

Query = Mapping[str, Any]

BY_PLACE: Final = Order[Place](
    "place", lambda one: (one.key.namespace, one.key.kind, one.key.group, one.key.name)
)


def rollout_answer(rollout: Rollout, status: Status, found: Sequence[Place], query: Query) -> dict[str, Any]:
    """The members of an answer. Raises Refused, or ApiError."""
    keys, complete = backend().call(visible(backend().access, caller(), [place.key for place in found]))
    allowed = set(keys)
    seen = [place for place in found if place.key in allowed]
    wanted = [place for place in seen if query.get("position") in {None, place.position}]
    return {
        "name": rollout.template,
        "revision": rollout.revision,
        "state": status.state,
        "detail": status.detail,
        "author": rollout.author,
        "message": rollout.message,
        "started": rollout.started,
        "finished": status.finished or None,
        "batch": rollout.batch,
        "pauseSeconds": rollout.pause,
        "skipped": rollout.skipped,
        "progress": _counted(found),
        "namespaces": _by_namespace(seen),
        "complete": complete,
        "connections": None,
        **paged(wanted, BY_PLACE, _shown, query),
    }


def _by_namespace(found: Iterable[Place]) -> list[dict[str, Any]]:
    groups: defaultdict[str, list[Place]] = defaultdict(list)
    for place in found:
        groups[place.key.namespace].append(place)
    return [{"namespace": name, **_counted(groups[name])} for name in sorted(groups)]


def _counted(found: Sequence[Place]) -> dict[str, int]:
    return {"total": len(found), **counts(found)}


def _shown(place: Place) -> dict[str, Any]:
    return {
        **place.key._asdict(),
        "position": place.position,
        "revision": place.revision,
        "reason": place.failure.reason if place.failure else None,
        "message": place.failure.message if place.failure else None,
    }
