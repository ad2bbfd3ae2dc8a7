"""The asynchronous side of a worker: one event loop in a thread, with the client, the watch and the writer.

Requests run in other threads. What the watch published they read at once; the rest they ask for with
`call`, which waits for the loop's answer.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.errors import ApiError
from registry.http import problems
from registry.http.access import Access
from registry.http.problems import Refused
from registry.model.template import Template
from registry.settings import Settings
from registry.store.errors import StoreError
from registry.store.store import Store
from registry.store.watch import StoreWatch

log = logging.getLogger(__name__)

CALL_SECONDS: Final = 20.0
RETRY_SECONDS: Final = 2.0

T = TypeVar("T")


class Backend:
    """Everything of a worker that talks to the API server; `start` and `stop` it once."""

    def __init__(self, settings: Settings, connection: Connection, defaults: list[Template]) -> None:
        self.settings = settings
        self._defaults = defaults
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="backend", daemon=True)
        self._running = threading.Event()
        self._stop = asyncio.Event()
        self.client = Client(connection)
        self.access = Access(self.client, settings)
        self.watch = StoreWatch(self.client, settings)
        self.store = Store(self.client, self.watch, settings)

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

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running.set()
        async with self.client:
            tasks = [asyncio.create_task(self.watch.run()), asyncio.create_task(self._ensure())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self.store.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if error := task.exception():
                log.critical("the service cannot go on", exc_info=error)

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
