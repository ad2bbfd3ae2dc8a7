"""A queue of keys: equal keys coalesce, one key is never worked on twice at once.

The semantics of client-go's workqueue: a key that is added while it is worked on comes again once
that work is done. A key that failed comes again by itself: after a backoff of its own, or by the pace that
all share whom the API server failed (`controller.trials`).
"""

import asyncio
import collections
import time
from typing import Final, NamedTuple

from registry.controller import metrics
from registry.controller.trials import Trials
from registry.jitter import between
from registry.planning.objects import Key, is_namespace, namespace_key

FIRST_BACKOFF: Final = 0.05
LAST_BACKOFF: Final = 300.0


class _Work(NamedTuple):
    """When a key was added, and when the work on it began."""

    added: float
    began: float


class KeyQueue:
    """Keys to reconcile, in the order they came."""

    def __init__(self) -> None:
        self._ready: collections.deque[Key] = collections.deque()
        self._dirty: dict[Key, float] = {}
        self._working: dict[Key, _Work] = {}
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._workloads: collections.Counter[str] = collections.Counter()
        self._trials = Trials(self._release)
        self._detained: set[Key] = set()
        self._behind: set[str] = set()
        self._waiters: collections.deque[asyncio.Future[None]] = collections.deque()
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def failing(self) -> int:
        """How many keys failed last time, or wait since others do."""
        return len(self._failures) + len(self._trials)

    def added_at(self, key: Key) -> float:
        """When `key`, which is being worked on, was added, in seconds of the monotonic clock."""
        return self._working[key].added

    def working_seconds(self) -> list[tuple[str, float]]:
        """The controller of each key that is worked on now, and the seconds since that began."""
        now = time.monotonic()
        return [(metrics.controller_of(key), now - work.began) for key, work in self._working.items()]

    def add(self, key: Key) -> None:
        """Have `key` reconciled soon."""
        if key in self._dirty:
            return
        self._dirty[key] = time.monotonic()
        metrics.ADDS.inc()
        if not is_namespace(key):
            self._workloads[key.namespace] += 1
        if key not in self._working:
            self._push(key)

    def add_after(self, key: Key, seconds: float) -> None:
        """Have `key` reconciled in `seconds`; of several such calls the earliest counts."""
        loop = asyncio.get_running_loop()
        when = loop.time() + seconds
        timer = self._timers.get(key)
        if timer and timer.when() <= when:
            return
        if timer:
            timer.cancel()
        self._timers[key] = loop.call_at(when, self._due, key)

    def hasten(self, key: Key) -> None:
        """Have a `key` that waits for its time reconciled soon."""
        if key in self._timers:
            self.drop_time(key)
            self._due(key)

    def drop_time(self, key: Key) -> None:
        """Let go of the time that `key` waits for, if it does."""
        if timer := self._timers.pop(key, None):
            timer.cancel()

    def add_behind(self, namespace: str, seconds: float) -> None:
        """Have a Namespace reconciled once none of its workloads waits or is worked on, or in `seconds`."""
        self._behind.add(namespace)
        self.add_after(namespace_key(namespace), seconds)

    def retry(self, key: Key) -> float:
        """Have a failed `key` reconciled after its backoff, which is returned in seconds.

        For failures that are the key's own: the API server works.
        """
        self._trials.worked(key)
        self._trials.ended(key)
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        jitter = between(0.5, 1.5)
        seconds: float = min(FIRST_BACKOFF * 2.0 ** min(failures, 20), LAST_BACKOFF) * jitter
        metrics.RETRIES.inc()
        self.add_after(key, seconds)
        return seconds

    def try_again(self, key: Key) -> int:
        """Have `key` reconciled when the API server may do better; answers how often in a row it failed."""
        metrics.RETRIES.inc()
        return self._trials.failed(key)

    def wrote(self, key: Key) -> None:
        """A write for `key`, which is worked on, went through: others may, too."""
        self._trials.worked(key)

    def forget(self, key: Key) -> None:
        """End the backoff of `key`: it succeeded."""
        self._failures.pop(key, None)
        self._trials.ended(key)

    async def get(self) -> Key:
        """The next key; call `done` when the work on it has ended."""
        key = await self._next()
        while self._trials.detains(key):
            self._detained.add(key)
            key = await self._next()
        work = self._working[key] = _Work(self._dirty.pop(key), time.monotonic())
        metrics.QUEUE_SECONDS.observe(work.began - work.added)
        return key

    def done(self, key: Key) -> None:
        """The work on `key` has ended; it comes again if it was added meanwhile."""
        metrics.WORK_SECONDS.observe(time.monotonic() - self._working.pop(key).began)
        if not is_namespace(key):
            self._workloads[key.namespace] -= 1
            self._release_behind(key.namespace)
        if key in self._dirty:
            self._push(key)
        if not self._ready and not self._working and not self._detained:
            self._idle.set()

    async def drained(self) -> None:
        """Wait until no key is ready or worked on; those that wait for their time do not count."""
        await self._idle.wait()

    def has(self, key: Key) -> bool:
        """Whether `key` is waiting or being worked on."""
        return key in self._dirty or key in self._working

    def expects(self, key: Key) -> bool:
        """Whether `key` is about to be reconciled, perhaps again, since the API server failed it."""
        return self.has(key) or key in self._trials

    def busy(self, namespace: str) -> bool:
        """Whether any workload of `namespace` is waiting or being worked on."""
        return self._workloads[namespace] > 0

    async def _next(self) -> Key:
        while not self._ready:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        return self._ready.popleft()

    def _release(self, key: Key) -> None:
        """Have a key tried; one that never was is waiting all the while."""
        if key in self._detained:
            self._detained.discard(key)
            self._push(key)
        else:
            self.add(key)

    def holds(self, namespace: str) -> bool:
        """Whether anything of `namespace` waits or is worked on; of what waits for a time, the Namespace."""
        key = namespace_key(namespace)
        held = self.has(key) or key in self._timers
        return self.busy(namespace) or (held and key not in self._failures)

    def failing_in(self, namespace: str) -> int:
        """How many keys of `namespace` failed last time."""
        keys = {*self._failures, *self._trials}
        return sum(key.namespace == namespace for key in keys)

    def _release_behind(self, namespace: str) -> None:
        if namespace in self._behind and not self.busy(namespace):
            self.hasten(namespace_key(namespace))

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        if is_namespace(key):
            self._behind.discard(key.name)
        self.add(key)

    def _push(self, key: Key) -> None:
        self._ready.append(key)
        self._idle.clear()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                break
