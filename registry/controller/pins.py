"""Pins kept up to date: what pinned references have in force once their template has moved on."""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime
from typing import Final

from registry.cluster.errors import ApiError, is_transient
from registry.planning.names import template_of
from registry.planning.objects import Key, is_namespace
from registry.planning.pins import Pin, Pins, wanted
from registry.planning.resolve import Applied
from registry.store.errors import StoreError
from registry.store.pins import PinStore
from registry.store.watch import StoreWatch
from registry.world.pins import all_held
from registry.world.rollouts import value_of
from registry.world.world import World

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 1.0
"""Changes are gathered for so long: a template that moves on is one write, however many follow it.

What a reference gave up is not: until that is recorded, a crash would bring it back.
"""


class PinKeeper:
    """Records pins of what was reconciled. Work is in proportion to that."""

    def __init__(self, world: World, watch: StoreWatch, store: PinStore) -> None:
        self._world = world
        self._watch = watch
        self._store = store
        self._done: set[Key] = set()
        self._released: set[tuple[str, Key]] = set()
        self._hurry = asyncio.Event()
        world.pin = self.pin

    def pin(self, template: str, key: Key) -> Pin | None:
        """What is recorded of a reference, unless it was given up since."""
        return None if (template, key) in self._released else self._watch.pin(template, key)

    def touched(self, key: Key) -> None:
        """An object changed: a reference that is no longer pinned gives up what was recorded of it.

        At once, and not when the record is next written: pinned again, it starts from the current revision.
        """
        recorded = self._recorded(key)
        namespace = self._world.namespace(key.namespace) if recorded else None
        if namespace is None or not (is_namespace(key) or self._world.workload(key)):
            return
        for template in recorded:
            pinned = value_of(self._world, key, namespace, template) == "true"
            if not (pinned and self._world.catalogue.get(template)) and (template, key) not in self._released:
                self._released.add((template, key))
                self._hurry.set()

    def reconciled(self, key: Key) -> None:
        """A key has what it asks for, or what stands in the way is told."""
        self._done.add(key)

    async def run(self, readable: asyncio.Event) -> None:
        """Record what changed, every so often, for ever; at first, look at whatever was recorded."""
        await readable.wait()
        self._done |= {key for stored in self._watch.pins.values() for key in stored.pins}
        loop = asyncio.get_running_loop()
        due = loop.time() + EVERY_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._hurry.wait()
            await readable.wait()
            done = {key for _, key in self._released} if self._hurry.is_set() else set()
            self._hurry.clear()
            if loop.time() >= due:
                done, self._done = done | self._done, set()
                due = loop.time() + EVERY_SECONDS
            for template, keys in self._by_template(done).items():
                await self._record(template, keys)

    def _by_template(self, keys: set[Key]) -> dict[str, set[Key]]:
        found: dict[str, set[Key]] = {}
        for key in keys:
            for template in self._templates(key):
                found.setdefault(template, set()).add(key)
        return found

    def _templates(self, key: Key) -> set[str]:
        applied = self._world.applied.get(key, {})
        borne = {template_of(live) for live in self._world.live(key)}
        found = {name for name in borne if not self._is_current(name, applied.get(name))}
        return {name for name in found | self._recorded(key) if name in self._world.catalogue.entries}

    def _recorded(self, key: Key) -> set[str]:
        """Templates of which something is recorded for `key`."""
        return {name for name, stored in self._watch.pins.items() if key in stored.pins}

    def _is_current(self, template: str, applied: Applied | None) -> bool:
        """Whether the current revision is in force: nothing has to be recorded of that, as of nearly all."""
        entry = self._world.catalogue.entries.get(template)
        return applied is not None and entry is not None and applied.revision >= entry.head

    async def _record(self, template: str, keys: set[Key]) -> None:
        entry = self._world.catalogue.entries[template]
        today = datetime.now(UTC).date()

        def make(stored: Pins) -> Pins:
            if entry.deleted:
                return {}  # its users start anew if it ever comes back
            mine = {key: pin for key, pin in stored.items() if key in keys}
            others = {key: pin for key, pin in stored.items() if key not in keys}
            return {**others, **wanted(entry.head, all_held(self._world, keys, template), mine, today)}

        try:
            await self._store.change(template, make)
        except (ApiError, StoreError) as error:
            log.warning("pins of template %s cannot be recorded: %s", template, error)
            if isinstance(error, StoreError) or is_transient(error):
                self._done |= keys  # else they are too many for a ConfigMap: with the next change
        else:
            self._released -= {(template, key) for key in keys}
