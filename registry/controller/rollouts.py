"""Rollouts carried out: for each that runs, batch after batch is aimed at its revision.

Nothing is written to policies here. A rollout only says which revision a reference is to have from now
on; the ordinary reconcile of its key does the rest, as for any other change.
"""

import asyncio
import logging
from typing import Final

from registry.cluster.errors import ApiError, Forbidden, Unprocessable
from registry.controller.batches import Conductor, Desk
from registry.planning.objects import Key
from registry.planning.rollouts import keys_of
from registry.store.errors import StoreError
from registry.store.objects import StoredRollout
from registry.world.world import Move

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 2.0

NEWS_SECONDS: Final = 0.5
"""Before the first batch: a controller that hears of the rollout later would undo it as drift."""

LATE_SECONDS: Final = 60.0
"""So long after its end a rollout still explains what another controller moved: watches may lag."""


class RolloutKeeper:
    """Has one conductor at work for each rollout that has not ended."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._at_work: set[str] = set()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A rollout began, changed or went."""
        self._woken.set()
        self._desk.changed()

    def refused(self, key: Key, error: ApiError) -> None:
        """The API server refused a write for `key`; whoever moves it hears of what stays so."""
        if key in self._desk.world.targets and isinstance(error, Forbidden | Unprocessable):
            self._desk.refusals[key] = str(error)

    async def run(self) -> None:
        """Carry out what there is and what comes, for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for name, stored in list(self._desk.rollouts.items()):
                    if not stored.status.ended and name not in self._at_work:
                        self._at_work.add(name)
                        tasks.create_task(self._conduct(stored))
                await self._woken.wait()
                self._woken.clear()

    async def _conduct(self, stored: StoredRollout) -> None:
        rollout, conductor = stored.rollout, Conductor(self._desk, stored)
        move = Move(rollout.revision, frozenset(keys_of(rollout.users)))
        self._desk.world.moves[rollout.template] = move
        try:
            await asyncio.sleep(NEWS_SECONDS)
            await conductor.run()
        except (ApiError, StoreError) as error:
            log.warning("rollout of %s: %s; goes on in %.0f s", conductor.template, error, RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            conductor.let_go()
            self._at_work.discard(conductor.template)
            self._woken.set()
            asyncio.get_running_loop().call_later(LATE_SECONDS, self._forget, rollout.template, move)

    def _forget(self, template: str, move: Move) -> None:
        if self._desk.world.moves.get(template) is move:
            del self._desk.world.moves[template]
