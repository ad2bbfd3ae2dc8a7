"""The queue: equal keys coalesce, none is worked on twice at once, failures wait longer each time."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from registry.controller.queue import KeyQueue
from registry.controller.state_metrics import queue_families
from registry.controller.trials import STRIKE
from registry.controller.work import work
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


async def test_a_queue_is_drained_once_the_last_key_was_worked_on():
    queue = KeyQueue()
    queue.add(DB)
    drained = asyncio.create_task(queue.drained())
    key = await queue.get()
    await asyncio.sleep(0)
    assert not drained.done()
    queue.done(key)
    await asyncio.wait_for(drained, 1)


async def test_a_key_that_waits_for_its_time_keeps_no_queue_from_being_drained():
    queue = KeyQueue()
    queue.add_after(DB, 60)
    await asyncio.wait_for(queue.drained(), 1)


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


async def test_delays_of_keys_that_fail_together_differ():
    queue = KeyQueue()
    delays = [queue.retry(DB._replace(name=str(number))) for number in range(50)]
    assert min(delays) >= 0.05
    assert max(delays) - min(delays) > 0.02


class Poisoned:
    """Fails for one key, by a defect; notes the others."""

    def __init__(self) -> None:
        self.tries = 0
        self.done = asyncio.Event()

    async def reconcile(self, key: Key) -> None:
        if key == DB:
            self.tries += 1
            raise ZeroDivisionError
        self.done.set()

    def settled(self, key: Key) -> None: ...


async def at_once() -> None:
    """There is nothing to wait for before deciding."""


async def test_a_key_that_always_fails_blocks_no_other_and_is_tried_ever_later():
    queue, reconciler = KeyQueue(), Poisoned()
    working = asyncio.create_task(
        work(queue, reconciler, at_once, lambda _key, _error: None, lambda _key: None)
    )
    queue.add(DB)
    queue.add(WEB)
    await asyncio.wait_for(reconciler.done.wait(), 1)
    await asyncio.sleep(0.5)
    working.cancel()
    assert 2 <= reconciler.tries <= 5


async def test_a_namespace_is_busy_while_a_workload_of_it_waits_since_all_writes_fail():
    queue = KeyQueue()
    await fail(queue, [Key("apps", "Deployment", "other", str(number)) for number in range(STRIKE)])
    queue.add(DB)
    queue.add(WEB)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await queue.get()
    assert (queue.busy("shop"), len(queue)) == (True, 0)


async def fail(queue: KeyQueue, keys: list[Key]) -> None:
    for key in keys:
        queue.add(key)
    for _ in keys:
        key = await queue.get()
        queue.try_again(key)
        queue.done(key)


def shown(queue: KeyQueue, sample: str, **labels: str) -> Iterator[float]:
    for family in queue_families(queue):
        for found in family.samples:
            if found.name == sample and labels.items() <= found.labels.items():
                yield found.value


def counted(sample: str) -> float:
    return REGISTRY.get_sample_value(sample, {"name": "keys"}) or 0


async def test_a_key_that_waits_already_is_not_counted_as_added():
    queue, before = KeyQueue(), counted("workqueue_adds_total")
    for key in (DB, DB, WEB):
        queue.add(key)
    assert counted("workqueue_adds_total") - before == 2
    assert list(shown(queue, "workqueue_depth")) == [2]


async def test_the_time_of_unfinished_work_adds_up_and_ends_with_it():
    queue = KeyQueue()
    for key in (DB, WEB):
        queue.add(key)
        await queue.get()
    await asyncio.sleep(0.02)
    (unfinished,) = shown(queue, "workqueue_unfinished_work_seconds")
    (longest,) = shown(queue, "workqueue_longest_running_processor_seconds")
    for key in (DB, WEB):
        queue.done(key)
    assert unfinished > longest >= 0.02
    assert list(shown(queue, "workqueue_unfinished_work_seconds")) == [0]


async def test_active_workers_are_told_apart_by_controller():
    queue = KeyQueue()
    queue.add(namespace_key("shop"))
    await queue.get()
    counts = [
        list(shown(queue, "controller_runtime_active_workers", controller=controller))
        for controller in ("workload", "namespace")
    ]
    assert counts == [[0], [1]]


async def test_waiting_and_working_are_timed_once_for_each_key():
    queue = KeyQueue()
    samples = ["workqueue_queue_duration_seconds_count", "workqueue_work_duration_seconds_count"]
    before = [counted(sample) for sample in samples]
    queue.add(DB)
    queue.done(await queue.get())
    assert [counted(sample) for sample in samples] == [one + 1 for one in before]


async def test_a_namespace_behind_its_workloads_comes_once_the_last_of_them_is_done():
    queue, shop = KeyQueue(), namespace_key("shop")
    for key in (DB, WEB):
        queue.add(key)
    queue.add_behind("shop", 60)
    queue.done(await queue.get())
    assert await queue.get() == WEB
    queue.done(WEB)
    assert await asyncio.wait_for(queue.get(), 1) == shop


async def test_a_namespace_behind_a_workload_that_comes_again_waits_on():
    queue = KeyQueue()
    queue.add(DB)
    queue.add_behind("shop", 60)
    await queue.get()
    queue.add(DB)
    queue.done(DB)
    assert [await queue.get(), len(queue)] == [DB, 0]


async def test_a_namespace_does_not_wait_longer_than_it_may():
    queue = KeyQueue()
    queue.add(DB)
    await queue.get()
    queue.add_behind("shop", 0.01)
    assert await asyncio.wait_for(queue.get(), 10) == namespace_key("shop")


async def test_others_get_their_turn_between_keys_that_wait_for_nothing():
    queue, turns = KeyQueue(), []
    for number in range(100):
        queue.add(Key("apps", "Deployment", "shop", f"app-{number}"))

    class Reconciler:
        async def reconcile(self, _key: Key) -> None:
            """Nothing has to be written."""

        def settled(self, _key: Key) -> None:
            turns.append(len(queue))

    async def decidable() -> None:
        """At once."""

    working = asyncio.create_task(work(queue, Reconciler(), decidable, lambda *_: None, lambda _: None))
    await asyncio.sleep(0)
    assert 0 < len(turns) < 100
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
