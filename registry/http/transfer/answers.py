"""What an import answers: the plan, what was saved, what stands in the way."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from registry.http import problems
from registry.http.answers import quoted
from registry.http.problems import Refused
from registry.http.transfer.plan import Action, Plan, Step
from registry.model.counts import counted
from registry.model.problems import Problem

_DONE: Final[dict[Action, str]] = {"create": "created", "change": "changed", "unchanged": "unchanged"}
_FORESEEN: Final[dict[Action, str]] = {"create": "to create", "change": "to change", "unchanged": "unchanged"}


def answer(plan: Plan, *, dry: bool) -> dict[str, Any]:
    """What the import did, or would do."""
    return {"dryRun": dry, "detail": _detail(plan, dry=dry), **_members(plan)}


def unsavable(plan: Plan) -> Refused:
    """The problem of an import of which a part cannot be saved, so that nothing is."""
    found = [problem for step in plan.steps for problem in step.problems]
    wrong = sum(bool(step.problems) for step in plan.steps)
    detail = f"{wrong} of {len(plan.steps)} cannot be saved, so nothing was saved; see errors and items."
    return Refused(problems.INVALID_IMPORT, detail, errors=found, members=_members(plan))


def widened(plan: Plan, found: Sequence[Problem]) -> Refused:
    """The problem of an import that would apply templates to more namespaces."""
    counts = f"{len(found)} of {len(plan.steps)}"
    detail = f"{counts} would be applied to more namespaces, so nothing was saved; see errors and items."
    return Refused(problems.DEFAULT_WIDENED, detail, errors=found, members=_members(plan))


def overtaken(plan: Plan, *, saved: int) -> Refused:
    """The problem of an import in which others changed templates between its plan and its save."""
    found = [problem for step in plan.steps for problem in step.problems]
    detail = (
        f"{counted(len(found), 'template was', 'templates were')} left alone, since others changed the store "
        f"meanwhile; {saved} saved, as items tell. Import again: what is saved already is unchanged then."
    )
    return Refused(problems.IMPORT_INCOMPLETE, detail, errors=found, members=_members(plan))


def _members(plan: Plan) -> dict[str, Any]:
    return {"items": [_item(step) for step in plan.steps], "leftOut": plan.left_out}


def _item(step: Step) -> dict[str, Any]:
    return {
        "pointer": step.pointer,
        "name": step.name,
        "action": step.action,
        "revision": step.saved.number if step.saved else None,
        "etag": quoted(step.saved) if step.saved else None,
        "changes": step.differences,
        "document": step.document,
        "notes": step.notes,
        "problems": step.problems,
    }


def _detail(plan: Plan, *, dry: bool) -> str:
    counts = Counter(step.action for step in plan.steps)
    told = ", ".join(
        f"{counts[action]} {words}"
        for action, words in (_FORESEEN if dry else _DONE).items()
        if counts[action]
    )
    left = f"; {len(plan.left_out)} left out" if plan.left_out else ""
    return f"{told or 'Nothing to import'}{left}." + (" Nothing was written." if dry else "")
