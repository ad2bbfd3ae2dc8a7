"""The kinds of workloads that are watched now: the built-in ones, and custom ones as they come and go."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from registry.cluster.cache import Cache
from registry.cluster.client import Client
from registry.cluster.discovery import CustomKind, decode_custom_kind
from registry.cluster.errors import Forbidden, NotFound
from registry.cluster.informer import Informer, State
from registry.cluster.resources import BUILT_IN_WORKLOADS, CUSTOM_RESOURCE_DEFINITIONS, Resource
from registry.cluster.workloads import Decode, custom_decoder, workload_decoder
from registry.planning.objects import Workload
from registry.world.triggers import Triggers

log = logging.getLogger(__name__)

CUSTOM_SECONDS: Final = 5.0
"""How long the start waits for custom kinds, such as one whose conversion webhook does not answer."""


class WatchedKind:
    """One kind, its informer, and the tasks that work for it."""

    def __init__(self, client: Client, resource: Resource, decode: Decode, triggers: Triggers) -> None:
        self.resource = resource
        self.decode = decode
        cache: Cache[Workload] = Cache(triggers.on_workload)
        self.informer = Informer(client, resource.path(), decode, cache)
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def kind(self) -> tuple[str, str]:
        """Group and kind, as keys have them."""
        return self.resource.group, self.resource.kind

    def stop(self) -> None:
        """Watch no more, and forget what was seen."""
        for task in self.tasks:
            task.cancel()
        self.informer.cache.clear()


class WatchedKinds:
    """Starts and stops the informers of workloads, and lets kinds into the world once they are read.

    At the start all kinds are let in at once: a preset on a kind not yet known would seem to be gone. A kind
    that may not be listed is left out and said so; whatever is left out is neither changed nor deleted.
    """

    def __init__(self, client: Client, triggers: Triggers) -> None:
        self._client = client
        self._triggers = triggers
        self._tasks: asyncio.TaskGroup | None = None
        self._opened = asyncio.Event()
        self._watched: dict[str, WatchedKind] = {}
        self._definitions: Informer[CustomKind] = Informer(
            client, CUSTOM_RESOURCE_DEFINITIONS.path(), decode_custom_kind, Cache(self._on_definition)
        )

    def run(self, tasks: asyncio.TaskGroup) -> None:
        """Watch from now on, in tasks of this group."""
        self._tasks = tasks
        for resource in BUILT_IN_WORKLOADS:
            self._start(resource.label, resource, workload_decoder(resource))
        tasks.create_task(self._definitions.run())

    async def settle(self) -> None:
        """Wait until every built-in kind was tried, and custom ones for a while."""
        built_in = [self._watched[resource.label] for resource in BUILT_IN_WORKLOADS]
        informers: list[Informer[Any]] = [self._definitions, *(one.informer for one in built_in)]
        for informer in informers:
            await informer.settled.wait()
        try:
            async with asyncio.timeout(CUSTOM_SECONDS):
                for one in list(self._watched.values()):
                    await one.informer.settled.wait()
        except TimeoutError:
            log.warning("some custom kinds cannot be read yet: %s", ", ".join(self._unsettled()))

    def open(self) -> None:
        """Let in all that has been read; what is read later comes by itself."""
        for one in self._watched.values():
            if one.informer.synced.is_set():
                self._admit(one)
        self._opened.set()

    @property
    def admitted(self) -> tuple[Resource, ...]:
        """The kinds of which all objects are known."""
        world = self._triggers.world
        return tuple(one.resource for one in list(self._watched.values()) if one.kind in world.workloads)

    def read(self, resource: Resource, raw: bytes) -> Workload | None:
        """A workload of a watched kind from its JSON; None for what another controller manages.

        Raises KeyError for a kind that is watched no more.
        """
        return self._watched[resource.label].decode(raw)

    async def stands(self, workload: Workload) -> bool:
        """Whether the API server has `workload`, and is not deleting it; True where we may not look.

        Raises ApiError.
        """
        key = workload.key
        watched = (one for one in self._watched.values() if one.kind == (key.group, key.kind))
        if (one := next(watched, None)) is None:
            return False
        try:
            raw = await self._client.get(one.resource.path(key.namespace, key.name))
        except NotFound:
            return False
        except Forbidden:
            return True
        found = one.decode(raw)
        return found is not None and found.uid == workload.uid and not found.deleting

    def informers(self) -> Iterable[Informer[Any]]:
        """All of them."""
        return [self._definitions, *(one.informer for one in self._watched.values())]

    def states(self) -> Mapping[str, State]:
        """How far the copy of each kind can be trusted, by its label; also of the definitions of kinds."""
        found: dict[str, State] = {CUSTOM_RESOURCE_DEFINITIONS.plural: self._definitions.state}
        return found | {label: one.informer.state for label, one in list(self._watched.items())}

    def _unsettled(self) -> Iterator[str]:
        return (label for label, one in self._watched.items() if not one.informer.settled.is_set())

    def _on_definition(self, old: CustomKind | None, new: CustomKind | None) -> None:
        if old and new and _how(old) == _how(new):
            return
        if old:
            self._stop(old.name)
        if new:
            self._start(new.name, new.resource, custom_decoder(new.resource, new.selector_path))

    def _start(self, label: str, resource: Resource, decode: Decode) -> None:
        assert self._tasks is not None  # noqa: S101 (nothing is heard before `run`)
        one = self._watched[label] = WatchedKind(self._client, resource, decode, self._triggers)
        one.tasks = [self._tasks.create_task(work) for work in (one.informer.run(), self._admit_later(one))]

    def _stop(self, label: str) -> None:
        """A kind is gone, or served in another way. Its policies stay: nothing says that its objects went."""
        one = self._watched.pop(label)
        self._triggers.world.workloads.pop(one.kind, None)
        one.stop()

    async def _admit_later(self, one: WatchedKind) -> None:
        await self._opened.wait()
        await one.informer.synced.wait()
        if one.kind not in self._triggers.world.workloads:
            self._admit(one)
            self._triggers.of_kind(*one.kind)

    def _admit(self, one: WatchedKind) -> None:
        """Let keys of a kind be decided on: all its objects are known."""
        self._triggers.world.workloads[one.kind] = one.informer.cache


def _how(kind: CustomKind) -> tuple[str, Resource, tuple[str, ...]]:
    """What its watch rests on; a definition made anew has a watch anew."""
    return kind.uid, kind.resource, kind.selector_path
