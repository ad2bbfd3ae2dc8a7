"""The controller process: informers, the queue, its workers, probes; started and stopped together."""

import asyncio
import contextlib
import gc
import logging
import signal
from datetime import timedelta
from typing import Final

from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.errors import ApiError
from registry.cluster.events import EventRecorder
from registry.cluster.informer import State
from registry.cluster.writer import Writer
from registry.controller import metrics
from registry.controller.batches import Desk
from registry.controller.catalogue import CatalogueKeeper
from registry.controller.probes import probes
from registry.controller.pruning import Pruner
from registry.controller.queue import KeyQueue
from registry.controller.reconciler import Reconciler, work
from registry.controller.rollouts import RolloutKeeper
from registry.settings import Settings
from registry.store.rollouts import Rollouts
from registry.world.watched import WatchedCluster

log = logging.getLogger(__name__)

GC_THRESHOLD: Final = 20_000
"""New containers before the collector looks for cycles among them; Python's 700 is for short scripts."""

WORKERS_PER_WRITE: Final = 2
"""Keys worked on per write in flight: enough that planning never leaves a write slot empty."""


async def run(settings: Settings, connection: Connection) -> None:
    """Run until SIGTERM or SIGINT. A write that is cut off is found, done or not, at the next start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Client(connection, connections=settings.writes_in_flight + 32) as client:
        controller = Controller(settings, client)
        async with probes(settings.host, settings.controller_port, controller.checks, controller.refresh):
            running = asyncio.create_task(controller.run())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running  # a failure of any of its tasks is raised here, and ends the process
    log.info("stopped")


class Controller:
    """Everything the process holds, wired together."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.queue = KeyQueue()
        self.cluster = WatchedCluster(client, settings, self.queue.add)
        self._settings = settings
        self._recorder = EventRecorder(
            client, settings.event_interval_seconds, busy=lambda: len(self.queue) > 0
        )
        triggers = self.cluster.triggers
        self._keeper = CatalogueKeeper(
            settings, client, self._recorder, triggers.on_catalogue, self._on_rollout
        )
        watch = self._keeper.watch
        self._rollouts = RolloutKeeper(
            Desk(
                self.cluster.world,
                self.queue,
                Rollouts(client, watch, settings),
                watch.rollouts,
                self._keeper.readable.wait,
            )
        )
        self._pruner = Pruner(
            client, watch, self.cluster, settings.history_limit, idle=lambda: len(self.queue) == 0
        )
        self._reconciler = Reconciler(
            self.cluster.world,
            self.queue,
            Writer(client, triggers, settings.writes_in_flight),
            self._recorder,
            timedelta(seconds=settings.orphan_grace_seconds),
        )

    async def run(self) -> None:
        """Run all tasks; the first writes come when everything that counts has been read."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.cluster.run())
            tasks.create_task(self._keeper.run())
            await self._settle()
            tasks.create_task(self._recorder.run())
            for _ in range(self._settings.writes_in_flight * WORKERS_PER_WRITE):
                tasks.create_task(
                    work(self.queue, self._reconciler, self._keeper.readable, self._rollouts.refused)
                )
            tasks.create_task(self._rollouts.run())
            tasks.create_task(self._pruner.run(self._keeper.readable))

    def checks(self) -> dict[str, str]:
        """What keeps the process from doing its work, by check; an empty string is fine."""
        states = self.cluster.states().items()
        return {
            "store": self._keeper.problem,
            **{name: "" if state is State.SYNCED else state.value for name, state in states},
        }

    def refresh(self) -> None:
        """Bring the gauges up to date."""
        metrics.QUEUE_DEPTH.labels("keys").set(len(self.queue))
        metrics.FAILING.set(self.queue.failing)
        metrics.POLICIES.set(self.cluster.world.index.policies)
        metrics.EVENTS_DROPPED.set(self._recorder.dropped)
        for name, problem in self.checks().items():
            metrics.READY.labels(name).set(not problem)
        for informer in self.cluster.informers():
            metrics.WATCH_RESTARTS.labels(informer.path).set(informer.restarts)

    def _on_rollout(self) -> None:
        self._rollouts.wake()

    async def _settle(self) -> None:
        """Wait until everything has been read; what is loaded then stays in memory."""
        await self._keeper.readable.wait()
        await self.cluster.admitted.wait()
        try:
            await self._recorder.remember()
        except ApiError as error:
            log.warning("earlier Events cannot be read, standing problems are told again: %s", error)
        # What is loaded now stays: the collector need not go through it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        world = self.cluster.world
        log.info(
            "ready: %d namespaces, %d policies, %d templates",
            len(world.namespaces),
            len(world.policies),
            len(world.catalogue.entries),
        )
