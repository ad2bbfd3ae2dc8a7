"""Old revisions that nobody uses are deleted: of each template the last ones stay, and every one in use."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Final

import msgspec

from registry import contract
from registry.cluster.client import Client
from registry.cluster.errors import ApiError, Conflict, NotFound
from registry.cluster.informer import State
from registry.cluster.resources import BUILT_IN_WORKLOADS, CONFIG_MAPS, NAMESPACES, NETWORK_POLICIES, Resource
from registry.controller import metrics
from registry.store.bodies import delete_options
from registry.store.objects import Record
from registry.store.pruning import prunable
from registry.store.watch import StoreWatch
from registry.world.revisions import revisions_in_use
from registry.world.watched import WatchedCluster

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 3.0

AT_ONCE: Final = 20
"""Revisions of a template that are asked for together, right before they are deleted."""


class _List(msgspec.Struct):
    items: list[msgspec.Raw] = []


class Pruner:
    """Deletes records of revisions, `limit` at least staying for each template.

    Nothing is deleted while the store cannot be read, a built-in kind cannot be listed, or keys wait
    (`idle`): then not all that is in use is known.
    """

    def __init__(
        self, client: Client, watch: StoreWatch, cluster: WatchedCluster, limit: int, idle: Callable[[], bool]
    ) -> None:
        self._client = client
        self._watch = watch
        self._cluster = cluster
        self._limit = limit
        self._idle = idle
        self._looked: object = None

    async def run(self, readable: asyncio.Event) -> None:
        """Look every few seconds, for ever; without any change since, a look costs nothing."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await readable.wait()
            try:
                await self._prune()
            except ApiError as error:
                log.warning("old revisions cannot be deleted now: %s", error)

    async def _prune(self) -> None:
        records = self._watch.view.records
        crowded = {name: len(found) for name, found in records.items() if len(found) > self._limit}
        metrics.REVISIONS.set(sum(map(len, records.values())))
        state = (self._cluster.triggers.changes, crowded)
        if not crowded or state == self._looked or not self._may():
            return
        through = [await self._prune_template(name) for name in crowded]
        self._looked = state if all(through) else None

    async def _prune_template(self, name: str) -> bool:
        """Delete what is unused; False when something was in between, and another look is needed."""
        unused = self._unused(name)
        chunks = [unused[start : start + AT_ONCE] for start in range(0, len(unused), AT_ONCE)]
        return all([await self._delete(name, chunk) for chunk in chunks])

    def _may(self) -> bool:
        main, skipped = self._watch.view.main, self._cluster.skipped()
        if any(resource.label in skipped for resource in BUILT_IN_WORKLOADS):
            return False  # of custom ones it is usual that they are left out
        states = {self._watch.state, *self._cluster.states().values()}
        return states == {State.SYNCED} and main is not None and main.heads is not None and self._idle()

    def _unused(self, name: str) -> list[Record]:
        found = revisions_in_use(self._cluster.world, {name})
        if name not in found:
            return []
        rollout = self._watch.rollouts.get(name)
        target = {rollout.rollout.revision} if rollout and not rollout.status.ended else set()
        stored = self._watch.pins.get(name)
        pinned = {pin.revision for pin in stored.pins.values()} if stored else set()
        return prunable(self._watch.view.holding(name), self._limit, found[name] | target | pinned)

    async def _delete(self, name: str, records: Sequence[Record]) -> bool:
        if await self._used_by_now(name, {record.revision.number for record in records}) or not self._may():
            return False
        known = {record.uid for record in self._unused(name)}
        return all([record.uid in known and await self._delete_one(record) for record in records])

    async def _delete_one(self, record: Record) -> bool:
        path = CONFIG_MAPS.path(record.namespace, record.name)
        try:
            await self._client.delete(path, delete_options(record.uid, record.resource_version))
        except (Conflict, NotFound):
            return False  # it changed, or somebody else was faster: the next look tells
        metrics.REVISIONS_PRUNED.inc()
        log.info("deleted revision %d of template %s: unused", record.revision.number, record.revision.name)
        return True

    async def _used_by_now(self, name: str, numbers: Set[int]) -> bool:
        """Whether the API server knows of a use that the watched copy does not show yet."""
        borne = ",".join(map(str, sorted(numbers)))
        named = ",".join(f"v{number}" for number in sorted(numbers))
        label = f"{contract.TEMPLATE_LABEL_PREFIX}{name} in ({named})"
        policies = f"{contract.TEMPLATE_LABEL}={name},{contract.REVISION_LABEL} in ({borne})"
        asked = [(kind, label) for kind in (NAMESPACES, *self._cluster.kinds)]
        return await self._any([(NETWORK_POLICIES, policies), *asked])

    async def _any(self, asked: Iterable[tuple[Resource, str]]) -> bool:
        return any(await asyncio.gather(*(self._exists(*one) for one in asked)))

    async def _exists(self, kind: Resource, selector: str) -> bool:
        raw = await self._client.get(kind.path(), {"labelSelector": selector, "limit": 1})
        return bool(msgspec.json.decode(raw, type=_List).items)
