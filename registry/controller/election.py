"""Leader election: one replica at a time writes, and stops before its lease ends.

What a leader does is one group of tasks. When the lease cannot be renewed in time, all of them are
cancelled and awaited, and the process competes again with its copies of the cluster still warm; a process
that ended instead would be away for as long as its restart and the first reading take.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from registry.cluster.errors import ApiError, Conflict
from registry.cluster.lease import Lease, LeaseLock, Sight, Tenure, held, released
from registry.jitter import between

log = logging.getLogger(__name__)

TROUBLE_SECONDS: Final = 0.25
"""Between attempts while the API server does not answer: soon after its return somebody leads."""

RELEASE_SECONDS: Final = 2.0
"""A stop waits for the API server no longer than this to give the lease back."""

Lead = Callable[[Lease], Awaitable[None]]


class Timing(NamedTuple):
    """Seconds: a lease lasts so long after its renewal, is given up before that, and is tried this often."""

    lease: int
    renew: float
    retry: float


class LeaseLostError(Exception):
    """The lease was not renewed in time, or somebody else holds it."""


class Election:
    """Competes for a lease as `identity`, which no other process may use."""

    def __init__(self, lock: LeaseLock, identity: str, timing: Timing) -> None:
        self.problem = ""
        self._lock = lock
        self._identity = identity
        self._timing = timing
        self._sight = Sight()
        self._lease: Lease | None = None
        self._until = 0.0

    @property
    def name(self) -> str:
        """Name of the Lease."""
        return self._lock.name

    def leads(self) -> bool:
        """Whether this process may write now, by the monotonic clock: others may not yet take the lease."""
        return time.monotonic() < self._until

    async def run(self, lead: Lead) -> None:
        """Compete for ever; `lead` runs while the lease is held. A failure of `lead` ends this.

        At the end the lease is released, after all that `lead` does has ended.
        """
        try:
            while True:
                lease = await self._acquire()
                log.info("leading, by lease %s as %s", self.name, self._identity)
                await self._serve(lead, lease)
        finally:
            await self._release()

    async def _acquire(self) -> Lease:
        while True:
            lease = await self._try(self._timing.renew / 2)
            if lease:
                return lease
            # Never all candidates at once, never later than `retry`, and when the lease ends.
            pause = self._pause() * between(0.5, 1)
            free_in = self._sight.free_in(self._identity, time.monotonic())
            await asyncio.sleep(min(pause, free_in) if free_in > 0 else pause)

    async def _serve(self, lead: Lead, lease: Lease) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_never_ending(lead, lease))
                await self._renew()
        except* LeaseLostError as lost:
            log.error("no longer leading: %s", lost.exceptions[0])  # noqa: TRY400 (no defect: nothing to trace)
        finally:
            self._until = 0.0
        task = asyncio.current_task()
        if task and task.cancelling():
            # Before Python 3.13 a group that is ending already keeps a stop that comes meanwhile to itself.
            raise asyncio.CancelledError

    async def _renew(self) -> None:
        """Renew as long as that goes. Raises LeaseLostError, with writes barred from that moment."""
        while (left := self._until - time.monotonic()) > 0:
            await asyncio.sleep(min(self._pause(), left))
            left = self._until - time.monotonic()
            if left > 0:
                await self._try(min(left, self._timing.renew / 2))
        taken = "somebody else holds the lease" if self._lease is None else "it was not renewed in time"
        raise LeaseLostError(self.problem or taken)

    def _pause(self) -> float:
        return min(self._timing.retry, TROUBLE_SECONDS) if self.problem else self._timing.retry

    async def _try(self, seconds: float) -> Lease | None:
        """Take or renew the lease, within `seconds`; None when that did not go."""
        try:
            async with asyncio.timeout(seconds):
                lease = await self._attempt()
        except (ApiError, TimeoutError) as error:
            problem = str(error) or "The API server does not answer."
            if problem != self.problem:
                log.warning("lease %s: %s", self.name, problem)
            self.problem = problem
            return None
        self.problem = ""
        return lease

    async def _attempt(self) -> Lease | None:
        """As `_try`; whoever leads writes without reading first. Raises ApiError."""
        if self.leads() and self._lease:
            with contextlib.suppress(Conflict):
                return await self._hold(self._lease)
        return await self._hold(await self._lock.read())

    async def _hold(self, lease: Lease | None) -> Lease | None:
        began = time.monotonic()
        before = lease.spec if lease else Tenure()
        self._sight.look(before, began)
        if not self._sight.is_free(self._identity, began):
            self._lease, self._until = None, 0.0
            return None
        tenure = held(before, self._identity, self._timing.lease, datetime.now(UTC))
        self._lease = await self._lock.write(lease, tenure)
        # From before the request: nobody can have seen it earlier, so nobody takes it before it ends.
        self._until = began + self._timing.renew
        return self._lease

    async def _release(self) -> None:
        with contextlib.suppress(ApiError, TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                # A renewal that was cut off may be carried out all the same, even while this one is.
                try:
                    await self._give_back()
                except Conflict:
                    await self._give_back()

    async def _give_back(self) -> None:
        lease = await self._lock.read()
        if lease and lease.spec.holder_identity == self._identity:
            await self._lock.write(lease, released(lease.spec, datetime.now(UTC)))
            log.info("released lease %s", self.name)


async def _never_ending(lead: Lead, lease: Lease) -> None:
    await lead(lease)
    raise RuntimeError("what a leader does has ended by itself")
