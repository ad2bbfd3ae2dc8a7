"""The controller process: what it watches, what it does while it leads, and its probes."""

import asyncio
import contextlib
import logging
import signal
import socket
import uuid
from collections.abc import Mapping
from urllib.parse import urlsplit

from prometheus_client import REGISTRY

from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.guarded import GuardedClient
from registry.cluster.informer import State
from registry.cluster.lease import Lease, LeaseLock
from registry.collector import keep_what_is_loaded, look_seldom
from registry.controller.catalogue import CatalogueKeeper
from registry.controller.election import Election, Timing
from registry.controller.metrics import CallCounter
from registry.controller.probes import probes
from registry.controller.state_metrics import StateMetrics
from registry.controller.term import Term
from registry.planning.objects import Key
from registry.settings import Settings
from registry.world.watched import WatchedCluster
from registry.world.world import World

log = logging.getLogger(__name__)


async def run(settings: Settings, connection: Connection) -> None:
    """Run until SIGTERM or SIGINT. A write that is cut off is found, done or not, by the next leader."""
    look_seldom()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as clients:
        # The lease has connections of its own: it never waits behind policies.
        election = _election(settings, await clients.enter_async_context(Client(connection, connections=2)))
        client = await clients.enter_async_context(
            GuardedClient(
                connection,
                connections=settings.writes_in_flight + 32,
                silence=settings.watch_silence_seconds,
                may_write=election.leads,
                observe=CallCounter(urlsplit(connection.url).netloc).count,
            )
        )
        controller = Controller(settings, client, election)
        REGISTRY.register(StateMetrics(controller))
        async with probes(settings.host, settings.controller_port, controller.checks):
            running = asyncio.create_task(controller.run())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running  # a failure of any of its tasks is raised here, and ends the process
    log.info("stopped")


def _election(settings: Settings, client: Client) -> Election:
    timing = Timing(settings.lease_seconds, settings.lease_renew_seconds, settings.lease_retry_seconds)
    lock = LeaseLock(client, settings.store_namespace, settings.lease_name)
    return Election(lock, f"{socket.gethostname()}_{uuid.uuid4()}", timing)


class Controller:
    """Everything the process holds, wired together.

    The copies of cluster and store are kept warm at all times; `term` is what writes, only while leading.
    """

    def __init__(self, settings: Settings, client: Client, election: Election) -> None:
        self.cluster = WatchedCluster(client, settings, self._touch)
        self.term: Term | None = None
        self._settings = settings
        self._client = client
        self._election = election
        self._keeper = CatalogueKeeper(settings, client, self.cluster.triggers.on_catalogue, self._on_rollout)
        self._last: tuple[str, int] | None = None

    @property
    def world(self) -> World:
        """The watched cluster."""
        return self.cluster.world

    @property
    def lease_name(self) -> str:
        """Name of the Lease that says who leads."""
        return self._election.name

    async def run(self) -> None:
        """Watch for ever, and lead when it is this replica's turn, but not before all has been read."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.cluster.run())
            tasks.create_task(self._keeper.run())
            await self._keeper.watch.synced()
            await self.cluster.admitted.wait()
            self._settle()
            await self._election.run(self._lead)

    def checks(self) -> dict[str, str]:
        """What keeps the process from doing its work, by check; empty when fine, also on a standby."""
        states = self.cluster.states().items()
        return {
            "store": self._keeper.problem,
            "lease": self._election.problem,
            **{name: "" if state is State.SYNCED else state.value for name, state in states},
        }

    def left_out(self) -> Mapping[str, str]:
        """Kinds of workloads that are left out, with the reason."""
        return {name: state.value for name, state in self.cluster.skipped().items()}

    def watch_restarts(self) -> Mapping[str, int]:
        """How often each watch was begun again, by path."""
        return {informer.path: informer.restarts for informer in self.cluster.informers()}

    async def _lead(self, lease: Lease) -> None:
        if lease.term != self._last:
            self._forget()
        self._last = lease.term
        self.term = Term(self._settings, self._client, self.cluster, self._keeper)
        try:
            await self.term.run()
        finally:
            self.term = None

    def _forget(self) -> None:
        """Others may have changed since what an earlier term remembered: what is in force, policies say."""
        self.world.applied.clear()
        self.world.targets.clear()
        self.world.moves.clear()

    def _touch(self, key: Key) -> None:
        """Have a key reconciled by whoever leads: a standby keeps none, and begins with all of them."""
        if self.term:
            self.term.touch(key)

    def _on_rollout(self) -> None:
        if self.term:
            self.term.on_rollout()

    def _settle(self) -> None:
        keep_what_is_loaded()
        world = self.world
        log.info(
            "ready: %d namespaces, %d policies, %d templates",
            len(world.namespaces),
            len(world.policies),
            len(world.catalogue.entries),
        )
