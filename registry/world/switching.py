"""What enabling or disabling a namespace does to its policies, by the controller's own planning."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from registry import contract
from registry.planning.changes import Action, Problem
from registry.planning.objects import Key, LivePolicy, Namespace, Workload
from registry.planning.orphans import Clock
from registry.world.preview import PolicyChange, policy_change
from registry.world.simulation import Simulation, touched
from registry.world.snapshot import Snapshot
from registry.world.standing import Standing
from registry.world.triggers import same_workload


class Labelled(NamedTuple):
    """A workload or Namespace as it is, and with the labels that it gets."""

    before: Workload | Namespace
    after: Workload | Namespace

    def fits(self, now: Workload) -> bool:
        """Whether `now` is still as `before`, as far as planning looks at it."""
        return isinstance(self.before, Workload) and same_workload(self.before, now)


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a namespace, and what else is written for it.

    `leave`: generated policies stay behind. `gone` are unmanaged policies that are removed; `offered` others,
    as they are once the controller may take them over; `labelled` whatever gets labels.
    """

    managed: bool
    leave: bool = False
    gone: frozenset[str] = frozenset()
    offered: tuple[LivePolicy, ...] = ()
    labelled: tuple[Labelled, ...] = ()

    @property
    def keys(self) -> set[Key]:
        """The keys of whatever gets labels."""
        return {one.after.key for one in self.labelled}


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """A namespace before and after.

    `namespace` is as it is then. `before` and `after` are all its policies, also unmanaged ones that stay;
    `generated` those that are then ours; `changes` those that the controller writes, by what they belong to;
    `problems` what then stands in the way of references.
    """

    namespace: Namespace
    before: tuple[LivePolicy, ...]
    after: tuple[LivePolicy, ...]
    generated: tuple[tuple[Key, LivePolicy], ...]
    changes: tuple[tuple[Key, PolicyChange], ...]
    problems: tuple[tuple[Key, Problem], ...]

    @property
    def counts(self) -> dict[Action, int]:
        """How many policies would be created, updated, deleted and left behind."""
        counts: dict[Action, int] = {"create": 0, "update": 0, "delete": 0, "release": 0}
        for _, change in self.changes:
            counts[change.action] += 1
        return counts


def switch(here: Standing, clock: Clock, aim: Aim) -> Switch:
    """What becomes of a namespace. What the controller has still to do without it is not counted."""
    simulation = Simulation(_start(here, aim), clock)
    keys = {here.namespace.key, *(workload.key for workload in here.start.workloads), *aim.keys}
    keys |= {key for key, _ in here.generated}
    touched(simulation, keys)
    before = _policies(simulation, keys)
    _put(simulation, here.namespace, aim)
    touched(simulation, keys)
    after = _policies(simulation, keys)
    offered = {live.name for live in aim.offered}
    unmanaged = {live.name: live for live in here.unmanaged if live.name in offered}
    left = {place: live for place, live in before.items() if aim.leave and place not in after}
    taken = {name for _, name in (*before, *after)}
    kept = (live for live in here.unmanaged if live.name not in {*aim.gone, *taken})
    found = (
        (key, _change(before.get((key, name)), after.get((key, name)), unmanaged.get(name), leave=aim.leave))
        for key, name in {*before, *after}
    )
    return Switch(
        namespace=simulation.world.namespace(here.namespace.name) or here.namespace,
        before=(*here.unmanaged, *before.values()),
        after=(*kept, *after.values(), *left.values()),
        generated=tuple((key, live) for (key, _), live in sorted(after.items(), key=lambda one: one[0])),
        changes=tuple(
            sorted(
                ((key, change) for key, change in found if change),
                key=lambda one: (one[0], one[1].name),
            )
        ),
        problems=tuple(
            (key, problem) for key in sorted(keys) if aim.managed for problem in simulation.plan(key).problems
        ),
    )


def _change(
    before: LivePolicy | None, after: LivePolicy | None, unmanaged: LivePolicy | None, *, leave: bool
) -> PolicyChange | None:
    if before and leave and after is None:
        stays = msgspec.Raw(before.spec)
        found = policy_change(before, None)
        return msgspec.structs.replace(found, action="release", after=stays) if found else None
    # One that is taken over was there before, although it was not ours.
    return policy_change(before or (unmanaged if after else None), after)


def _put(simulation: Simulation, namespace: Namespace, aim: Aim) -> None:
    for live in aim.offered:
        simulation.put(live)
    for one in aim.labelled:
        if isinstance(one.after, Namespace):
            namespace = one.after
        else:
            simulation.put(one.after)
    simulation.put(_switched(namespace, aim))


def _start(here: Standing, aim: Aim) -> Snapshot:
    left = tuple(live for live in here.start.policies if live.name not in aim.gone)
    return msgspec.structs.replace(here.start, policies=left)


def _switched(namespace: Namespace, aim: Aim) -> Namespace:
    labels = {name: value for name, value in namespace.labels.items() if name != contract.MANAGED_LABEL}
    labels |= {contract.MANAGED_LABEL: "true"} if aim.managed else {}
    return msgspec.structs.replace(namespace, labels=labels, managed=aim.managed, leaving=aim.leave)


def _policies(simulation: Simulation, keys: set[Key]) -> Mapping[tuple[Key, str], LivePolicy]:
    return {(key, name): live for key in keys for name, live in simulation.policies(key).items()}
