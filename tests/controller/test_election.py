"""The election under faults: nobody may write longer than others wait, whatever the API server does."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from registry.cluster.errors import Conflict, Status, Unreachable
from registry.cluster.lease import Lease, LeaseLock, Tenure
from registry.controller.election import Election, Timing

TIMING = Timing(lease=1, renew=0.5, retry=0.05)
Start = Callable[[str], Awaitable["Replica"]]


class Lock(LeaseLock):
    """A Lease in memory. While `away`, requests are not answered, or refused."""

    def __init__(self) -> None:
        self.name = "lease"
        self.lease: Lease | None = None
        self.away: str = ""

    async def read(self) -> Lease | None:
        await self._answer()
        return self.lease

    async def write(self, before: Lease | None, tenure: Tenure) -> Lease:
        await self._answer()
        if before is not self.lease:
            raise Conflict(Status())
        self.lease = Lease({"uid": "u"}, tenure)
        return self.lease

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        if self.away == "stalled":
            await asyncio.Event().wait()
        if self.away == "refusing":
            raise Unreachable(Status())


class Replica:
    """One that competes, and notes when it wrote last."""

    def __init__(self, lock: LeaseLock, name: str) -> None:
        self.election = Election(lock, name, TIMING)
        self.began: list[float] = []
        self.wrote = 0.0
        self.task = asyncio.create_task(self.election.run(self._lead))

    async def _lead(self, _lease: Lease) -> None:
        self.began.append(time.monotonic())
        while True:
            if self.election.leads():  # as GuardedClient asks
                self.wrote = time.monotonic()
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture
def lock() -> Lock:
    return Lock()


@pytest.fixture
async def start(lock: Lock) -> AsyncIterator[Start]:
    started: list[Replica] = []

    async def start(name: str, own: Lock = lock) -> Replica:
        started.append(Replica(own, name))
        await asyncio.sleep(0.02)
        return started[-1]

    yield start
    for one in started:
        await one.stop()


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not check():  # noqa: ASYNC110 (as a test of another process would)
            await asyncio.sleep(0.005)


class Line(Lock):
    """One replica's line to a lock that others reach as well."""

    def __init__(self, lock: Lock) -> None:
        super().__init__()
        self._lock = lock

    async def read(self) -> Lease | None:
        await self._answer()
        return await self._lock.read()

    async def write(self, before: Lease | None, tenure: Tenure) -> Lease:
        await self._answer()
        return await self._lock.write(before, tenure)


async def test_of_two_one_leads(start: Start):
    first, second = await start("first"), await start("second")
    await asyncio.sleep(1.2)
    assert (first.election.leads(), second.began) == (True, [])


async def test_a_lease_is_taken_in_the_moment_it_ends(lock: Lock):
    lock.lease = Lease({"uid": "u"}, Tenure(holder_identity="gone", lease_duration_seconds=1))
    election, leading = Election(lock, "first", Timing(30, 25, 20)), asyncio.Event()

    async def lead(_lease: Lease) -> None:
        leading.set()
        await asyncio.Event().wait()

    task, began = asyncio.create_task(election.run(lead)), time.monotonic()
    await leading.wait()
    assert 1 <= time.monotonic() - began < 1.4
    task.cancel()
    await asyncio.wait({task})


@pytest.mark.parametrize("fault", ["stalled", "refusing"])
async def test_a_leader_cut_off_has_written_for_the_last_time_before_another_begins(
    lock: Lock, start: Start, fault: str
):
    line = Line(lock)
    first, second = await start("first", line), await start("second")
    line.away = fault
    await until(lambda: second.began)
    assert first.wrote < second.began[0] - (TIMING.lease - TIMING.renew) / 2
    assert not first.election.leads()


async def test_a_leader_whose_loop_stood_still_may_not_write_when_it_goes_on(start: Start):
    first = await start("first")
    time.sleep(TIMING.renew + 0.1)  # noqa: ASYNC251 (that is the fault)
    assert not first.election.leads()


async def test_a_leader_that_finds_the_lease_taken_stops_at_once(lock: Lock, start: Start):
    first = await start("first")
    lock.lease = Lease({"uid": "u"}, Tenure(holder_identity="thief", lease_duration_seconds=60))
    await asyncio.sleep(4 * TIMING.retry)
    assert not first.election.leads()
    assert time.monotonic() - first.wrote > TIMING.retry


async def test_a_short_outage_does_not_end_the_term(lock: Lock, start: Start):
    first = await start("first")
    lock.away = "refusing"
    await asyncio.sleep(TIMING.renew / 2)
    lock.away = ""
    await asyncio.sleep(TIMING.renew)
    assert (first.election.leads(), len(first.began)) == (True, 1)


async def test_after_a_long_outage_it_leads_again_as_soon_as_there_is_an_answer(lock: Lock, start: Start):
    first = await start("first")
    lock.away = "refusing"
    await asyncio.sleep(TIMING.lease + 0.2)
    lock.away = ""
    await asyncio.sleep(3 * TIMING.retry)
    assert len(first.began) == 2


async def test_a_stop_gives_the_lease_back_after_the_last_write(start: Start):
    first, second = await start("first"), await start("second")
    await first.stop()
    stopped = time.monotonic()
    await until(lambda: second.began)
    assert first.wrote < second.began[0] < stopped + 3 * TIMING.retry


async def test_a_term_that_fails_ends_the_process_and_gives_the_lease_back(lock: Lock):
    async def fail(_lease: Lease) -> None:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as failure:
        await Election(lock, "first", TIMING).run(fail)
    assert failure.group_contains(ZeroDivisionError)
    assert lock.lease is not None
    assert lock.lease.spec.holder_identity == ""


async def test_a_stop_while_a_term_is_ending_is_heeded(lock: Lock):
    ending = asyncio.Event()

    async def lead(_lease: Lease) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await asyncio.sleep(0.1)

    task = asyncio.create_task(Election(lock, "first", TIMING).run(lead))
    await asyncio.sleep(0.02)
    lock.away = "refusing"
    await ending.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=2)
    assert task.cancelled()


async def test_what_stands_in_the_way_is_told(lock: Lock, start: Start):
    lock.away = "refusing"
    first = await start("first")
    assert first.election.problem
