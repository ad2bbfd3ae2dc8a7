"""Whether a workload still stands, where what became of its policies makes one doubt it.

The garbage collector deletes the policies of a workload that is gone, and takes the ownerReference off those
that are to outlive it (https://kubernetes.io/docs/concepts/architecture/garbage-collection/). While the watch
of workloads is behind that of policies, this looks like somebody's edit; put back, such a policy would be
collected: lost, or made and collected again and again.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Final

from registry.planning.changes import Change
from registry.planning.objects import Key, Workload

AGAIN_SECONDS: Final = 3.0
"""A policy that has to be made anew twice in so many seconds is taken to be collected."""


class Owners:
    """Asks `stands` of the workload itself, only where a policy lost its owner or went twice.

    Once costs no question: a policy that somebody deleted comes back by one call.
    """

    def __init__(self, stands: Callable[[Workload], Awaitable[bool]]) -> None:
        self._stands = stands
        self._made_anew: dict[tuple[Key, str], float] = {}

    async def allow(
        self, workload: Workload | None, changes: Iterable[Change], applied: Collection[str]
    ) -> bool:
        """Whether `changes` may be carried out; otherwise the watch of `workload` will say why not.

        `applied` are the templates that were in force. Raises ApiError when the API server does not answer.
        """
        if workload and any(self._is_doubtful(workload, change, applied) for change in changes):
            return await self._stands(workload)
        return True

    def made_anew(self, key: Key, template: str) -> None:
        """Hear that a policy which had been in force was created."""
        now = time.monotonic()
        self._made_anew.pop((key, template), None)
        self._made_anew[key, template] = now
        while (oldest := next(iter(self._made_anew.items())))[1] < now - AGAIN_SECONDS:
            del self._made_anew[oldest[0]]

    def _is_doubtful(self, workload: Workload, change: Change, applied: Collection[str]) -> bool:
        if change.action == "create":
            at = self._made_anew.get((workload.key, change.template))
            again = at is not None and time.monotonic() - at < AGAIN_SECONDS
            return again and change.template in applied
        return change.action == "update" and change.live is not None and not change.live.owners
