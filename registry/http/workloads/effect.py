"""What attaching or detaching does, as it is answered."""

from collections.abc import Mapping
from typing import Any

import msgspec

from registry.http.connectivity.outcome import connections_of
from registry.http.requests import backend, caller
from registry.http.visibility import visible
from registry.http.workloads.change import Change
from registry.planning.objects import Key
from registry.world.attaching import Outcome
from registry.world.preview import Hit, changes_of
from registry.world.supposing import written


class Effect(msgspec.Struct, frozen=True):
    """A change, what it comes to, and what its writer should know."""

    change: Change
    outcome: Outcome
    warnings: list[str]


def effect_answer(effect: Effect, *, dry: bool) -> dict[str, Any]:
    """The members of an answer. Raises Refused, or ApiError."""
    change, use = effect.change, effect.outcome.use
    key, hits = change.workload.key, {hit.key: hit for hit in effect.outcome.hits}
    connections = connections_of(written(changes_of(hits.values()))) if dry else None
    own = hits.pop(key, None)
    notes = [f"{note.reason}: {note.message}" for note in effect.outcome.notes]
    return {
        **key._asdict(),
        "template": change.template,
        "value": change.value,
        "changed": change.needed,
        "dryRun": dry,
        "detail": _sentence(change, dry=dry),
        "revision": use.revision if use else None,
        "tracking": use.tracking if use else None,
        "parameters": use.parameters if use else None,
        "reason": use.reason if use else None,
        "message": use.message if use else None,
        "policies": own.policies if own else [],
        "others": [_other(hits[one]) for one in _seen(list(hits))],
        "connections": connections,
        "warnings": [*effect.warnings, *notes],
    }


def _seen(keys: list[Key]) -> list[Key]:
    seen, _ = backend().call(visible(backend().access, caller(), keys))
    return sorted(seen)


def _other(hit: Hit) -> Mapping[str, Any]:
    return {**hit.key._asdict(), "policies": hit.policies}


def _sentence(change: Change, *, dry: bool) -> str:
    label = f"The label is {change.value}" if change.value else "The label is removed"
    if not change.needed:
        return "Nothing was written: the workload is so already."
    if dry:
        return "Nothing was written: this is what would happen."
    return f"{label}; the controller follows in a moment."
