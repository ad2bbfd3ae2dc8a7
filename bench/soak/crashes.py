"""The controller is killed at random moments, also while it starts, again and again under churn.

Each start has a Lease of its own, so that it need not wait until the one of the killed process ends: nobody
else writes, since that process is gone. What the wait comes to is another fault, `leader killed`.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

from bench.soak.judge import Span
from bench.soak.result import Figures
from bench.soak.rounds import Stage
from bench.soak.site import leading
from tests.controller_process import ControllerProcess

NAME: Final = "kill -9"
KILLS: Final = 20
"""In one round, between two quiet points."""

_AWAITED: Final = 0.75
"""The share of kills that wait until the controller writes, and then a moment more."""

_MOMENT_SECONDS: Final = 0.5
_START_SECONDS: Final = 1.0


@contextlib.asynccontextmanager
async def victim(stage: Stage) -> AsyncIterator[ControllerProcess]:
    """In place of the main controller, which starts again afterwards."""
    site = stage.site
    await asyncio.to_thread(site.main.stop)
    one = site.controller(f"victim-{site.number()}")
    _start(stage, one)
    try:
        await leading(one)
        yield one
    finally:
        await asyncio.to_thread(one.stop)
        site.main.start(wait=False)
    await leading(site.main)


async def crash(stage: Stage, one: ControllerProcess, kills: int) -> Figures:
    """Kill it so many times."""
    site, figures = stage.site, Figures(NAME)
    site.book.forgetful = True
    before = site.accepted
    async with stage.churning():
        for _ in range(kills):
            await _kill(stage, one)
            figures.fired += 1
        began = time.monotonic()
        await leading(one)
        stage.unable.append(Span(began, time.monotonic()))
    figures.actions = site.accepted - before
    return await stage.judged(figures)


async def _kill(stage: Stage, one: ControllerProcess) -> None:
    """Kill it, start it anew, and wait for some moment of its life; until it leads, nobody writes."""
    dice, began = stage.site.dice, time.monotonic()
    one.kill()
    _start(stage, one)
    if dice.random() < _AWAITED:
        await leading(one)
        stage.unable.append(Span(began, time.monotonic()))
        await asyncio.sleep(dice.uniform(0, _MOMENT_SECONDS))
        return
    ended = time.monotonic() + dice.uniform(0, _START_SECONDS)
    with contextlib.suppress(TimeoutError):
        await leading(one, ended - time.monotonic())
    stage.unable.append(Span(began, time.monotonic()))
    await asyncio.sleep(ended - time.monotonic())


def _start(stage: Stage, one: ControllerProcess) -> None:
    one.setting("LEASE_NAME", f"victim-{stage.site.number()}")
    one.start(wait=False)
