"""The queue: equal keys coalesce, none is worked on twice at once, failures wait longer each time."""

import asyncio

import pytest

from registry.controller.queue import KeyQueue
from registry.planning.objects import Key, namespace_key

DB = Key("apps", "Deployment", "shop", "db")
WEB = Key("apps", "Deployment", "shop", "web")


async def test_equal_keys_coalesce():
    queue = KeyQueue()
    queue.add(DB)
    queue.add(DB)
    assert (await queue.get(), len(queue)) == (DB, 0)


async def test_keys_come_in_the_order_they_were_added():
    queue = KeyQueue()
    for key in (DB, WEB):
        queue.add(key)
    assert [await queue.get(), await queue.get()] == [DB, WEB]


async def test_a_key_added_while_worked_on_comes_again_after_that_work():
    queue = KeyQueue()
    queue.add(DB)
    await queue.get()
    queue.add(DB)
    assert len(queue) == 0
    queue.done(DB)
    assert await queue.get() == DB


async def test_a_waiting_worker_gets_a_key_as_soon_as_it_comes():
    queue = KeyQueue()
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.add(DB)
    assert await waiting == DB


async def test_a_cancelled_worker_leaves_its_key_to_another():
    queue = KeyQueue()
    gone, stays = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    gone.cancel()
    queue.add(DB)
    assert await asyncio.wait_for(stays, 1) == DB


async def test_each_failure_waits_longer_until_one_success():
    queue = KeyQueue()
    first = queue.retry(DB)
    for _ in range(6):
        last = queue.retry(DB)
    queue.forget(DB)
    assert first < 0.2 < last
    assert queue.retry(DB) < 0.2


async def test_a_delay_never_grows_past_its_bound():
    queue = KeyQueue()
    delays = [queue.retry(DB) for _ in range(2000)]
    assert max(delays) <= 450


async def test_of_two_delays_the_shorter_counts():
    queue = KeyQueue()
    queue.add_after(DB, 60)
    queue.add_after(DB, 0)
    assert await asyncio.wait_for(queue.get(), 1) == DB


async def test_a_namespace_is_busy_until_the_work_on_its_workloads_has_ended():
    queue = KeyQueue()
    queue.add(DB)
    queue.add(namespace_key("shop"))
    busy = [queue.busy("shop")]
    await queue.get()
    busy.append(queue.busy("shop"))
    queue.done(DB)
    busy.append(queue.busy("shop"))
    assert busy == [True, True, False]


@pytest.mark.parametrize("key", [DB, namespace_key("shop")])
async def test_other_namespaces_are_not_busy(key: Key):
    queue = KeyQueue()
    queue.add(key)
    assert not queue.busy("other")
