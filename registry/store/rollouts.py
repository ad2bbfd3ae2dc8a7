"""Rollouts in the store: begun and stopped by anybody, carried out by the controller.

One ConfigMap for each template, so that no template ever has two at once.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from registry import contract
from registry.cluster.client import Client
from registry.cluster.errors import Conflict, NotFound
from registry.cluster.resources import CONFIG_MAPS
from registry.jitter import between
from registry.planning.rollouts import Rollout, Status
from registry.settings import Settings
from registry.store import bodies
from registry.store.errors import StoreBusy, StoreError
from registry.store.objects import Stored, StoredRollout, rollout_name
from registry.store.watch import StoreWatch

ATTEMPTS: Final = 10

_FIELD_MANAGER: Final = {"fieldManager": contract.MANAGER}


class RolloutUnderWay(StoreError):
    """The template has a rollout that has not ended."""

    def __init__(self, current: StoredRollout) -> None:
        rollout = current.rollout
        super().__init__(
            f"A rollout of template {rollout.template} to revision {rollout.revision}, begun by "
            f"{rollout.author} at {rollout.started}, is {current.status.state}."
        )
        self.current = current


class NoRollout(StoreError):
    """The template never had a rollout, or it was replaced by another."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Template {name} has no rollout.")
        self.name = name


class Rollouts:
    """Begins rollouts and changes where they stand; every write is conditional."""

    def __init__(self, client: Client, watch: StoreWatch, settings: Settings) -> None:
        self._client = client
        self._watch = watch
        self._store = settings.store_name
        self._namespace = settings.store_namespace

    async def begin(self, rollout: Rollout) -> StoredRollout:
        """Record a rollout. Raises RolloutUnderWay until an earlier one has ended, StoreBusy or ApiError."""
        for attempt in range(ATTEMPTS):
            earlier = await self._watch.reread_rollout(rollout.template)
            if isinstance(earlier, StoredRollout) and not earlier.status.ended:
                raise RolloutUnderWay(earlier)
            try:
                return self._taken(await self._write(rollout, earlier))
            except (Conflict, NotFound):  # somebody began or deleted one in between
                await _pause(attempt)
        raise StoreBusy("Others kept changing this template's rollout. Try again.")

    async def _write(self, rollout: Rollout, earlier: Stored | None) -> bytes:
        if earlier is None:
            path = CONFIG_MAPS.path(self._namespace)
            return await self._client.post(path, bodies.rollout_body(self._store, rollout), _FIELD_MANAGER)
        body = bodies.rollout_body(self._store, rollout, earlier.resource_version)
        return await self._client.put(self._path(rollout.template), body, _FIELD_MANAGER)

    async def change(self, template: str, started: str, make: Callable[[Status], Status]) -> StoredRollout:
        """Change where the rollout begun at `started` stands, anew when somebody else was faster.

        Raises NoRollout when it is not there any more, or ApiError.
        """
        current = self._watch.rollouts.get(template)
        for attempt in range(ATTEMPTS):
            if current is None or current.rollout.started != started:
                raise NoRollout(template)
            status = make(current.status)
            if status == current.status:
                return current
            patch = bodies.status_patch(current.resource_version, status)
            try:
                return self._taken(
                    await self._client.merge_patch(self._path(template), patch, _FIELD_MANAGER)
                )
            except NotFound as error:
                raise NoRollout(template) from error
            except Conflict:
                await _pause(attempt)
                found = await self._watch.reread_rollout(template)
                current = found if isinstance(found, StoredRollout) else None
        raise StoreBusy("Others kept changing this template's rollout. Try again.")

    def _path(self, template: str) -> str:
        return CONFIG_MAPS.path(self._namespace, rollout_name(self._store, template))

    def _taken(self, raw: bytes) -> StoredRollout:
        stored = self._watch.take(raw)
        if not isinstance(stored, StoredRollout):
            raise TypeError("the API server answered something else than a rollout")
        return stored


async def _pause(attempt: int) -> None:
    await asyncio.sleep(between(0, 0.01 * (attempt + 1)))
