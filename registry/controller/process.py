"""The controller process: informers, the queue, its workers, probes; started and stopped together."""

import asyncio
import contextlib
import gc
import logging
import signal
from datetime import timedelta
from typing import Any, Final

from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.decode import (
    Endpoints,
    decode_endpoints,
    decode_namespace,
    decode_policy,
    workload_decoder,
)
from registry.cluster.errors import ApiError
from registry.cluster.events import EventRecorder
from registry.cluster.informer import Cache, Informer, State
from registry.cluster.resources import NAMESPACES, NETWORK_POLICIES, WORKLOADS, Resource
from registry.cluster.writer import Writer
from registry.controller import metrics
from registry.controller.catalogue import CatalogueKeeper
from registry.controller.facts import API_SERVER_SELECTOR, API_SERVER_SLICES, cluster_facts
from registry.controller.probes import probes
from registry.controller.queue import KeyQueue
from registry.controller.reconciler import Reconciler, work
from registry.controller.triggers import Triggers
from registry.planning.objects import Workload
from registry.settings import Settings

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
        self._triggers = Triggers(self.queue, {*settings.excluded_namespaces, settings.store_namespace})
        self.world = self._triggers.world
        self._settings = settings
        self._recorder = EventRecorder(
            client, settings.event_interval_seconds, busy=lambda: len(self.queue) > 0
        )
        self._endpoints: Cache[Endpoints] = Cache(lambda _old, _new: self._follow_facts())
        self._keeper = CatalogueKeeper(settings, client, self._recorder, self._triggers.on_catalogue)
        self._namespaces = Informer(
            client, NAMESPACES.path(), decode_namespace, self.world.namespaces, _selector(settings)
        )
        self._policies = Informer(client, NETWORK_POLICIES.path(), decode_policy, self.world.policies)
        self._workloads = {resource: self._watch(client, resource) for resource in WORKLOADS}
        self._facts = Informer(
            client, API_SERVER_SLICES, decode_endpoints, self._endpoints, API_SERVER_SELECTOR
        )
        self._reconciler = Reconciler(
            self.world,
            self.queue,
            Writer(client, self._triggers, settings.writes_in_flight),
            self._recorder,
            timedelta(seconds=settings.orphan_grace_seconds),
        )

    async def run(self) -> None:
        """Run all tasks; the first writes come when everything that counts has been read."""
        async with asyncio.TaskGroup() as tasks:
            for informer in self._informers():
                tasks.create_task(informer.run())
            tasks.create_task(self._keeper.run())
            await self._settle()
            tasks.create_task(self._recorder.run())
            # All kinds at once: a preset on a kind not yet known would seem to be gone.
            late = [resource for resource in self._workloads if not self._admit(resource)]
            self._triggers.all()
            for resource in late:
                tasks.create_task(self._admit_late(resource))
            for _ in range(self._settings.writes_in_flight * WORKERS_PER_WRITE):
                tasks.create_task(work(self.queue, self._reconciler, self._keeper.readable))

    def checks(self) -> dict[str, str]:
        """What keeps the process from doing its work, by check; an empty string is fine."""
        copies: dict[str, Informer[Any]] = {"namespaces": self._namespaces, "networkpolicies": self._policies}
        copies |= {resource.plural: informer for resource, informer in self._workloads.items()}
        states = {name: "" if one.state is State.SYNCED else one.state.value for name, one in copies.items()}
        return {"store": self._keeper.problem, **states}

    def refresh(self) -> None:
        """Bring the gauges up to date."""
        metrics.QUEUE_DEPTH.labels("keys").set(len(self.queue))
        metrics.FAILING.set(self.queue.failing)
        metrics.POLICIES.set(self.world.index.policies)
        metrics.EVENTS_DROPPED.set(self._recorder.dropped)
        for name, problem in self.checks().items():
            metrics.READY.labels(name).set(not problem)
        for informer in self._informers():
            metrics.WATCH_RESTARTS.labels(informer.path).set(informer.restarts)

    def _watch(self, client: Client, resource: Resource) -> Informer[Workload]:
        cache: Cache[Workload] = Cache(self._triggers.on_workload)
        return Informer(client, resource.path(), workload_decoder(resource), cache)

    def _informers(self) -> list[Informer[Any]]:
        return [self._namespaces, self._policies, *self._workloads.values(), self._facts]

    async def _settle(self) -> None:
        """Wait until what decisions rest on has been read, and workloads have been tried."""
        await self._keeper.readable.wait()
        await self._namespaces.synced.wait()
        await self._policies.synced.wait()
        tried: list[Informer[Any]] = [*self._workloads.values(), self._facts]
        for informer in tried:
            await informer.settled.wait()
        self._follow_facts()
        try:
            await self._recorder.remember()
        except ApiError as error:
            log.warning("earlier Events cannot be read, standing problems are told again: %s", error)
        # What is loaded now stays: the collector need not go through it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        log.info(
            "ready: %d namespaces, %d policies, %d templates",
            len(self.world.namespaces),
            len(self.world.policies),
            len(self.world.catalogue.entries),
        )

    def _admit(self, resource: Resource) -> bool:
        """Let keys of a kind be reconciled, if all its objects are known; else nothing of it is touched."""
        informer = self._workloads[resource]
        if informer.synced.is_set():
            self.world.workloads[resource.group, resource.kind] = informer.cache
        return informer.synced.is_set()

    async def _admit_late(self, resource: Resource) -> None:
        await self._workloads[resource].synced.wait()
        self._admit(resource)
        self._triggers.all()

    def _follow_facts(self) -> None:
        self._triggers.on_facts(cluster_facts(self._settings.facts, self._endpoints))


def _selector(settings: Settings) -> dict[str, str]:
    return {"labelSelector": settings.namespace_selector} if settings.namespace_selector else {}
