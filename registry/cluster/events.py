"""Kubernetes Events on what a person should know, written apart from the policy path.

Events are told on transitions; a problem that stands is told again at most once an interval. What
was told before a restart is read back, so that a restart tells nothing twice.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from registry import contract
from registry.cluster.client import Client
from registry.cluster.errors import AlreadyExists, ApiError, NotFound
from registry.cluster.resources import EVENTS
from registry.planning.objects import Note

log = logging.getLogger(__name__)

RATE: Final = 50.0
BURST: Final = 100.0
"""Events a second, and how many at once: a flood of them must not cost the policies their time."""

PATIENCE: Final = 2.0
PAUSE: Final = 0.05
"""How long, in seconds, an Event gives way while policies wait to be written, and how often it looks."""

QUEUE_LIMIT: Final = 10_000
"""Events waiting to be written; more are dropped and counted, never waited for."""

MESSAGE_LIMIT: Final = 1024
"""Bytes of a message: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/"""


class About(msgspec.Struct, frozen=True, rename="camel"):
    """The object an Event is about (`involvedObject`); `namespace` also for a Namespace itself."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""


class _Involved(msgspec.Struct, frozen=True):
    uid: str = ""


class _Told(msgspec.Struct, frozen=True, rename="camel"):
    metadata: _Metadata = _Metadata()
    involved_object: _Involved = _Involved()
    last_timestamp: str | None = None


class _ToldList(msgspec.Struct, frozen=True):
    items: list[_Told] = []


class EventRecorder:
    """Takes notes from the control loop and writes them as Events, one after the other."""

    def __init__(self, client: Client, interval: float, busy: Callable[[], bool] = lambda: False) -> None:
        self.dropped = 0
        self._client = client
        self._interval = interval
        self._busy = busy
        self._told: dict[str, dict[str, float]] = {}
        self._early: dict[str, tuple[About, Collection[Note]]] | None = None
        self._queue: asyncio.Queue[_Item] = asyncio.Queue(QUEUE_LIMIT)

    async def remember(self) -> None:
        """Read back the Events that an earlier run wrote; what stands is told, or not, once that is known.

        Raises ApiError, and then it is all told.
        """
        self._early = {}
        try:
            await self._read_back()
        finally:
            early, self._early = self._early, None
            for about, notes in early.values():
                self.tell_standing(about, notes)

    async def _read_back(self) -> None:
        query = {"fieldSelector": f"source={contract.MANAGER}"}
        listed = msgspec.json.decode(await self._client.get(EVENTS.path(), query), type=_ToldList)
        for told in listed.items:
            if told.last_timestamp:
                moment = datetime.fromisoformat(told.last_timestamp).timestamp()
                self._told.setdefault(told.involved_object.uid, {})[told.metadata.name] = moment

    def tell_once(self, about: About, note: Note) -> None:
        """Tell something that just happened."""
        moment = datetime.now(UTC).timestamp()
        self._put(_Item(about, note, f"{_name(about, note)}.{int(moment * 1000):x}", standing=False))

    def tell_standing(self, about: About, notes: Collection[Note]) -> None:
        """Tell all that stands about an object now; what is told again only after the interval.

        What no longer stands is forgotten, so that it is told at once when it comes back.
        """
        if self._early is not None:
            self._early[about.uid] = (about, notes)
            return
        if not notes:
            self._told.pop(about.uid, None)
            return
        now = datetime.now(UTC).timestamp()
        before = self._told.pop(about.uid, {})
        standing: dict[str, float] = {}
        for note in notes:
            name = _name(about, note)
            standing[name] = before.get(name, 0)
            if now - standing[name] >= self._interval:
                standing[name] = now
                self._put(_Item(about, note, name, standing=True))
        if standing:
            self._told[about.uid] = standing

    async def run(self) -> None:
        """Write what was told, for ever; what stood and no longer stands when its turn comes is left out."""
        budget, since = BURST, asyncio.get_running_loop().time()
        while True:
            item = await self._queue.get()
            await self._give_way()
            if item.standing and item.name not in self._told.get(item.about.uid, {}):
                continue
            now = asyncio.get_running_loop().time()
            budget, since = min(BURST, budget + (now - since) * RATE), now
            if budget < 1:
                await asyncio.sleep((1 - budget) / RATE)
            budget -= 1
            await self._write(item)

    async def _give_way(self) -> None:
        """Let policies go first, for a while: an Event is told late rather than a policy."""
        for _ in range(round(PATIENCE / PAUSE)):
            if not self._busy():
                return
            await asyncio.sleep(PAUSE)

    def _put(self, item: "_Item") -> None:
        about, note = item.about, item.note
        level = logging.WARNING if note.type == "Warning" else logging.INFO
        log.log(level, "%s %s/%s: %s: %s", about.namespace, about.kind, about.name, note.reason, note.message)
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            self.dropped += 1

    async def _write(self, item: "_Item") -> None:
        about = item.about
        body = _body(about, item.note, item.name)
        try:
            await self._client.post(EVENTS.path(about.namespace), body)
        except AlreadyExists:
            await self._renew(about, item.name, body["lastTimestamp"])
        except NotFound:
            log.debug("namespace %s is gone; its Event %s is not needed", about.namespace, item.note.reason)
        except ApiError as error:
            self._lost(item, error)

    async def _renew(self, about: About, name: str, moment: str) -> None:
        try:
            await self._client.merge_patch(EVENTS.path(about.namespace, name), {"lastTimestamp": moment})
        except ApiError as error:
            self.dropped += 1
            log.warning("Event %s was not renewed: %s", name, error)

    def _lost(self, item: "_Item", error: ApiError) -> None:
        self.dropped += 1
        about = item.about
        log.warning(
            "Event %s about %s/%s was not written: %s", item.note.reason, about.kind, about.name, error
        )


class _Item(NamedTuple):
    """An Event to write; `standing` ones tell of something that lasts."""

    about: About
    note: Note
    name: str
    standing: bool


def _name(about: About, note: Note) -> str:
    """One name for one thing to tell: the same problem of the same object is the same Event."""
    identity = "\0".join((about.kind, about.uid, note.reason, note.message))
    return f"{about.name[:200]}.{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def _body(about: About, note: Note, name: str) -> Mapping[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": about.namespace, "annotations": dict(note.annotations)},
        "involvedObject": about,
        "type": note.type,
        "reason": note.reason,
        "message": note.message.encode()[:MESSAGE_LIMIT].decode(errors="ignore"),
        "source": {"component": contract.MANAGER},
        "reportingComponent": contract.MANAGER,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
