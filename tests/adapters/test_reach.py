"""What the watches of a process know together of an API server that does not answer."""

import asyncio
import contextlib

import pytest

from registry.cluster import reach as module
from registry.cluster.reach import Reach


@pytest.fixture
def away() -> Reach:
    one = Reach()
    one.failed()
    return one


async def turns(reach: Reach, taken: list[float]) -> None:
    """Ask again and again, and never hear."""
    while True:
        await reach.turn()
        taken.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)


async def test_of_many_watches_one_at_a_time_asks_whether_the_server_is_back(
    away: Reach, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "TURN_SECONDS", 0.05)
    taken: list[float] = []
    asking = [asyncio.create_task(turns(away, taken)) for _ in range(30)]
    await asyncio.sleep(0.5)
    for task in asking:
        task.cancel()
    assert 3 <= len(taken) <= 11


async def test_when_one_hears_that_it_is_back_all_go_on_at_once(away: Reach):
    await away.turn()  # the first turn is taken, the others wait
    waiting = [asyncio.create_task(away.turn()) for _ in range(30)]
    resting = asyncio.create_task(away.rest(60))
    await asyncio.sleep(0.01)
    away.answered()
    async with asyncio.timeout(0.1):
        await asyncio.gather(resting, *waiting)


async def test_a_failure_while_another_watch_goes_on_is_no_outage():
    reach = Reach()
    with reach.connected():
        reach.failed()
        assert not reach.away


async def test_after_the_last_watch_was_cut_the_server_is_away():
    reach = Reach()
    with contextlib.suppress(ConnectionError), reach.connected():
        raise ConnectionError
    reach.failed()
    assert reach.away


async def test_nothing_is_decided_before_what_was_missed_had_time_to_come(away: Reach):
    deciding = asyncio.create_task(away.here())
    await asyncio.sleep(0.01)
    away.answered()
    await asyncio.sleep(0.01)
    assert not deciding.done()
    async with asyncio.timeout(5):
        await deciding
