"""The controller's planning, carried out in memory until nothing is left to do: what it will come to.

The planners, the index and the triggers are the controller's own; only the API server is not asked. What
it might refuse (quota, admission) is not foreseen.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from registry import contract
from registry.cluster.cache import Cache
from registry.planning.changes import Change, Plan, Problem
from registry.planning.names import policy_name
from registry.planning.namespaces import plan_namespace
from registry.planning.objects import Key, LivePolicy, Manager, Namespace, Workload, is_namespace
from registry.planning.orphans import Clock
from registry.planning.policies import OUR_ANNOTATIONS, released
from registry.planning.workloads import plan_workload
from registry.world.snapshot import Snapshot
from registry.world.triggers import Triggers

PLANS_PER_KEY: Final = 20
"""More plans of one key than any order of presets and defaults needs: beyond it, it never settles."""


class Unsettled(RuntimeError):
    """A key was planned again and again: a defect of the planners, never of the user."""


class Simulation:
    """A world of its own, made from a snapshot."""

    def __init__(self, start: Snapshot, clock: Clock) -> None:
        self._clock = clock
        self._touched: dict[Key, None] = {}
        self._plans: defaultdict[Key, int] = defaultdict(int)
        self._uids = itertools.count(1)
        self.problems: dict[Key, Mapping[str, Problem]] = {}
        self.triggers = Triggers(self.touch, start.excluded)
        self.world = self.triggers.world
        self.world.workloads = {kind: Cache(self.triggers.on_workload) for kind in start.kinds}
        self.world.catalogue, self.world.facts = start.catalogue, start.facts
        self.world.pin = start.pin
        self._load(start)

    def touch(self, key: Key) -> None:
        """Have a key planned."""
        self._touched[key] = None

    def put(self, changed: Workload | Namespace | LivePolicy) -> None:
        """Have an object be so from now on."""
        newer = msgspec.structs.replace(changed, resource_version=_next(changed.resource_version))
        if isinstance(newer, Namespace):
            self.world.namespaces.put(newer)
        elif isinstance(newer, LivePolicy):
            self.world.policies.put(newer)
        else:
            self.world.workloads[newer.key.group, newer.key.kind].put(newer)

    def settle(self) -> None:
        """Plan every touched key and carry its plan out, until none is left. Raises Unsettled."""
        while self._touched:
            key = next(iter(self._touched))
            del self._touched[key]
            self._reconcile(key)

    def plan(self, key: Key) -> Plan:
        """What the controller would do for a key now."""
        namespace = self.world.namespace(key.namespace)
        if namespace is None:
            return Plan()
        around = self.world.surroundings(namespace)
        if is_namespace(key):
            return plan_namespace(self.world.namespace_view(namespace), around)
        if not self.world.watches(key) or self.world.is_excluded(key.namespace):
            return Plan()
        return plan_workload(self.world.workload_view(key), around, self._clock)

    def policies(self, key: Key) -> dict[str, LivePolicy]:
        """The policies of a key as they are now, by name."""
        return {policy.name: policy for policy in self.world.live(key)}

    def _load(self, start: Snapshot) -> None:
        for namespace in start.namespaces:
            self.world.namespaces.put(namespace)
        for workload in start.workloads:
            self.world.workloads[workload.key.group, workload.key.kind].put(workload)
        for policy in start.policies:
            self.world.policies.put(policy)
        self._touched.clear()

    def _reconcile(self, key: Key) -> None:
        self._plans[key] += 1
        if self._plans[key] > PLANS_PER_KEY:
            raise Unsettled(f"{key} does not settle")
        plan = self.plan(key)
        self.problems[key] = {problem.template: problem for problem in plan.problems}
        for change in plan.changes:
            self._carry_out(change)
        if is_namespace(key) and plan.changes:
            self._touch_crowded(key)

    def _touch_crowded(self, namespace: Key) -> None:
        """Presets that the namespace's policies could not leave out may fit now."""
        for key in list(self.world.index.workloads(namespace.name)):
            workload = self.world.workload(key)
            if workload and any(self._waits(key, template) for template in workload.references):
                self.touch(key)

    def _waits(self, key: Key, template: str) -> bool:
        name = policy_name(key, template)
        return self.world.may_replace(template) and not self.world.policies.get(key.namespace, name)

    def _carry_out(self, change: Change) -> None:
        if change.action == "delete" and change.live:
            self.triggers.deleted(change.live)
        elif change.action == "release" and change.live:
            gone = released(change.live)
            self.triggers.wrote(msgspec.structs.replace(gone, resource_version=_next(gone.resource_version)))
        elif change.desired:
            self.triggers.wrote(self._written(change))

    def _written(self, change: Change) -> LivePolicy:
        desired, live = change.desired, change.live
        assert desired is not None  # noqa: S101 (the planner's: creations and updates have one)
        theirs = live.annotations.items() if live else ()
        return LivePolicy(
            namespace=desired.namespace,
            name=desired.name,
            uid=live.uid if live else f"simulated-{next(self._uids)}",
            resource_version=_next(live.resource_version if live else "0"),
            labels={**(live.labels if live else {}), **desired.labels},
            annotations={
                **{name: value for name, value in theirs if name not in OUR_ANNOTATIONS},
                **desired.annotations,
            },
            owners=(dict(desired.owner),) if desired.owner else (),
            managers=(Manager(contract.MANAGER, ""),),
            spec=desired.spec,
        )


def _next(version: str) -> str:
    return str(int(version or 0) + 1)


def touched(simulation: Simulation, keys: Iterable[Key]) -> None:
    """Have these keys planned, and settle."""
    for key in sorted(keys):
        simulation.touch(key)
    simulation.settle()
