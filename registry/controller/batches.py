"""One rollout, batch by batch. What the cluster shows decides, so it goes on where a crash left it."""

import asyncio
import contextlib
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from registry.controller import metrics
from registry.controller.queue import KeyQueue
from registry.planning.objects import Key
from registry.planning.rollouts import Failure, State, Status, keys_of, with_failures
from registry.store import bodies
from registry.store.objects import StoredRollout
from registry.store.rollouts import NoRollout, Rollouts
from registry.world.rollouts import judge
from registry.world.world import World

log = logging.getLogger(__name__)

FIRST_LOOK, LAST_LOOK = 0.02, 1.0
"""Seconds between looks at a batch under way: soon at first, since most are done in an instant."""

STOP_SECONDS: Final = 10.0
"""After a stop, a batch that is held up from outside (by a default that is refused, say) is given up."""

UNSEEN_SECONDS: Final = 2.0
"""Between looks at users of a kind that cannot be listed just now."""

BREATH: Final = 50
"""Users judged before other work gets its turn."""


class Desk:
    """What all rollouts work with. `refusals` are the API server's words about keys that are being moved."""

    def __init__(
        self,
        world: World,
        queue: KeyQueue,
        store: Rollouts,
        rollouts: Mapping[str, StoredRollout],
        readable: Callable[[], Awaitable[object]],
    ) -> None:
        self.world = world
        self.queue = queue
        self.store = store
        self.rollouts = rollouts
        self.readable = readable
        self.refusals: dict[Key, str] = {}
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Some rollout was stopped or went: whoever rests looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def rest(self, seconds: float, going: Callable[[], bool]) -> None:
        """Wait so long, or until a rollout changed and this one is not `going` any more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while going():
                    await self._changed.wait()


class Conductor:
    """Carries out one rollout, from where it is to its end or its stop."""

    def __init__(self, desk: Desk, stored: StoredRollout) -> None:
        self._desk = desk
        self._rollout = stored.rollout
        failed = stored.status.failures
        self._waiting = deque(
            key for key in keys_of(self._rollout.users) if key.kind_name not in failed.get(key.namespace, {})
        )
        self._batch: set[Key] = set()
        self._unseen: list[Key] = []
        self._failed: dict[Key, Failure] = {}

    @property
    def template(self) -> str:
        """Whose rollout it is."""
        return self._rollout.template

    async def run(self) -> None:
        """Move batch after batch. Raises ApiError or StoreError when it cannot be recorded."""
        try:
            while self._runs() and await self._next_batch():
                await self._rest()
            await self._end()
        except NoRollout:
            log.info("rollout of %s was deleted or replaced", self.template)

    def let_go(self) -> None:
        """Aim at nothing any more."""
        for key in list(self._batch):
            self._settle(key)

    async def _next_batch(self) -> bool:
        """Move some; False when nobody is left."""
        await self._desk.readable()
        if self._obstacle():
            return False
        await self._begin()
        await self._await_batch()
        await self._record()
        return bool(self._waiting or self._unseen)

    async def _begin(self) -> None:
        judged = itertools.count(1)
        while self._waiting and len(self._batch) < self._rollout.batch:
            key = self._waiting.popleft()
            self._batch.add(key)
            if not self._look(key):
                self._aim(key)
            await _breathe(next(judged))

    async def _await_batch(self) -> None:
        pause = FIRST_LOOK
        patience = STOP_SECONDS
        while self._batch and patience > 0:
            await asyncio.sleep(pause)
            patience -= 0 if self._runs() else pause
            pause = min(2 * pause, LAST_LOOK)
            await self._desk.readable()
            for judged, key in enumerate(list(self._batch), 1):
                self._look(key)
                await _breathe(judged)
        self.let_go()

    def _look(self, key: Key) -> bool:
        """Take a user out of the batch unless it still has to be moved; answers whether it is out."""
        found = judge(self._desk.world, key, self.template, self._rollout.revision)
        if found is None:
            self._unseen.append(key)
        elif found.failure:
            self._failed[key] = found.failure
        elif found.state == "left":
            if key not in self._desk.refusals:
                return False
            self._failed[key] = Failure("PolicyRefused", self._desk.refusals[key])
        if found:
            metrics.ROLLOUT_USERS.labels("failed" if key in self._failed else found.state).inc()
        self._settle(key)
        return True

    def _aim(self, key: Key) -> None:
        self._desk.world.aim(key, self.template, self._rollout.revision)
        self._desk.queue.add(key)

    def _settle(self, key: Key) -> None:
        self._batch.discard(key)
        self._desk.refusals.pop(key, None)
        self._desk.world.settle(key, self.template)

    async def _rest(self) -> None:
        """Pause between batches; what cannot be seen now is looked at again when all others are through."""
        if self._waiting:
            await self._desk.rest(self._rollout.pause, self._runs)
            return
        await self._desk.rest(UNSEEN_SECONDS, self._runs)
        self._waiting.extend(self._unseen)
        self._unseen = []

    def _runs(self) -> bool:
        return self._state() == "running"

    def _state(self) -> State | None:
        stored = self._desk.rollouts.get(self.template)
        if stored is None or stored.rollout.started != self._rollout.started:
            return None
        return stored.status.state

    def _obstacle(self) -> str:
        """Why nobody can be moved to the revision any more; empty when nothing is in the way."""
        entry = self._desk.world.catalogue.get(self.template)
        if entry is None:
            return "The template was deleted."
        if entry.template(self._rollout.revision) is None:
            return f"Revision {self._rollout.revision} is not recorded any more."
        return ""

    async def _record(self) -> None:
        if self._failed:
            failed = dict(self._failed)
            await self._change(lambda status: with_failures(status, failed))
            self._failed = {}

    async def _end(self) -> None:
        obstacle = self._obstacle()

        def ended(status: Status) -> Status:
            if status.ended:
                return status
            state: State = "stopped" if obstacle or status.state == "stopping" else "done"
            detail = obstacle if status.state == "running" else status.detail
            return msgspec.structs.replace(status, state=state, finished=bodies.now(), detail=detail)

        await self._change(ended)
        log.info("rollout of %s to revision %d ended", self.template, self._rollout.revision)

    async def _change(self, make: Callable[[Status], Status]) -> None:
        await self._desk.store.change(self.template, self._rollout.started, make)


async def _breathe(judged: int) -> None:
    if judged % BREATH == 0:
        await asyncio.sleep(0)
