"""When the policies of a Namespace wait for those of its workloads, and for how long at most.

New ones do, because workloads' own policies say what stays allowed. And no default takes a workload in while
the policy of its preset is on its way, so that one that somebody deleted costs one write: its own.
"""

import asyncio
from collections.abc import Iterator
from typing import Final

from registry.controller.queue import KeyQueue
from registry.planning.changes import Plan
from registry.planning.objects import Key, Namespace, namespace_key
from registry.world.world import World

CREATES_LIMIT: Final = 10.0
"""How long, in seconds, new policies of a namespace wait for its workloads' own."""

PRESETS_LIMIT: Final = 2.0
"""How long, in seconds, defaults wait for presets: meanwhile a workload may be covered by neither."""


class Barrier:
    """What holds Namespaces up."""

    def __init__(self, world: World, queue: KeyQueue) -> None:
        self._world = world
        self._queue = queue
        self._since: dict[str, float] = {}
        self._presets: dict[str, set[Key]] = {}

    def holds_up(self, namespace: Namespace, plan: Plan) -> bool:
        """Whether nothing of `plan` is to be written now; the Namespace then comes again by itself."""
        held = self._seconds(namespace, plan) > 0
        if not held:
            self.forget(namespace.name)
        return held

    def settled(self, key: Key) -> None:
        """Hear that the work on a key ended: its preset is in force, or is not to be waited for."""
        awaited = self._presets.get(key.namespace, set())
        if key in awaited:
            awaited.discard(key)
            if not awaited:
                self._queue.hasten(namespace_key(key.namespace))

    def forget(self, namespace: str) -> None:
        """Nothing holds it up any more, or it is gone."""
        self._since.pop(namespace, None)
        if self._presets.pop(namespace, None) is not None:
            self._queue.drop_time(namespace_key(namespace))

    def _seconds(self, namespace: Namespace, plan: Plan) -> float:
        name = namespace.name
        if any(change.action == "create" for change in plan.changes) and self._queue.busy(name):
            seconds = self._left(name, CREATES_LIMIT)
            if seconds > 0:
                self._queue.add_behind(name, seconds)
            return seconds
        presets = set(self._presets_to_come(namespace)) if plan.changes and namespace.managed else set()
        seconds = self._left(name, PRESETS_LIMIT) if presets else 0
        if seconds > 0:
            self._presets[name] = presets
            self._queue.add_after(namespace.key, seconds)
        return seconds

    def _left(self, namespace: str, limit: float) -> float:
        now = asyncio.get_running_loop().time()
        return self._since.setdefault(namespace, now) + limit - now

    def _presets_to_come(self, namespace: Namespace) -> Iterator[Key]:
        for key in self._world.index.workloads(namespace.name):
            if self._queue.expects(key) and self._world.lacks_preset(key, namespace):
                yield key
