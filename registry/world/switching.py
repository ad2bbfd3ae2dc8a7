"""What enabling or disabling a namespace does to its policies, by the controller's own planning."""

from collections.abc import Mapping

import msgspec

from registry import contract
from registry.planning.changes import Action, Problem
from registry.planning.objects import Key, LivePolicy, Namespace
from registry.planning.orphans import Clock
from registry.world.preview import PolicyChange, policy_change
from registry.world.simulation import Simulation, touched
from registry.world.snapshot import Snapshot
from registry.world.standing import Standing


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A namespace before and after.

    `before` and `after` are all its policies, also unmanaged ones that stay; `changes` those that the
    controller writes, by what they belong to; `problems` what then stands in the way of references.
    """

    before: tuple[LivePolicy, ...]
    after: tuple[LivePolicy, ...]
    changes: tuple[tuple[Key, PolicyChange], ...]
    problems: tuple[tuple[Key, Problem], ...]

    @property
    def counts(self) -> dict[Action, int]:
        """How many policies would be created, updated and deleted."""
        counts: dict[Action, int] = {"create": 0, "update": 0, "delete": 0}
        for _, change in self.changes:
            counts[change.action] += 1
        return counts


def switch(here: Standing, clock: Clock, *, managed: bool, remove: bool = False) -> Switch:
    """What becomes of a namespace that is made managed, or no longer; `remove`: without unmanaged policies.

    What the controller has still to do without it is not counted.
    """
    simulation = Simulation(_start(here, remove=remove), clock)
    keys = {here.namespace.key, *(workload.key for workload in here.start.workloads)}
    keys |= {key for key, _ in here.generated}
    touched(simulation, keys)
    before = _policies(simulation, keys)
    simulation.put(_labelled(here.namespace, managed=managed))
    simulation.settle()
    after = _policies(simulation, keys)
    found = ((place, policy_change(before.get(place), after.get(place))) for place in {*before, *after})
    kept = () if remove else here.unmanaged
    return Switch(
        before=(*here.unmanaged, *before.values()),
        after=(*kept, *after.values()),
        changes=tuple(
            sorted(
                ((key, change) for (key, _), change in found if change),
                key=lambda one: (one[0], one[1].name),
            )
        ),
        problems=tuple(
            (key, problem) for key in sorted(keys) if managed for problem in simulation.plan(key).problems
        ),
    )


def _start(here: Standing, *, remove: bool) -> Snapshot:
    gone = {live.name for live in here.unmanaged} if remove else set()
    left = tuple(live for live in here.start.policies if live.name not in gone)
    return msgspec.structs.replace(here.start, policies=left)


def _labelled(namespace: Namespace, *, managed: bool) -> Namespace:
    labels = {name: value for name, value in namespace.labels.items() if name != contract.MANAGED_LABEL}
    labels |= {contract.MANAGED_LABEL: "true"} if managed else {}
    return msgspec.structs.replace(namespace, labels=labels, managed=managed)


def _policies(simulation: Simulation, keys: set[Key]) -> Mapping[tuple[Key, str], LivePolicy]:
    return {(key, name): live for key in keys for name, live in simulation.policies(key).items()}
