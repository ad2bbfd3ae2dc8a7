"""Policies whose workload is gone: owned ones are the garbage collector's, the others wait for its return."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from registry import contract
from registry.planning.changes import Change, Plan, phased
from registry.planning.names import template_of
from registry.planning.objects import DesiredPolicy, LivePolicy, Note


class Clock(msgspec.Struct, frozen=True):
    """The moment of planning and how long an orphaned policy stays."""

    now: datetime
    orphan_grace: timedelta


def plan_orphans(policies: Iterable[LivePolicy], clock: Clock) -> Plan:
    """Mark what was left without an owner; delete what has been so for the grace."""
    changes: list[Change] = []
    waits: list[float] = []
    for live in policies:
        if live.owners or live.deleting:
            continue
        since = _orphaned_since(live)
        if since is None:
            changes.append(_marked(live, clock))
            waits.append(clock.orphan_grace.total_seconds())
        elif (left := since + clock.orphan_grace - clock.now) > timedelta():
            waits.append(left.total_seconds())
        else:
            changes.append(Change(action="delete", template=template_of(live), live=live))
    return Plan(phases=phased(changes), wait=min(waits, default=None))


def _orphaned_since(live: LivePolicy) -> datetime | None:
    try:
        since = datetime.fromisoformat(live.annotations.get(contract.ORPHANED_ANNOTATION, ""))
    except ValueError:
        return None
    return since if since.tzinfo else None


def _marked(live: LivePolicy, clock: Clock) -> Change:
    ours = {key: value for key, value in live.annotations.items() if key.partition("/")[0] == contract.DOMAIN}
    desired = DesiredPolicy(
        namespace=live.namespace,
        name=live.name,
        labels=live.labels,
        annotations={**ours, contract.ORPHANED_ANNOTATION: clock.now.isoformat(timespec="seconds")},
        spec=live.spec,
    )
    workload = live.annotations.get(contract.WORKLOAD_ANNOTATION, "Its workload")
    message = (
        f"{workload} was deleted and left NetworkPolicy {live.name} behind; it is removed after "
        f"{int(clock.orphan_grace.total_seconds())} s unless the workload returns."
    )
    return Change(
        action="update",
        template=template_of(live),
        live=live,
        desired=desired,
        notes=(Note("Warning", "Orphaned", message),),
    )
