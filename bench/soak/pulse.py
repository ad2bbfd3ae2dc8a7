"""When the machine itself stood still: a bare write now and then, timed as a client sees it.

Where others use the same machine, an API server may take a second for anything. What the product could not
have done any faster is not held against it; how long that was is told.
"""

import asyncio
import time
from typing import Final

import aiohttp

from bench.client import Client, Refused
from bench.soak.judge import Span

_PAUSE_SECONDS: Final = 0.1
_SLOW_SECONDS: Final = 0.3
_PATIENCE_SECONDS: Final = 5.0
_MAPS: Final = "/api/v1/namespaces/default/configmaps"


class Pulse:
    """Writes to a ConfigMap of its own, again and again."""

    def __init__(self, client: Client) -> None:
        self.spans = list[Span]()
        self._client = client

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
            if ended - began > _PAUSE_SECONDS + _SLOW_SECONDS:
                self.spans.append(Span(began, ended))

    def take(self) -> list[Span]:
        """The spans since the last call."""
        spans, self.spans = self.spans, []
        return spans
