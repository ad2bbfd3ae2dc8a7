"""The asynchronous side of a worker: one event loop in a thread, with the client, the watches and the writer.

Requests run in other threads. What the watch published they read at once; the rest they ask for with
`call`, which waits for the loop's answer.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.errors import ApiError
from registry.cluster.informer import State
from registry.cluster.resources import Resource
from registry.http import problems
from registry.http.access import Access
from registry.http.problems import Refused
from registry.model.facts import DEFAULT_FACTS
from registry.model.template import Template
from registry.planning.objects import Key
from registry.planning.orphans import Clock
from registry.planning.pins import wanted
from registry.settings import Settings
from registry.store.errors import StoreError, StoreUnreadable
from registry.store.pins import PinStore
from registry.store.rollouts import Rollouts
from registry.store.store import Store
from registry.store.watch import StoreWatch
from registry.world.enforcement import EnforcementWatch
from registry.world.entrances import EntrancesWatch
from registry.world.live_network import LiveNetwork
from registry.world.pins import all_held
from registry.world.snapshot import Snapshot, referring, snapshot, users
from registry.world.usage import outdated, used
from registry.world.watched import WatchedCluster
from registry.world.world import World

log = logging.getLogger(__name__)

CALL_SECONDS: Final = 20.0
RETRY_SECONDS: Final = 2.0
READ_SECONDS: Final = 5.0
CARRY_OVER_SECONDS: Final = 0.5

T = TypeVar("T")


def _nobody(_: Key) -> None:
    """Nothing here follows single changes."""


class Backend:
    """Everything of a worker that talks to the API server; `start` and `stop` it once."""

    def __init__(self, settings: Settings, connection: Connection, defaults: list[Template]) -> None:
        self.settings = settings
        self._defaults = defaults
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="backend", daemon=True)
        self._running = threading.Event()
        self._stop = asyncio.Event()
        self.client = Client(connection, silence=settings.watch_silence_seconds)
        self.access = Access(self.client, settings)
        self.cluster = WatchedCluster(self.client, settings, touch=_nobody)
        self.watch = StoreWatch(self.client, settings, self._on_catalogue)
        self.store = Store(self.client, self.watch, settings)
        self._pins = PinStore(self.client, self.watch, settings)
        self.cluster.world.pin = self.watch.pin
        self.network = LiveNetwork()
        self.entrances = EntrancesWatch(self.client)
        self.enforcement = EnforcementWatch(self.client, settings)
        self.cluster.triggers.followed = self.network.feed.take
        self.rollouts = Rollouts(self.client, self.watch, settings)

    def start(self) -> None:
        """Begin; the store is readable a moment later (see /readyz)."""
        self._thread.start()
        self._running.wait()

    def stop(self) -> None:
        """Finish what was begun and end the thread."""
        if self._loop and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(CALL_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` in the loop and answer its result; raises what it raises.

        Raises Refused when there is no answer in time: a save may have been made all the same.
        """
        if self._loop is None or not self._thread.is_alive():
            work.close()
            raise Refused(problems.INTERNAL, "The service is stopping.")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(CALL_SECONDS)
        except TimeoutError:
            future.cancel()
            detail = "There was no answer in time; a save may have been made. Read before you repeat it."
            raise Refused(problems.CLUSTER_UNAVAILABLE, detail) from None

    def users(self, template: str, *, default: bool = False) -> tuple[Snapshot, set[Key]]:
        """Whoever uses a template, and what is known of their namespaces; all managed ones for a `default`.

        Raises Refused, or StoreUnreadable.
        """
        self.watch.catalogue()

        def find(world: World) -> tuple[Snapshot, set[Key]]:
            found = users(world, template, default=default)
            return snapshot(world, {key.namespace for key in found}), found

        return self.ask(find)

    @property
    def facts(self) -> Mapping[str, object]:
        """The cluster facts that are known now: those of the settings, and those detected."""
        return self.cluster.world.facts or {**DEFAULT_FACTS, **self.settings.facts}

    def clock(self) -> Clock:
        """This moment, for planning."""
        return Clock(datetime.now(UTC), timedelta(seconds=self.settings.orphan_grace_seconds))

    def used(self, usage: str) -> frozenset[str]:
        """Names of the templates with this usage: `used` or `outdated`. Raises Refused."""
        return self.ask(outdated if usage == "outdated" else used)

    def kinds(self) -> tuple[Resource, ...]:
        """The kinds of workloads that are watched now. Raises Refused while that is not known."""
        return self.ask(lambda _world: self.cluster.kinds)

    def connections(self) -> LiveNetwork:
        """Who can talk to whom. Raises Refused while the cluster has not been read."""
        self.call(self._read())
        return self.network

    def ask(self, find: Callable[[World], T]) -> T:
        """What `find` finds in the watched cluster, looked at where it is kept. Raises Refused."""
        return self.call(self._ask(find))

    async def _ask(self, find: Callable[[World], T]) -> T:
        await self._read()
        return find(self.cluster.world)

    async def pin_users(self, template: str) -> None:
        """Record what the users of a template have in force, before it moves on.

        The controller does that too, a moment later: so a failure here is only told in the log.
        """
        entry = self.watch.catalogue().get(template)
        if entry is None or not self.cluster.admitted.is_set():
            return
        world, today = self.cluster.world, datetime.now(UTC).date()
        keys = referring(world, template)
        try:
            await self._pins.change(
                template,
                lambda stored: wanted(
                    entry.head + 1, all_held(world, {*keys, *stored}, template), stored, today
                ),
            )
        except (ApiError, StoreError) as error:
            log.warning("pins of template %s cannot be recorded: %s", template, error)

    async def _read(self) -> None:
        """Wait until the cluster has been read; Refused when that takes too long."""
        try:
            await asyncio.wait_for(self.cluster.admitted.wait(), READ_SECONDS)
        except TimeoutError:
            states = self.cluster.states().items()
            unread = ", ".join(
                f"{name}: {state.value}" for name, state in states if state is not State.SYNCED
            )
            detail = f"The cluster has not been read yet ({unread}). Try again in a moment."
            raise Refused(problems.CLUSTER_UNAVAILABLE, detail) from None

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running.set()
        async with self.client:
            work = (
                self.watch.run(),
                self._ensure(),
                self.cluster.run(),
                self._carry_over(),
                self.enforcement.run(),
                self.entrances.run(),
            )
            tasks = [asyncio.create_task(one) for one in work]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self.store.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if error := task.exception():
                log.critical("the service cannot go on", exc_info=error)

    def _on_catalogue(self, names: frozenset[str]) -> None:
        # Unreadable: the watched cluster keeps the last one, and every request asks the watch first.
        with contextlib.suppress(StoreUnreadable):
            self.cluster.triggers.on_catalogue(self.watch.catalogue(), names)

    async def _carry_over(self) -> None:
        """Bring the network up to date now and then, so that a question after a while is not kept waiting."""
        while True:
            await asyncio.sleep(CARRY_OVER_SECONDS)
            if self.network.feed:
                try:
                    await asyncio.to_thread(self.network.catch_up)
                except Exception:  # nothing is lost; questions about connections fail, and nothing else does
                    log.exception("changes cannot be carried over into who can talk to whom")
                    await asyncio.sleep(RETRY_SECONDS)

    async def _ensure(self) -> None:
        """Set the store up, again and again until it is; then wait to be stopped."""
        while not self._stop.is_set():
            try:
                await self.store.ensure(self._defaults)
                await self._stop.wait()
            except (ApiError, StoreError) as error:
                log.warning("store: %s; tried again in %.0f s", error, RETRY_SECONDS)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), RETRY_SECONDS)
