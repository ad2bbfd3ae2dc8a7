"""Watches straight at the API server, which go on after anything; they know what they may not have seen."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import msgspec

from bench.client import Client, Refused
from bench.soak.book import Thing

_RETRY_SECONDS: Final = 0.1
_WATCH: Final = "?watch=1&allowWatchBookmarks=true&timeoutSeconds=7200&resourceVersion="

OnChange = Callable[[str, str, Thing | None, bool], None]
"""Takes namespace, name, the object or None when it is gone, and whether nothing was missed before it."""


class _Gone(Exception):
    """The API server no longer knows what happened since the version that was seen last."""


class Watcher:
    """Keeps `objects` equal to a collection, by (namespace, name), and tells each change."""

    def __init__(self, client: Client, path: str, read: Callable[[Any], Thing], on_change: OnChange) -> None:
        self.objects: dict[tuple[str, str], Thing] = {}
        self.synced = asyncio.Event()
        self.relists = 0
        self._client = client
        self._path = path
        self._read = read
        self._on_change = on_change
        self._version = ""

    async def run(self) -> None:
        """Follow for ever. What the API server does not know (a kind whose definition went) is gone."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._follow()
            except _Gone:
                self._version = ""
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(_RETRY_SECONDS)
            except Refused as refused:
                if ": 404" in str(refused):
                    self._replace([], "")
                await asyncio.sleep(_RETRY_SECONDS)

    async def is_level(self) -> bool:
        """Whether the watch has shown all that is there now."""
        try:
            listed = await self._client.get(self._path)
        except (Refused, aiohttp.ClientError, OSError, TimeoutError):
            return False
        things = map(self._read, listed["items"])
        there = {(thing.namespace, thing.name): thing.resource_version for thing in things}
        return there == {place: thing.resource_version for place, thing in self.objects.items()}

    async def _list(self) -> None:
        listed = await self._client.get(self._path)
        self._replace(listed["items"], listed["metadata"]["resourceVersion"])

    def _replace(self, items: list[Any], version: str) -> None:
        """Take in a list. A change that it shows may not have been the only one since the last event."""
        first = not self.synced.is_set()
        things = {(thing.namespace, thing.name): thing for thing in map(self._read, items)}
        for place in self.objects.keys() - things.keys():
            self._put(place, None, sure=False)
        for place, thing in things.items():
            before = self.objects.get(place)
            if before is None or before.resource_version != thing.resource_version:
                self._put(place, thing, sure=first)
        self._version = version
        self.relists += not first
        self.synced.set()

    async def _follow(self) -> None:
        async with self._client.stream(self._path + _WATCH + self._version) as answer:
            if answer.status == 410:  # noqa: PLR2004 (Gone)
                raise _Gone
            if not answer.ok:
                raise Refused(f"watch of {self._path}: {answer.status}")
            async for line in answer.content:
                self._take(msgspec.json.decode(line))

    def _take(self, event: Any) -> None:  # noqa: ANN401 (JSON)
        if event["type"] == "ERROR":
            raise _Gone
        found = event["object"]
        self._version = found["metadata"]["resourceVersion"]
        if event["type"] == "BOOKMARK":
            return
        thing = self._read(found)
        self._put((thing.namespace, thing.name), None if event["type"] == "DELETED" else thing, sure=True)

    def _put(self, place: tuple[str, str], thing: Thing | None, *, sure: bool) -> None:
        if thing is None:
            self.objects.pop(place, None)
        else:
            self.objects[place] = thing
        self._on_change(*place, thing, sure)


def read_policy(found: Any) -> Thing:  # noqa: ANN401 (JSON)
    """A NetworkPolicy."""
    return _thing(found, found.get("spec", {}))


def read_plain(found: Any) -> Thing:  # noqa: ANN401 (JSON)
    """Anything of which the metadata is all that counts."""
    return _thing(found, {})


def read_workload(found: Any) -> Thing:  # noqa: ANN401 (JSON)
    """A workload, with its selector: by docs/contract.md, "Workloads"."""
    spec, labels = found.get("spec", {}), found["metadata"].get("labels", {})
    match found.get("kind") or _kind(spec):
        case "Pod":
            own = {name: value for name, value in labels.items() if "netpol-registry.dev" not in name}
            selector: dict[str, Any] = {"matchLabels": own}
        case "CronJob":
            pods = spec["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
            selector = {"matchLabels": pods}
        case "Rollout":
            selector = _parsed(found.get("status", {}).get("selector", ""))
        case _:
            selector = spec["selector"]
            if not selector.keys() & {"matchLabels", "matchExpressions"}:  # a ReplicationController's
                selector = {"matchLabels": selector}
    return _thing(found, selector)


def _kind(spec: dict[str, Any]) -> str:
    """Items of a list do not say their kind."""
    if "containers" in spec:
        return "Pod"
    if "jobTemplate" in spec:
        return "CronJob"
    return "" if "selector" in spec else "Rollout"


def _parsed(selector: str) -> dict[str, Any]:
    """The soak's custom workloads have selectors of one label."""
    name, _, value = selector.partition("=")
    return {"matchLabels": {name: value}} if selector else {}


def _thing(found: Any, spec: dict[str, Any]) -> Thing:  # noqa: ANN401 (JSON)
    meta = found["metadata"]
    return Thing(
        name=meta["name"],
        namespace=meta.get("namespace", ""),
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        labels=meta.get("labels", {}),
        annotations=meta.get("annotations", {}),
        owners=frozenset(owner["uid"] for owner in meta.get("ownerReferences", ())),
        deleting="deletionTimestamp" in meta,
        spec=spec,
    )
