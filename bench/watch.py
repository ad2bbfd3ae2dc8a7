"""A watch that tells when something is there: the end of every clock, of controller and baseline alike."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import msgspec

from bench.client import Client

_WATCH: Final = "?watch=1&allowWatchBookmarks=true&timeoutSeconds=7200"
_FROM_THE_START: Final = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
_INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"


Place = tuple[str, str]


class _Owner(msgspec.Struct, frozen=True):
    uid: str


class Meta(msgspec.Struct, frozen=True, rename="camel"):
    """What a measurement needs to know of an object."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[_Owner, ...] = ()


class _Object(msgspec.Struct, frozen=True):
    metadata: Meta


class _Event(msgspec.Struct, frozen=True):
    type: str
    object: _Object


_decode: Final = msgspec.json.Decoder(_Event).decode


class WatchEndedError(RuntimeError):
    """The watch cannot be gone on with, so nothing can be said any more."""


class Watch:
    """The objects at `path` as a watch has shown them so far; an async context manager."""

    def __init__(self, client: Client, path: str) -> None:
        self.objects: dict[Place, Meta] = {}
        self.owned: Counter[str] = Counter()  # objects by the uid of their owner
        self.events: Counter[Place] = Counter()  # how often each object was written
        self._client = client
        self._path = path
        self._changed = asyncio.Event()
        self._synced = False
        self._version = ""

    async def __aenter__(self) -> Self:
        self._following = asyncio.create_task(self._follow())
        await self.until(lambda: self._synced)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._following

    def owns(self, uid: str) -> bool:
        """Whether the object of that uid owns any of the objects."""
        return self.owned[uid] > 0

    async def until(self, check: Callable[[], bool]) -> None:
        """Return as soon as `check` holds; it is asked again after each event."""
        while not check():
            if self._following.done():
                raise WatchEndedError(f"the watch of {self._path} ended") from self._following.exception()
            self._changed.clear()
            await self._changed.wait()

    async def _follow(self) -> None:
        place = _FROM_THE_START
        try:
            while True:  # the API server ends the watch of a client that is slow, as on a busy machine
                async with self._client.stream(self._path + _WATCH + place) as answer:
                    async for line in answer.content:
                        self._take(_decode(line))
                        self._changed.set()
                place = f"&resourceVersion={self._version}"
        finally:
            self._changed.set()

    def _take(self, event: _Event) -> None:
        meta = event.object.metadata
        if event.type == "ERROR":
            raise WatchEndedError(f"the watch of {self._path} was refused after version {self._version}")
        self._version = meta.resource_version
        match event.type:
            case "BOOKMARK":
                self._synced |= _INITIAL_EVENTS_END in meta.annotations
                return
            case "DELETED":
                self.objects.pop((meta.namespace, meta.name), None)
                self.owned.subtract(owner.uid for owner in meta.owner_references)
            case "ADDED":
                self.objects[meta.namespace, meta.name] = meta
                self.owned.update(owner.uid for owner in meta.owner_references)
            case _:
                self.objects[meta.namespace, meta.name] = meta
        self.events[meta.namespace, meta.name] += 1
