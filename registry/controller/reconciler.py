"""One key at a time: plan from memory, write what differs, tell what stands."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from registry.cluster.errors import ApiError, Forbidden, Unprocessable
from registry.cluster.events import About, EventRecorder
from registry.cluster.resources import NAMESPACES, NETWORK_POLICIES
from registry.cluster.writer import Writer
from registry.controller import metrics
from registry.controller.barrier import Barrier
from registry.controller.owners import Owners
from registry.controller.queue import KeyQueue
from registry.controller.windows import Windows
from registry.planning.changes import Change, Plan
from registry.planning.namespaces import plan_namespace
from registry.planning.objects import Key, Namespace, Note, is_namespace
from registry.planning.orphans import Clock
from registry.planning.resolve import Applied
from registry.planning.workloads import CROWDED, plan_workload
from registry.world.watched import WatchedCluster

log = logging.getLogger(__name__)

DRIFT_REPAIRED: Final = "DriftRepaired"


class Reconciler:
    """Brings one key's policies to what its references ask for."""

    def __init__(
        self,
        cluster: WatchedCluster,
        queue: KeyQueue,
        writer: Writer,
        recorder: EventRecorder,
        orphan_grace: timedelta,
    ) -> None:
        self._world = world = cluster.world
        self._queue = queue
        self._writer = writer
        self._recorder = recorder
        self._orphan_grace = orphan_grace
        self._waiting: defaultdict[str, set[Key]] = defaultdict(set)
        self._barrier = Barrier(world, queue)
        self._owners = Owners(cluster.stands)
        self._pending: dict[Key, dict[str, str]] = {}
        self._windows = Windows(queue, world.namespaces, self._tell_switched)

    @property
    def pending(self) -> Mapping[Key, Mapping[str, str]]:
        """Reasons by template, of the references of each key that cannot be applied now."""
        return self._pending

    async def reconcile(self, key: Key) -> bool:
        """Plan and write for `key`; answers whether anything was written. Raises ApiError when refused."""
        namespace = self._world.namespace(key.namespace)
        if namespace and not self._world.is_excluded(namespace.name):
            self._windows.see(namespace)
        if namespace is None:
            self._forget(key)
        elif is_namespace(key):
            return await self._reconcile_namespace(namespace)
        elif self._world.watches(key) and not self._world.is_excluded(key.namespace):
            return await self._reconcile_workload(key, namespace)
        return False

    async def _reconcile_namespace(self, namespace: Namespace) -> bool:
        plan = plan_namespace(self._world.namespace_view(namespace), self._world.surroundings(namespace))
        if self._barrier.holds_up(namespace, plan):
            return False
        self._world.index.expect(namespace.key, {*plan.in_force, *(one.template for one in plan.problems)})
        self._remember(namespace.key, plan)
        try:
            await self._carry_out(namespace.key, plan)
        finally:
            for key in self._waiting.pop(namespace.name, ()):
                self._queue.add(key)
        return bool(plan.phases)

    async def _reconcile_workload(self, key: Key, namespace: Namespace) -> bool:
        world = self._world
        view = world.workload_view(key)
        if view.workload:
            world.index.expect(key, view.workload.references)
        clock = Clock(datetime.now(UTC), self._orphan_grace)
        plan = plan_workload(view, world.surroundings(namespace), clock)
        changes = plan.changes
        if changes and not namespace.managed and world.live(namespace.key):
            self._wait_for(namespace, key)  # the namespace's denies go first
            return False
        if not await self._owners.allow(view.workload, changes, world.applied.get(key, {})):
            return False
        # Before what has to wait is left out: it is not in force yet, so what was is remembered.
        self._remember(key, plan)
        if any(change.after_defaults for change in changes) and self._defaults_unsettled(namespace):
            plan = _without_gated(plan)
            self._wait_for(namespace, key)
        await self._carry_out(key, plan)
        if plan.problems and any(problem.reason == CROWDED for problem in plan.problems):
            self._waiting[namespace.name].add(key)  # until the namespace's defaults change
        if plan.wait is not None:
            self._queue.add_after(key, plan.wait)
        return bool(plan.phases)

    def _wait_for(self, namespace: Namespace, key: Key) -> None:
        self._waiting[namespace.name].add(key)
        self._queue.add(namespace.key)

    def _defaults_unsettled(self, namespace: Namespace) -> bool:
        view = self._world.namespace_view(namespace)
        return bool(plan_namespace(view, self._world.surroundings(namespace)).changes)

    async def _carry_out(self, key: Key, plan: Plan) -> None:
        refused: list[ApiError] = []
        for phase in plan.phases:
            refused += await self._write_phase(key, phase)
            if refused:
                break
        self._report(key, plan, refused)
        if refused:
            raise refused[0]

    async def _write_phase(self, key: Key, phase: Sequence[Change]) -> list[ApiError]:
        if len(phase) == 1:  # nearly always, and then without the cost of a task
            try:
                await self._write(key, phase[0])
            except ApiError as error:
                return [error]
            return []
        outcomes = await asyncio.gather(
            *(self._write(key, change) for change in phase), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, ApiError):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, ApiError)]

    async def _write(self, key: Key, change: Change) -> None:
        about = self._about(key, change) if change.notes else None
        before = self._world.applied.get(key, {}).get(change.template)
        sent = time.monotonic()
        try:
            await self._writer.apply(change)
        except ApiError:
            metrics.WRITES.labels(change.action, "refused").inc()
            raise
        metrics.WRITES.labels(change.action, "done").inc()
        self._queue.wrote(key)
        self._windows.wrote(key.namespace, sent)
        if before and change.action == "create":
            self._owners.made_anew(key, change.template)
        self._time(key, change, before)
        if change.applied and change.action != "delete":
            self._world.applied.setdefault(key, {})[change.template] = change.applied
        if about:
            for note in change.notes:
                self._recorder.tell_once(about, note)

    def _time(self, key: Key, change: Change, before: Applied | None) -> None:
        """What was in force and is written again was edited or deleted by somebody."""
        seconds = time.monotonic() - self._queue.added_at(key)
        if change.action == "create":
            (metrics.REPAIR_SECONDS if before else metrics.POLICY_SECONDS).observe(seconds)
        elif any(note.reason == DRIFT_REPAIRED for note in change.notes):
            metrics.REPAIR_SECONDS.observe(seconds)

    def _remember(self, key: Key, plan: Plan) -> None:
        """Keep what is in force, and what was for pending references that keep theirs; forget the rest."""
        before = self._world.applied.pop(key, {})
        pending = {problem.template for problem in plan.problems if problem.keep}
        written = {change.template for change in plan.changes}
        kept = {
            template: applied
            for template, applied in before.items()
            if template in pending | plan.in_force.keys()
        }
        kept |= {template: applied for template, applied in plan.in_force.items() if template not in written}
        if kept:
            self._world.applied[key] = kept

    def _report(self, key: Key, plan: Plan, refused: Iterable[ApiError]) -> None:
        about = self._about(key)
        self._note_pending(key, plan)
        if about is None:
            return
        notes = [Note("Warning", problem.reason, problem.message) for problem in plan.problems]
        notes += plan.notes
        notes += [_refusal(error) for error in refused if isinstance(error, Forbidden | Unprocessable)]
        self._recorder.tell_standing(about, notes)

    def _note_pending(self, key: Key, plan: Plan) -> None:
        self._pending.pop(key, None)
        if plan.problems:
            self._pending[key] = {problem.template: problem.reason for problem in plan.problems}

    def _about(self, key: Key, change: Change | None = None) -> About | None:
        if is_namespace(key):
            namespace = self._world.namespace(key.name)
            uid = namespace.uid if namespace else ""
            return About(NAMESPACES.api_version, key.kind, key.namespace, key.name, uid)
        if workload := self._world.workload(key):
            return About(workload.api_version, key.kind, key.namespace, key.name, workload.uid)
        if change and change.live:
            live = change.live
            return About(
                NETWORK_POLICIES.api_version, NETWORK_POLICIES.kind, live.namespace, live.name, live.uid
            )
        return None

    def settled(self, key: Key) -> None:
        """Hear that the work on a key ended: with the last one of a namespace, a switch of it has."""
        self._barrier.settled(key)
        if namespace := self._world.namespace(key.namespace):
            self._windows.settle(namespace)

    def _tell_switched(self, namespace: Namespace, note: Note) -> None:
        about = self._about(namespace.key)
        if about and not namespace.deleting:
            self._recorder.tell_once(about, note)

    def _forget(self, key: Key) -> None:
        """Let go of a key in a namespace that is gone or no longer looked at."""
        self._windows.forget(key.namespace)
        self._world.applied.pop(key, None)
        self._note_pending(key, Plan())
        self._barrier.forget(key.namespace)
        self._waiting.pop(key.namespace, None)


def _without_gated(plan: Plan) -> Plan:
    phases = tuple(
        kept
        for phase in plan.phases
        if (kept := tuple(change for change in phase if not change.after_defaults))
    )
    return msgspec.structs.replace(plan, phases=phases)


def _refusal(error: ApiError) -> Note:
    return Note("Warning", "PolicyRefused", f"The API server refuses the policy: {error}. It is tried again.")
