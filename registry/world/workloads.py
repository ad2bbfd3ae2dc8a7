"""A workload as its user looks at it: what it asks for, and what is in force of that."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from registry import contract
from registry.planning.exclusion import requirements
from registry.planning.names import template_of
from registry.planning.objects import Key, LivePolicy, Workload
from registry.planning.selections import overlap
from registry.world.simulation import Simulation
from registry.world.usage import use_of
from registry.world.world import World


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """One template on a workload; the members of a `Use` mean the same here.

    `current` is the template's newest revision, None where there is no such template; `policy` the name of
    what is in force, `since` when that was last written (RFC 3339, whole seconds).
    """

    template: str
    value: str | None
    tracking: str | None
    revision: int | None
    current: int | None
    parameters: Mapping[str, Any] | None
    outdated: bool
    policy: str | None
    since: str | None
    reason: str | None
    message: str | None


def workloads_in(world: World, namespace: str) -> list[Workload]:
    """Every workload of a namespace of the kinds that are watched."""
    return [one for cache in world.workloads.values() for one in cache if one.namespace == namespace]


def attached(simulation: Simulation, workload: Workload) -> list[Attached]:
    """What `workload` asks for (not `"false"`) or has a policy of, by template."""
    key = workload.key
    live = {template_of(policy): policy for policy in simulation.world.live(key)}
    found = (
        _attached(simulation, key, name, live.get(name)) for name in sorted({*workload.references, *live})
    )
    return [one for one in found if one]


def overlapping(workload: Workload, others: Iterable[Workload]) -> list[Workload]:
    """The others whose selector can select a pod that the workload's selects, equal selectors included."""
    if not workload.selector:
        return []
    mine = requirements(workload.selector)
    selecting = (one for one in others if one.key != workload.key and one.selector)
    return [one for one in selecting if overlap(mine, requirements(one.selector or {}))]


def _attached(simulation: Simulation, key: Key, template: str, live: LivePolicy | None) -> Attached | None:
    use = use_of(simulation, template, key)
    if use is None:
        return None
    entry = simulation.world.catalogue.get(template)
    return Attached(
        template=template,
        value=use.value,
        tracking=use.tracking,
        revision=use.revision,
        current=entry.head if entry else None,
        parameters=use.parameters,
        outdated=use.outdated,
        policy=live.name if live else None,
        since=_written(live) if live else None,
        reason=use.reason,
        message=use.message,
    )


def _written(live: LivePolicy) -> str | None:
    times = (manager.time for manager in live.managers if manager.name == contract.MANAGER)
    return max(times, default=None)
