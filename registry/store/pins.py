"""Pins in the store: one ConfigMap for each template that has some, changed by whoever sees a need."""

import asyncio
from collections.abc import Callable
from typing import Final

from registry import contract
from registry.cluster.client import Client
from registry.cluster.errors import AlreadyExists, Conflict, NotFound
from registry.cluster.resources import CONFIG_MAPS
from registry.jitter import between
from registry.planning.pins import Pins
from registry.settings import Settings
from registry.store import bodies
from registry.store.errors import StoreBusy
from registry.store.objects import StoredPins, pins_name
from registry.store.watch import StoreWatch

ATTEMPTS: Final = 10

_FIELD_MANAGER: Final = {"fieldManager": contract.MANAGER}


class PinStore:
    """Changes pins; every write is conditional, and none is made without a change."""

    def __init__(self, client: Client, watch: StoreWatch, settings: Settings) -> None:
        self._client = client
        self._watch = watch
        self._store = settings.store_name
        self._namespace = settings.store_namespace

    async def change(self, template: str, make: Callable[[Pins], Pins]) -> None:
        """Have a template's pins be what `make` makes of them, anew when somebody else was faster.

        Raises StoreBusy, or ApiError.
        """
        for attempt in range(ATTEMPTS):
            stored = self._watch.pins.get(template)
            before: Pins = stored.pins if stored else {}
            after = make(before)
            if after == before:
                return
            try:
                self._watch.take(await self._write(template, stored, after))
            except (AlreadyExists, Conflict, NotFound):
                await asyncio.sleep(between(0, 0.01 * (attempt + 1)))
                await self._watch.reread_pins(template)
            else:
                return
        raise StoreBusy(f"Others kept changing the pins of template {template}. Try again.")

    async def _write(self, template: str, stored: StoredPins | None, after: Pins) -> bytes:
        if stored is None:
            body = bodies.pins_body(self._store, template, after)
            return await self._client.post(CONFIG_MAPS.path(self._namespace), body, _FIELD_MANAGER)
        patch = bodies.pins_patch(stored.resource_version, stored.pins, after)
        path = CONFIG_MAPS.path(self._namespace, pins_name(self._store, template))
        return await self._client.merge_patch(path, patch, _FIELD_MANAGER)
