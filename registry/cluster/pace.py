"""What the API server asked to wait with: Retry-After, heeded by all calls of a kind, whoever makes them.

Priority and Fairness refuses with 429 and Retry-After; a server that ends does so with 503.
https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
"""

import asyncio

from registry.cluster.requests import resource_of


class Pace:
    """Until when calls of a kind wait: the kind is whether it writes, and the resource."""

    def __init__(self) -> None:
        self._open_at: dict[tuple[bool, str], float] = {}

    def hold(self, method: str, path: str, seconds: float) -> None:
        """Hold calls of that kind for so long, from now."""
        kind = _kind(method, path)
        until = asyncio.get_running_loop().time() + seconds
        self._open_at[kind] = max(until, self._open_at.get(kind, 0))

    @property
    def holds_any(self) -> bool:
        """Whether any kind of call may have to wait; nearly always none has."""
        return bool(self._open_at)

    async def turn(self, method: str, path: str) -> None:
        """Return when a call of that kind may be made."""
        kind = _kind(method, path)
        left = self._open_at.get(kind, 0) - asyncio.get_running_loop().time()
        if left <= 0:
            self._open_at.pop(kind, None)
        else:
            await asyncio.sleep(left)
            await self.turn(method, path)  # another call may have been told to wait longer meanwhile


def _kind(method: str, path: str) -> tuple[bool, str]:
    return method != "GET", resource_of(path)
