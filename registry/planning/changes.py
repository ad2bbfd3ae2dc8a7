"""A plan: the writes that bring live policies to the desired ones, in an order without a gap."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from registry.planning.names import template_of
from registry.planning.objects import DesiredPolicy, LivePolicy, Note
from registry.planning.policies import create_body, delete_body, update_body
from registry.planning.resolve import Applied

Action = Literal["create", "update", "delete", "release"]
"""`release`: the policy stays as it is, without our marks."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One write. `notes` are told once it succeeded; `applied` is then remembered for `template`.

    `after_defaults`: it takes away a preset, so the namespace's defaults must hold again before.
    """

    action: Action
    template: str
    live: LivePolicy | None = None
    desired: DesiredPolicy | None = None
    applied: Applied | None = None
    notes: tuple[Note, ...] = ()
    after_defaults: bool = False

    @property
    def name(self) -> str:
        """Name of the policy it writes."""
        target = self.desired or self.live
        return target.name if target else ""

    @property
    def namespace(self) -> str:
        """Namespace of the policy it writes."""
        target = self.desired or self.live
        return target.namespace if target else ""

    def body(self) -> dict[str, Any]:
        """The request body: the object, or DeleteOptions. That of a release needs what is there."""
        match self:
            case Change(action="create", desired=DesiredPolicy() as desired):
                return create_body(desired)
            case Change(action="update", live=LivePolicy() as live, desired=DesiredPolicy() as desired):
                return update_body(live, desired)
            case Change(action="delete", live=LivePolicy() as live):
                return delete_body(live)
        raise ValueError(f"a {self.action} without its object")


class Problem(msgspec.Struct, frozen=True):
    """Why a reference is pending: `reason` in CamelCase, `message` for its user.

    `keep`: what was applied for it stays in force, and is remembered.
    """

    template: str
    reason: str
    message: str
    keep: bool = True


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do for one key.

    `phases` are carried out one after the other, the changes within one at the same time; a
    failure stops before the next phase. `notes` stand as long as their cause does. `in_force` is
    what each template has in force without a write. `wait` asks to look again after so many seconds.
    """

    phases: tuple[tuple[Change, ...], ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    in_force: dict[str, Applied] = {}
    wait: float | None = None

    @property
    def changes(self) -> list[Change]:
        """All changes, in order."""
        return [change for phase in self.phases for change in phase]


def parting(policies: Iterable[LivePolicy], *, leaving: bool) -> list[Change]:
    """What becomes of generated policies in a namespace that is not managed."""
    action: Action = "release" if leaving else "delete"
    return [
        Change(action=action, template=template_of(live), live=live)
        for live in policies
        if not (leaving and live.deleting)
    ]


def phased(*phases: list[Change]) -> tuple[tuple[Change, ...], ...]:
    """The phases that hold something."""
    return tuple(tuple(phase) for phase in phases if phase)
