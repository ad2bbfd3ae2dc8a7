"""The whole run: one round after the other until the time is up."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Final

import msgspec

from bench import machine
from bench.soak import churn, crashes
from bench.soak.faults import KINDS
from bench.soak.judge import Span
from bench.soak.result import Figures, Result
from bench.soak.rounds import Stage, under
from bench.soak.schedule import schedule
from bench.soak.site import site
from devcluster.cluster import ControlPlane
from tests.controller_process import ControllerProcess

NAMES: Final = (*(kind.name for kind in KINDS), crashes.NAME)
_ROUND_SECONDS: Final = 240.0
_START_SECONDS: Final = 20.0


class Plan(msgspec.Struct, frozen=True):
    """What to do: for how long, from which seed, and which of NAMES."""

    minutes: float
    seed: int
    names: tuple[str, ...]


async def run(plane: ControlPlane, plan: Plan, result: Result, tell: Callable[[Figures], None]) -> None:
    """Go through the plan; `tell` hears of each round. Raises TimeoutError when one does not end."""
    ends = time.monotonic() + plan.minutes * 60
    memory: defaultdict[int, list[float]] = defaultdict(list)
    result.memory = memory
    kinds = {kind.name: kind for kind in KINDS}
    async with site(plane, plan.seed) as made, AsyncExitStack() as stack:
        stage = Stage(made, churn.actions(plan.seed))
        victims = list[ControllerProcess]()

        def take(figures: Figures) -> None:
            result.rounds.append(figures)
            result.relists = sum(watcher.relists for watcher in made.watchers)
            tell(figures)

        stage.unable.append(Span(0, time.monotonic() + _START_SECONDS))
        take(await stage.judged(Figures("start"), patience=_START_SECONDS))
        for name in _until(ends, schedule(plan.seed, plan.names, crashes.NAME)):
            async with asyncio.timeout(_ROUND_SECONDS):
                if name == crashes.NAME:
                    if not victims:
                        victims.append(await stack.enter_async_context(crashes.victim(stage)))
                    take(await crashes.crash(stage, victims[0], crashes.KILLS))
                    continue
                if victims:
                    await stack.aclose()
                    victims.clear()
                take(await under(stage, kinds[name]))
                memory[made.main.pid].append(machine.memory(made.main.pid))


def _until(ends: float, names: Iterator[str]) -> Iterator[str]:
    for name in names:
        if time.monotonic() > ends:
            return
        yield name
