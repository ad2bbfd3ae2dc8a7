"""The order of a step's writes: nothing is cut or opened between (docs/contract.md, "What happens when")."""

from typing import NamedTuple

from tests.cluster import Write
from tests.machine.state import NAMESPACE, Policy, Reference, State


class Ordered(NamedTuple):
    """One write that was done, and the policy before it; none where it was created."""

    verb: str
    reference: Reference
    before: Policy | None


def ordered(
    writes: list[Write], names: dict[tuple[str, str], Reference], before: dict[Reference, Policy]
) -> list[Ordered]:
    """The writes of generated policies in one namespace, in order."""
    found = (names.get((write.namespace, write.name)) for write in writes)
    return [
        Ordered(write.verb, one, before.get(one)) for write, one in zip(writes, found, strict=True) if one
    ]


def check(state: State, space: str, writes: list[Ordered]) -> None:
    """Raise AssertionError when something went before what has to come first."""
    deletes = [write for write in writes if write.verb == "delete"]
    if state.spaces[space].managed != "true":
        denies = [bool(write.before and "ingress" not in write.before.spec) for write in deletes]
        assert denies == sorted(denies, reverse=True), f"what denies has to go first: {deletes}"
        return
    for name in {(write.reference.kind, write.reference.name) for write in writes} - {(NAMESPACE, space)}:
        verbs = [write.verb for write in writes if (write.reference.kind, write.reference.name) == name]
        gone = [verb == "delete" for verb in verbs if verb != "update"]
        assert gone == sorted(gone), f"what is new has to come before what goes: {verbs} of {name}"
    _check_presets(state, writes)


def _check_presets(state: State, writes: list[Ordered]) -> None:
    """A preset's policy comes before the default shrinks, and goes after the default grew back."""
    presets = {index: write.verb for index, write in enumerate(writes) if _is_preset(state, write)}
    shrunk = [index for index, write in enumerate(writes) if _is_default(write)]
    if shrunk and set(presets.values()) == {"create"}:
        assert min(presets) < max(shrunk), f"the preset has to come before defaults shrink: {writes}"
    if shrunk and set(presets.values()) == {"delete"}:
        assert max(presets) > min(shrunk), f"defaults have to grow back before the preset goes: {writes}"


def _is_preset(state: State, write: Ordered) -> bool:
    if write.reference.kind == NAMESPACE or write.verb == "update":
        return False
    held = write.before.in_force if write.before else state.held(write.reference)
    document = state.document(write.reference.template, held.revision) if held else None
    return bool(document and document.preset)


def _is_default(write: Ordered) -> bool:
    return write.reference.kind == NAMESPACE and write.verb == "update" and write.before is not None
