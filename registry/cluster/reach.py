"""Whether the API server can be watched, known to all watches of a process together.

While it is away only one at a time asks whether it is back, and all hear the answer at once: a server that
starts is not met by every watch of every process trying on its own, and none sleeps past its return.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

TURN_SECONDS: Final = 0.25
"""Between two that ask whether the API server is back."""

SETTLE_SECONDS: Final = 0.1
"""After its return watches have so long to bring what was missed, before anything is decided."""


class Reach:
    """The API server is away when a watch failed for its sake and no other is connected."""

    def __init__(self) -> None:
        self._here = asyncio.Event()
        self._here.set()
        self._connected = 0
        self._next_turn = 0.0

    @property
    def away(self) -> bool:
        """Whether no watch gets through."""
        return not self._here.is_set()

    def failed(self) -> None:
        """A watch could not be begun, or was cut, for the API server's sake."""
        if not self._connected:
            self._here.clear()

    def answered(self) -> None:
        """The API server is there, though it did not let the watch begin."""
        self._here.set()

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Around a watch for as long as it goes."""
        self._connected += 1
        self._here.set()
        try:
            yield
        finally:
            self._connected -= 1

    async def turn(self) -> None:
        """Return when the API server is there, or when it is one's own turn to find out."""
        now = asyncio.get_running_loop().time
        while self.away:
            if now() >= self._next_turn:
                self._next_turn = now() + TURN_SECONDS
                return
            await self._back_within(self._next_turn - now())

    async def rest(self, seconds: float) -> None:
        """Sleep so long, but not past the return of an API server that is away."""
        if self.away:
            await self._back_within(seconds)
        else:
            await asyncio.sleep(seconds)

    async def here(self) -> None:
        """Wait until the API server can be watched, and what was missed had time to come."""
        while self.away:
            await self._here.wait()
            await asyncio.sleep(SETTLE_SECONDS)

    async def _back_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._here.wait()
