"""Keys whose writes failed for the API server's sake: few are tried, and ever more once one succeeds.

A server that is away or overwhelmed must not be met by every key that waits; one that is back must not be
kept waiting for a backoff that grew meanwhile. So all these keys share one pace. It slows down to one key
each half second while nothing succeeds, and doubles with each success, as TCP's slow start does (RFC 5681).
A single write that never succeeds costs two calls a second, a thousand of them no more.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import Final

from registry.planning.objects import Key

FIRST_PAUSE, LAST_PAUSE = 0.1, 0.5
"""Seconds before the next key is tried: at first, and after many failures in a row or of that key."""

WIDEST: Final = 256
"""Keys tried at once at most; the writer holds back what is more than it may have in flight."""

STRIKE: Final = 8
"""After so many failures in a row no other key is tried either, but in its turn."""


class Trials:
    """Keys on trial; those that failed least go first. `release` hands one over to be tried."""

    def __init__(self, release: Callable[[Key], None]) -> None:
        self._release = release
        self._waiting: list[tuple[int, int, Key]] = []
        self._held: set[Key] = set()
        self._out: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._numbers = itertools.count()
        self._row = 0
        self._width = 1
        self._timer: asyncio.TimerHandle | None = None

    def __iter__(self) -> Iterator[Key]:
        return iter(self._failures)

    def __contains__(self, key: Key) -> bool:
        return key in self._failures

    def __len__(self) -> int:
        return len(self._failures)

    def detains(self, key: Key) -> bool:
        """Whether `key`, which is about to be tried, waits for its turn instead: nothing succeeds now."""
        if key in self._out or self._row < STRIKE:
            return False
        self._hold(key)
        return True

    def failed(self, key: Key) -> int:
        """A write for `key` failed for the API server's sake; answers how often in a row that was so."""
        self._out.discard(key)
        self._row += 1
        self._width = 1
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self._hold(key)
        return failures

    def worked(self, key: Key) -> None:
        """A write for `key` was answered, if only by a refusal for a reason of its own: the server works."""
        self._row = 0
        if key in self._out:
            self._out.discard(key)
            self._width = min(2 * self._width, WIDEST)
            self._let_out(self._width)

    def ended(self, key: Key) -> None:
        """Nothing has to be written for `key` any more, or not for now."""
        self._failures.pop(key, None)
        if key in self._out:  # it cost the server nothing and told nothing of it: the next one's turn
            self._out.discard(key)
            self._let_out(1)

    def _hold(self, key: Key) -> None:
        if key not in self._held:
            self._held.add(key)
            failures, number = self._failures.setdefault(key, 0), next(self._numbers)
            # Of those never tried the newest first: the older ones may be what does not go.
            heapq.heappush(self._waiting, (failures, number if failures else -number, key))
        self._schedule()

    def _schedule(self) -> None:
        if self._timer is None and self._waiting:
            doubled = max(self._waiting[0][0] - 1, self._row - STRIKE // 2, 0)
            pause = min(FIRST_PAUSE * 2.0 ** min(doubled, 20), LAST_PAUSE)
            self._timer = asyncio.get_running_loop().call_later(pause, self._due)

    def _due(self) -> None:
        self._timer = None
        self._let_out(self._width)

    def _let_out(self, number: int) -> None:
        while number and self._waiting:
            _, _, key = heapq.heappop(self._waiting)
            self._held.discard(key)
            if key in self._failures:  # else it has what it asks for by now
                number -= 1
                self._out.add(key)
                self._release(key)
        self._schedule()
