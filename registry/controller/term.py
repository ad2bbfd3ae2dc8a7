"""A term of leadership: all that writes, from a take-over to its end. Nothing of it outlives the lease."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from registry.cluster.client import Client
from registry.cluster.errors import ApiError
from registry.cluster.events import EventRecorder
from registry.cluster.writer import Writer
from registry.controller import metrics
from registry.controller.batches import Desk
from registry.controller.catalogue import CatalogueKeeper
from registry.controller.pins import PinKeeper
from registry.controller.pruning import Pruner
from registry.controller.queue import KeyQueue
from registry.controller.reconciler import Reconciler
from registry.controller.rollouts import RolloutKeeper
from registry.controller.work import work
from registry.planning.objects import Key
from registry.settings import Settings
from registry.store.pins import PinStore
from registry.store.rollouts import Rollouts
from registry.world.watched import WatchedCluster

log = logging.getLogger(__name__)

WORKERS_PER_WRITE: Final = 2
"""Keys worked on per write in flight: enough that planning never leaves a write slot empty."""

CATCH_UP_SECONDS: Final = 30.0
"""How long edits of the catalogue wait at most for what was missed while no controller ran."""


class Term:
    """The queue, its workers, and whoever else writes."""

    def __init__(
        self, settings: Settings, client: Client, cluster: WatchedCluster, keeper: CatalogueKeeper
    ) -> None:
        self.queue = KeyQueue()
        self._begun = asyncio.Event()
        self._client = client
        self._cluster = cluster
        self._keeper = keeper
        self._workers = settings.writes_in_flight * WORKERS_PER_WRITE
        self._recorder = EventRecorder(
            client, settings.event_interval_seconds, busy=lambda: len(self.queue) > 0
        )
        watch = keeper.watch
        self._rollouts = RolloutKeeper(
            Desk(
                cluster.world,
                self.queue,
                Rollouts(client, watch, settings),
                watch.rollouts,
                keeper.readable.wait,
            )
        )
        self._pruner = Pruner(
            client, watch, cluster, settings.history_limit, idle=lambda: len(self.queue) == 0
        )
        self._pins = PinKeeper(cluster.world, watch, PinStore(client, watch, settings))
        self._reconciler = Reconciler(
            cluster,
            self.queue,
            Writer(client, cluster.triggers, settings.writes_in_flight),
            self._recorder,
            timedelta(seconds=settings.orphan_grace_seconds),
        )

    @property
    def pending(self) -> Mapping[Key, Mapping[str, str]]:
        """Reasons by template, of the references of each key that cannot be applied now."""
        return self._reconciler.pending

    @property
    def events_dropped(self) -> int:
        """Events that could not be written."""
        return self._recorder.dropped

    def touch(self, key: Key) -> None:
        """A key changed, or what it depends on did."""
        self._pins.touched(key)
        self.queue.add(key)

    def on_rollout(self) -> None:
        """A rollout began, changed or went."""
        self._rollouts.wake()

    async def run(self) -> None:
        """Write what is to be written, for ever; the first policy once the store can be read."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keeper.keep(self._recorder, self._caught_up))
            await self._keeper.readable.wait()
            # Of a cluster's Events there are many: the policies do not wait until they are read.
            tasks.create_task(self._recall())
            # Whatever changed while nobody or somebody else led: labels and policies tell.
            self._cluster.triggers.all()
            self._begun.set()
            tasks.create_task(self._recorder.run())
            for controller in metrics.CONTROLLERS:
                metrics.MAX_RECONCILES.labels(controller).set(self._workers)
            for _ in range(self._workers):
                tasks.create_task(
                    work(
                        self.queue,
                        self._reconciler,
                        self._decidable,
                        self._rollouts.refused,
                        self._pins.reconciled,
                    )
                )
            tasks.create_task(self._rollouts.run())
            tasks.create_task(self._pruner.run(self._keeper.readable))
            tasks.create_task(self._pins.run(self._keeper.readable))

    async def _caught_up(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_SECONDS):
                await self._begun.wait()
                await self.queue.drained()

    async def _decidable(self) -> None:
        """Wait while the store cannot be read or nothing can be watched: what is known may be wrong."""
        await self._keeper.readable.wait()
        await self._client.reach.here()

    async def _recall(self) -> None:
        try:
            await self._recorder.remember()
        except ApiError as error:
            log.warning("earlier Events cannot be read, standing problems are told again: %s", error)
