"""When the machine was too slow for anybody: a bare write now and then, and how long controllers had no core.

Where others use the same machine, an API server may take a second for anything, and a process that could run
waits for its turn. What the product could not have done any faster is not held against it; how long that was
is told.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Final

import aiohttp

from bench import machine
from bench.client import Client, Refused
from bench.soak.judge import Span

_PAUSE_SECONDS: Final = 0.1
_SLOW_SECONDS: Final = 0.3
_NOISE_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 5.0
_MAPS: Final = "/api/v1/namespaces/default/configmaps"


class Pulse:
    """Writes to a ConfigMap of its own again and again, and looks at the processes that `pids` answers."""

    def __init__(self, client: Client, pids: Callable[[], Iterable[int]]) -> None:
        self.spans = list[Span]()
        self._client = client
        self._pids = pids
        self._waited: dict[int, float] = {}

    async def run(self) -> None:
        """For ever."""
        await self._client.create(_MAPS, {"metadata": {"name": "pulse"}})
        while True:
            began = time.monotonic()
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._client.patch(f"{_MAPS}/pulse", {"data": {"at": str(began)}})
            except (Refused, aiohttp.ClientError, OSError, TimeoutError):
                self.spans.append(Span(began, time.monotonic()))
                continue
            ended = time.monotonic()
            self._look(ended)
            if ended - began > _PAUSE_SECONDS + _SLOW_SECONDS:
                self.spans.append(Span(began, ended))

    def _look(self, now: float) -> None:
        """Leave out as much of the time before `now` as a controller waited for a core."""
        waited: dict[int, float] = {}
        for pid in self._pids():
            with contextlib.suppress(OSError):
                waited[pid] = machine.waited_seconds(pid)
        seconds = max(
            (waited[pid] - self._waited[pid] for pid in waited.keys() & self._waited.keys()), default=0
        )
        if seconds > _NOISE_SECONDS:
            self.spans.append(Span(now - seconds, now))
        self._waited = waited

    def take(self) -> list[Span]:
        """The spans since the last call."""
        spans, self.spans = self.spans, []
        return spans
