"""How keys are tried again whose writes failed for the API server's sake: soon, and never all at once."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest

from registry.controller.queue import KeyQueue
from registry.planning.objects import Key


class Server:
    """Works keys off like a controller with 32 workers; `works` says which writes succeed."""

    def __init__(self, works: Callable[[Key], bool]) -> None:
        self.works = works
        self.queue = KeyQueue()
        self.tries: Counter[Key] = Counter()
        self.done: dict[Key, float] = {}
        self._workers = [asyncio.create_task(self._work()) for _ in range(32)]

    async def close(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def finished(self, keys: list[Key], within: float = 10) -> None:
        async with asyncio.timeout(within):
            while not self.done.keys() >= set(keys):  # noqa: ASYNC110 (any state may be waited for)
                await asyncio.sleep(0.01)

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            self.tries[key] += 1
            await asyncio.sleep(0.001)
            if key.name.startswith("idle"):
                self.queue.forget(key)
            elif self.works(key):
                self.done[key] = time.monotonic()
                self.queue.wrote(key)
                self.queue.forget(key)
            else:
                self.queue.try_again(key)
            self.queue.done(key)


def keys(number: int, prefix: str = "w") -> list[Key]:
    return [Key("apps", "Deployment", "shop", f"{prefix}{one}") for one in range(number)]


@pytest.fixture
async def away():
    server = Server(lambda _: False)
    yield server
    await server.close()


async def test_a_server_that_is_away_is_asked_little_by_however_many_keys(away: Server):
    for key in keys(1000):
        away.queue.add(key)
    await asyncio.sleep(0.5)  # the first ones fail at once: nobody can know
    before = away.tries.total()
    await asyncio.sleep(2)
    assert (before < 50, away.tries.total() - before <= 5) == (True, True)


async def test_after_its_return_all_keys_are_tried_within_seconds_however_many(away: Server):
    for key in keys(1000):
        away.queue.add(key)
    await asyncio.sleep(3)
    away.works = lambda _: True
    back = time.monotonic()
    await away.finished(keys(1000))
    assert max(away.done.values()) - back < 3  # with a busy machine in mind; 0.6 s is usual


async def test_a_key_that_failed_once_is_tried_again_almost_at_once(away: Server):
    (key,) = keys(1)
    away.queue.add(key)
    await asyncio.sleep(0.05)
    away.works = lambda _: True
    await away.finished([key], within=2)


async def test_many_keys_that_always_fail_cost_two_calls_a_second_and_hold_up_no_other(away: Server):
    poisoned = keys(500, "poisoned")
    away.works = lambda key: not key.name.startswith("poisoned")
    for key in poisoned:
        away.queue.add(key)
    await asyncio.sleep(1)
    before = away.tries.total()
    for key in keys(20):
        began = time.monotonic()
        away.queue.add(key)
        await away.finished([key])
        assert time.monotonic() - began < 3
        await asyncio.sleep(0.1)
    assert away.tries.total() - before < 200


async def test_what_failed_least_is_tried_first(away: Server):
    poisoned = keys(50, "poisoned")
    for key in poisoned:
        away.queue.add(key)
    await asyncio.sleep(1.5)
    away.works = lambda key: not key.name.startswith("poisoned")
    (fresh,) = keys(1)
    away.queue.add(fresh)
    await away.finished([fresh], within=5)


async def test_a_key_that_succeeds_meanwhile_is_on_trial_no_more(away: Server):
    (key,) = keys(1)
    away.queue.add(key)
    await asyncio.sleep(0.05)
    away.works = lambda _: True
    away.queue.add(key)
    await away.finished([key])
    assert away.queue.failing == 0
    await asyncio.sleep(0.6)
    assert away.tries[key] == 2


async def test_a_key_for_which_nothing_is_written_does_not_say_that_the_server_works(away: Server):
    for key in keys(200):
        away.queue.add(key)
    await asyncio.sleep(0.5)
    before = away.tries.total()
    for _ in range(50):
        away.queue.forget(Key("", "Namespace", "shop", "shop"))
        await asyncio.sleep(0.01)
    assert away.tries.total() - before <= 5


async def test_keys_for_which_nothing_is_written_hold_up_no_other(away: Server):
    for key in keys(20):
        away.queue.add(key)
    await asyncio.sleep(0.5)
    for key in keys(300, "idle"):
        away.queue.add(key)
    await asyncio.sleep(0.1)
    away.works = lambda _: True
    await away.finished(keys(20), within=3)
