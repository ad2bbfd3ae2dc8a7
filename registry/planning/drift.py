"""What to tell of a policy that is put in place: why it was not so before."""

import msgspec

from registry import contract
from registry.planning.names import bears_mark
from registry.planning.objects import LivePolicy, Note
from registry.planning.resolve import Applied


def update_notes(live: LivePolicy, previous: Applied | None, wanted: Applied) -> tuple[Note, ...]:
    """What to tell about a policy put in place: adoption, drift, or parameters that changed."""
    if not bears_mark(live):
        message = f"NetworkPolicy {live.name} was there, and is generated from now on; its spec stays."
        return (Note("Normal", "Adopted", message),)
    if _drifted(live, previous, wanted):
        message = f"NetworkPolicy {live.name} was changed by {_last_editor(live)}; put back."
        return (Note("Warning", "DriftRepaired", message),)
    if previous and previous.parameters != wanted.parameters:
        return (
            Note(
                "Normal",
                "ParametersChanged",
                f"NetworkPolicy {live.name} now follows the changed parameters.",
            ),
        )
    return ()


def _drifted(live: LivePolicy, previous: Applied | None, wanted: Applied) -> bool:
    if previous is None or not previous.digest:
        return True
    if contract.ORPHANED_ANNOTATION in live.annotations:
        return False
    moved = previous.owner not in {"", wanted.owner}
    return not moved and msgspec.structs.replace(previous, owner="") == msgspec.structs.replace(
        wanted, owner=""
    )


def _last_editor(live: LivePolicy) -> str:
    """The field manager, other than us, that wrote last; for an Event that names who drifted.

    The API server records who set a field, not who removed one.
    """
    others = [manager for manager in live.managers if manager.name != contract.MANAGER]
    if not others:
        return "somebody who only removed fields (the API server does not record who)"
    return f"field manager {max(others, key=lambda manager: manager.time).name}"
