"""A watched copy of one kind of object, kept by list and watch."""

import asyncio
import enum
import logging
import time
from collections.abc import Callable
from typing import Generic

import msgspec

from registry.cluster import watch
from registry.cluster.cache import Cache, T
from registry.cluster.client import Client, Query
from registry.cluster.errors import (
    ApiError,
    BadRequest,
    Forbidden,
    Gone,
    NotFound,
    Unprocessable,
    is_transient,
)
from registry.cluster.watch import Event, Identity, Lines
from registry.jitter import between

log = logging.getLogger(__name__)

PAGE = 500
"""Objects in one page of a list, as client-go asks for."""

WATCH_SECONDS = (240, 480)
"""A watch is renewed after a random time in this range, so that many do not renew at once."""

FIRST_DELAY, LAST_DELAY = 0.2, 30.0
"""Seconds between attempts: at first, and at last where only somebody's doing would change the answer."""

SOON = 0.5
"""At last where the API server is in trouble: what was missed is known soon after its return."""

WARM_UP = 60.0
"""So long an API server that just started may forbid what it will allow: it answers before it knows RBAC."""


class State(enum.Enum):
    """How far an informer's copy can be trusted."""

    STARTING = "starting"
    SYNCED = "synced"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"


class Informer(Generic[T]):
    """Keeps `cache` equal to the objects at `path`; `run` never returns.

    `decode` turns an object's JSON into what is kept of it, so that memory holds no more; None for an
    object that is none of those looked for.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        decode: Callable[[bytes], T | None],
        cache: Cache[T],
        selector: Query | None = None,
    ) -> None:
        self.cache = cache
        self.path = path
        self.state = State.STARTING
        self.restarts = 0
        self.synced = asyncio.Event()
        self.settled = asyncio.Event()
        self._client = client
        self._decode = decode
        self._selector = dict(selector or {})
        self._version = ""
        self._replay = True
        self._told = ""
        self._moved = False
        self._forbidden_at: float | None = None

    async def run(self) -> None:
        """List and watch for ever; a failure is waited out with growing, jittered delays.

        They grow only while nothing comes of an attempt, and little where the API server is in trouble.
        """
        reach, failures = self._client.reach, 0
        while True:
            await reach.turn()
            self._moved = False
            longest = await self._attempt()
            failures = 0 if longest is None else 1 if self._moved else failures + 1
            self.restarts += 1
            # Also after a watch that ended well: a server that ends each at once is not asked without rest.
            delay = min(FIRST_DELAY * 2.0 ** min(failures, 20), longest or FIRST_DELAY)
            await reach.rest(delay * between(0.5, 1))

    async def _attempt(self) -> float | None:
        """Follow until that ends; the longest delay before the next attempt, None when it ended well."""
        reach = self._client.reach
        try:
            await self._follow()
        except Gone:
            self._version = ""
            reach.answered()
            return SOON
        except msgspec.MsgspecError as error:
            # A line that is no whole event: what it would have said is only known by reading all again.
            self._version = ""
            log.warning("watch of %s sent what cannot be read: %s", self.path, error)
        except ApiError as error:
            self._failed(error)
            if is_transient(error) or self._is_warming_up(error):
                reach.failed()
                return SOON
        else:
            self._told, self._forbidden_at = "", None
            return None
        return LAST_DELAY

    def _is_warming_up(self, error: ApiError) -> bool:
        """Whether what was allowed before may be so again in a moment."""
        if not isinstance(error, Forbidden) or not self.synced.is_set():
            return False
        now = time.monotonic()
        if self._forbidden_at is None or self._moved:
            self._forbidden_at = now
        return now - self._forbidden_at < WARM_UP

    async def _follow(self) -> None:
        if not self._version and not self._replay:
            await self._list()
        try:
            await self._watch()
        except (BadRequest, Unprocessable):
            if not self._replay or self._version:
                raise
            self._replay = False  # a server without WatchList: page through a list instead

    async def _list(self) -> None:
        listed: list[T] = []
        query: dict[str, str | int] = {**self._selector, "limit": PAGE}
        while True:
            page = watch.decode_page(await self._client.get(self.path, query))
            listed += [one for item in page.items if (one := self._decode(bytes(item)))]
            if not page.metadata.continue_:
                break
            query["continue"] = page.metadata.continue_
        self._take(listed, page.metadata.resource_version)

    def _take(self, listed: list[T], version: str) -> None:
        self.cache.replace(listed, version)
        self._version, self._moved = version, True
        self.state = State.SYNCED
        self.synced.set()
        self.settled.set()

    async def _watch(self) -> None:
        replayed: list[T] | None = [] if not self._version else None
        seconds = round(between(*WATCH_SECONDS))
        query = watch.watch_query(self._selector, self._version, seconds, replay=replayed is not None)
        lines = Lines()
        async with self._client.stream(self.path, query) as chunks:
            async for chunk in chunks:
                for event in lines.feed(chunk):
                    replayed = self._on_event(event, replayed)

    def _on_event(self, event: Event, replayed: list[T] | None) -> list[T] | None:
        """Take in one event; the first ones are gathered until the bookmark that ends the replay."""
        if event.type == "ERROR":
            raise watch.read_error(event)
        if event.type == "BOOKMARK":
            return self._on_bookmark(event, replayed)
        if replayed is not None:
            one = self._decode(bytes(event.object))
            replayed += [one] if one else []
            return replayed
        identity = watch.read_identity(event)
        # What is held already came by the answer to a write of ours.
        if event.type == "DELETED" or not self.cache.holds(identity):
            self._on_change(event, identity)
        self._version, self._moved = identity.resource_version, True
        return None

    def _on_change(self, event: Event, identity: Identity) -> None:
        one = self._decode(bytes(event.object))
        if one and event.type != "DELETED":
            self.cache.put(one)
        elif gone := one or self.cache.get(identity.namespace, identity.name):
            self.cache.drop(gone)

    def _on_bookmark(self, event: Event, replayed: list[T] | None) -> list[T] | None:
        bookmark = watch.read_bookmark(event)
        if replayed is not None and bookmark.initial_end:
            self._take(replayed, bookmark.resource_version)
            return None
        if replayed is None:
            self._version = bookmark.resource_version
        return replayed

    def _failed(self, error: ApiError) -> None:
        """Say it once; a copy that was synced stays as it was, since the objects did not change by this."""
        if str(error) != self._told:
            log.warning("watch of %s failed: %s", self.path, error)
            self._told = str(error)
        if self.state is State.STARTING and isinstance(error, Forbidden | NotFound):
            self.state = State.FORBIDDEN if isinstance(error, Forbidden) else State.ABSENT
            self.settled.set()
