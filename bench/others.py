"""Other changes that run beside a measurement, at a steady rate."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from bench.site import Deployment

RATE: Final = 200
"""Changes a second: labels that are set and taken away, each with a write of a policy."""

OTHERS: Final = 100
"""Deployments that they are spread over, so that each has its label for half a second."""

_IN_FLIGHT: Final = 24

Change = Callable[[Deployment], Awaitable[None]]


@contextlib.asynccontextmanager
async def changing(
    others: Sequence[Deployment], on: Change, off: Change
) -> AsyncIterator[Callable[[], float]]:
    """Make changes at RATE while inside, as far as the machine can; gives what tells the rate so far."""
    began, made = time.perf_counter(), 0
    slots, ended = asyncio.Semaphore(_IN_FLIGHT), asyncio.Event()

    async def one(change: Change, deployment: Deployment) -> None:
        nonlocal made
        try:
            await change(deployment)
            made += 1
        finally:
            slots.release()

    async def all_of_them() -> None:
        rounds = itertools.cycle([(on, other) for other in others] + [(off, other) for other in others])
        async with asyncio.TaskGroup() as tasks:
            for number, (change, deployment) in enumerate(rounds):
                if ended.is_set():
                    return  # with those that are on their way
                await asyncio.sleep(began + number / RATE - time.perf_counter())
                await slots.acquire()
                tasks.create_task(one(change, deployment))

    running = asyncio.create_task(all_of_them())
    try:
        yield lambda: made / (time.perf_counter() - began)
    finally:
        ended.set()
        await running
