"""One fault after the other under churn, each followed by a quiet point at which everything is judged."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Final

import aiohttp

from bench.client import Refused
from bench.soak import fresh, judge
from bench.soak.audit import Write
from bench.soak.book import Gap
from bench.soak.churn import Action
from bench.soak.faults import Kind
from bench.soak.judge import Span, Violation
from bench.soak.result import Figures
from bench.soak.site import LEASE_SECONDS, Site, leading
from bench.soak.watching import STORE
from registry import contract

FAULT_SECONDS: Final = 4.0
AFTER_SECONDS: Final = 2.0
SETTLE_SECONDS: Final = 10.0
RECOVERY_SECONDS: Final = LEASE_SECONDS + 1.0
"""A controller that lost the lease in a fault leads again so soon after it."""

_PAUSE_SECONDS: Final = 0.05
_STILL_SECONDS: Final = 0.7
_POLL_SECONDS: Final = 0.2


class Stage:
    """The site, what users do on it, and what was written in this round."""

    def __init__(self, site: Site, actions: Iterator[Action]) -> None:
        self.site = site
        self.unable: list[Span] = []
        self.memory: list[float] = []
        self._actions = actions
        self._writes = list[Write]()

    @contextlib.asynccontextmanager
    async def churning(self, pause: float = _PAUSE_SECONDS) -> AsyncIterator[None]:
        """Users change things inside of the block, a few at a time."""
        stop = asyncio.Event()

        async def user() -> None:
            while not stop.is_set():
                await self.site.act(next(self._actions))
                await asyncio.sleep(pause * 4 * self.site.dice.uniform(0.2, 1.8))

        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(user())
            try:
                yield
            finally:
                stop.set()

    async def judged(self, figures: Figures, *, rival: bool = False, patience: float = 0.0) -> Figures:
        """Wait until all is quiet and hold what was promised against what is; a new round begins then."""
        site, book = self.site, self.site.book
        began = time.monotonic()
        differences = await self._quiet(began + patience + SETTLE_SECONDS)
        figures.settled = time.monotonic() - began
        self._read_audit()
        if not differences:
            left = await fresh.left_to_do(site.plane.kubeconfig("root"), STORE)
            differences = [Violation("equals the plan", text) for text in left]
        gaps = [*book.gaps, *(Gap(pair, since, time.monotonic()) for pair, since in book.missing())]
        slow = site.pulse.take()
        self.unable += slow
        figures.stood_still = sum(span.ended - span.began for span in judge.merged(slow))
        wasted = judge.wasted(book, self._writes)
        figures.violations += differences + judge.deletions(book, self._writes)
        figures.violations += judge.late(gaps, self.unable) + ([] if rival else wasted)
        self._count(figures, gaps)
        book.settle(judge.found(book))
        book.gaps.clear()
        self._writes.clear()
        self.unable.clear()
        return figures

    async def _quiet(self, deadline: float) -> list[Violation]:
        """Wait until all is as it should be and nobody writes; what still differs when time is up."""
        while True:
            differences = await self._differences()
            still = not differences and await self._still()
            if still or time.monotonic() > deadline:
                return differences
            await asyncio.sleep(_POLL_SECONDS)

    async def _differences(self) -> list[Violation]:
        return judge.differences(self.site.book, await self._markers())

    async def _still(self) -> bool:
        await self.site.catch_up()
        self._read_audit()
        before = len(self._writes)
        await asyncio.sleep(_STILL_SECONDS)
        self._read_audit()
        return len(self._writes) == before and not await self._differences()

    def _read_audit(self) -> None:
        for one in self.site.audit.read():
            self._writes.append(one)
            if not one.ours and one.done:
                self.site.book.on_foreign_write(one.place)

    async def _markers(self) -> judge.Markers:
        selector = f"?labelSelector={contract.COMPONENT_LABEL}=revision"
        try:
            found = await self.site.root.get(f"/api/v1/namespaces/{STORE}/configmaps{selector}")
        except (Refused, aiohttp.ClientError, OSError):
            return {}
        return fresh.markers(found["items"])

    def _count(self, figures: Figures, gaps: list[Gap]) -> None:
        ours = [one for one in self._writes if one.ours]
        figures.changes = self.site.book.changes
        figures.writes = sum(one.done for one in ours)
        figures.idle = sum(one.done and not one.changed for one in ours)
        figures.turned_down = sum(not one.done for one in ours)
        figures.worst_gap = max((judge.able(gap.began, gap.ended, self.unable) for gap in gaps), default=0.0)
        figures.longest_gap = max((gap.ended - gap.began for gap in gaps), default=0.0)


async def under(stage: Stage, kind: Kind) -> Figures:
    """Have one thing go wrong for some seconds, under churn."""
    site, figures = stage.site, Figures(kind.name)
    site.book.forgetful = kind.forgetful
    before = site.accepted
    began = time.monotonic()
    async with stage.churning():
        async with kind.make(site) as fired:
            await asyncio.sleep(FAULT_SECONDS)
            figures.fired = fired()
        figures.recovered = await _recovery(figures, site, kind)
        stage.unable.append(Span(began, time.monotonic() + kind.patience))
        await asyncio.sleep(AFTER_SECONDS)
    figures.actions = site.accepted - before
    return await stage.judged(figures, rival=kind.rival, patience=kind.patience)


async def _recovery(figures: Figures, site: Site, kind: Kind) -> float:
    """Seconds until the controller leads again; too long is a violation."""
    began = time.monotonic()
    await leading(site.main)
    seconds = judge.able(began, time.monotonic(), site.pulse.spans)
    if seconds > RECOVERY_SECONDS + kind.patience:
        figures.violations.append(Violation("a writer is back", f"{seconds:.1f} s after {kind.name}"))
    return seconds
