"""Follows the objects that tell facts, and hands changed facts on once they have settled."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from registry.cluster.cache import Cache
from registry.cluster.client import Client, Query
from registry.cluster.decode import decode_endpoints
from registry.cluster.facts import class_decoder, decode_node_cache, decode_ranges, decode_service
from registry.cluster.informer import Informer, State
from registry.cluster.resources import (
    DAEMON_SETS,
    ENDPOINT_SLICES,
    GATEWAY_CLASSES,
    INGRESS_CLASSES,
    NODES,
    SERVICE_CIDRS,
    SERVICES,
)
from registry.model.facts import API_SERVER, DNS, FACT_NAMES, INGRESS_CONTROLLERS, PRIVATE
from registry.planning.objects import Key, Workload
from registry.settings import Settings
from registry.world.facts import api_server, dns
from registry.world.facts.ingress import ingress_controllers, product_of
from registry.world.facts.known import Fact, Found, fact
from registry.world.facts.ranges import merged, private_ranges

log = logging.getLogger(__name__)

QUIET_SECONDS: Final = 1.0
"""Facts are handed on once nothing that tells them has changed for so long."""

LATEST_SECONDS: Final = 10.0
"""And at the latest after so long: what flaps makes policies follow this often, no more."""

START_SECONDS: Final = 5.0
"""How long the start waits for what tells facts; what is not read by then is unknown until it is."""

T = TypeVar("T", bound=msgspec.Struct)


class _Source(Generic[T]):
    """A kind of object that tells facts; `changed` is called when what counts of one is different."""

    def __init__(
        self,
        client: Client,
        path: str,
        decode: Callable[[bytes], T | None],
        changed: Callable[[], None],
        selector: Query | None = None,
    ) -> None:
        self._changed = changed
        cache: Cache[Any] = Cache(self._on_change)
        self.informer: Informer[Any] = Informer(client, path, decode, cache, selector)

    @property
    def objects(self) -> Iterable[T]:
        """Those that are there; none while the kind may not be listed or is not served."""
        return list(self.informer.cache)

    async def run(self) -> None:
        """Follow for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.informer.run())
            for moment in (self.informer.settled, self.informer.synced):
                await moment.wait()
                self._changed()

    def _on_change(self, old: Any, new: Any) -> None:  # noqa: ANN401 (any object of this kind)
        if old and new and msgspec.structs.replace(old, resource_version=new.resource_version) == new:
            return
        self._changed()


class FactsWatch:
    """All cluster facts as they stand; `publish` is called with those that are known when some changed.

    Workloads come by `on_workload` from whoever watches them. A kind that may not be listed counts as one of
    which there is nothing, and so does one that the API server does not serve.
    """

    def __init__(
        self, client: Client, settings: Settings, publish: Callable[[Mapping[str, object]], None]
    ) -> None:
        self.standing: Mapping[str, Fact] = {}
        """By name; replaced as a whole, so that any thread may read it. Empty until the start."""
        self.pod_ranges: tuple[str, ...] = settings.pod_ranges
        """The ranges of Pods: those of the settings, else those that Nodes tell."""
        self._settings = settings
        self._publish = publish
        self._changed = asyncio.Event()
        self._detected: set[str] = set()
        self._workloads: dict[Key, Workload] = {}
        changed, system = self._changed.set, dns.NAMESPACE
        slices = ENDPOINT_SLICES.path(api_server.NAMESPACE)
        self._slices = _Source(client, slices, decode_endpoints, changed, api_server.SELECTOR)
        self._services = _Source(client, SERVICES.path(system), decode_service, changed, dns.SELECTOR)
        self._caches = _Source(client, DAEMON_SETS.path(system), decode_node_cache, changed)
        self._classes = tuple(
            _Source(client, one.path(), class_decoder(one), changed)
            for one in (INGRESS_CLASSES, GATEWAY_CLASSES)
        )
        self._nodes = _Source(client, NODES.path(), decode_ranges, changed)
        self._service_ranges = _Source(client, SERVICE_CIDRS.path(), decode_ranges, changed)

    def run(self, tasks: asyncio.TaskGroup) -> None:
        """Watch from now on, in tasks of this group."""
        for source in self._sources():
            tasks.create_task(source.run())

    async def settle(self) -> None:
        """Wait for a while until every source was tried."""
        try:
            async with asyncio.timeout(START_SECONDS):
                for source in self._sources():
                    await source.informer.settled.wait()
        except TimeoutError:
            unread = [source.informer.path for source in self._sources() if not _is_read(source)]
            log.warning("some facts of the cluster are not known yet, not read are %s", ", ".join(unread))

    async def follow(self) -> None:
        """Hand on each change once it has settled, for ever."""
        while True:
            await self._changed.wait()
            await self._quiet()
            self.take()

    def on_workload(self, old: Workload | None, new: Workload | None) -> None:
        """A workload appeared, changed or went."""
        was, now = (one if one and product_of(one) else None for one in (old, new))
        if was:
            self._workloads.pop(was.key, None)
        if now:
            self._workloads[now.key] = now
        if was or now:
            self._changed.set()

    def informers(self) -> Iterable[Informer[Any]]:
        """Those of what is served and may be listed."""
        found = (source.informer for source in self._sources())
        return [informer for informer in found if informer.state is State.SYNCED]

    def _sources(self) -> tuple[_Source[Any], ...]:
        named = (self._slices, self._services, self._caches, self._nodes, self._service_ranges)
        return (*named, *self._classes)

    async def _quiet(self) -> None:
        loop = asyncio.get_running_loop()
        latest = loop.time() + LATEST_SECONDS
        while self._changed.is_set() and loop.time() < latest:
            self._changed.clear()
            await asyncio.sleep(QUIET_SECONDS)

    def take(self) -> None:
        """Hand on what is known now."""
        self._changed.clear()
        found = {name: msgspec.structs.replace(one, read=read) for name, (one, read) in self._found().items()}
        self._detected |= {name for name, one in found.items() if one.value is not None}
        # Without ranges of its own a cluster has the private ones alone: that is known, not lost.
        detected = self._detected - {PRIVATE}
        before, given = self.standing, self._settings.facts
        self.standing = {
            name: fact(name, found[name], given, was_detected=name in detected) for name in FACT_NAMES
        }
        told = merged(block for one in self._nodes.objects for block in one.blocks)
        self.pod_ranges = self._settings.pod_ranges or told
        _tell(before, self.standing)
        self._publish({name: one.value for name, one in self.standing.items() if one.known != "unknown"})

    def _found(self) -> Mapping[str, tuple[Found, bool]]:
        """By name: what the objects say, and whether all of them have been read."""
        classes = [found for source in self._classes for found in source.objects]
        trusted = {*self._settings.excluded_namespaces, self._settings.store_namespace}
        ranges = (self._settings.pod_ranges, self._nodes.objects, self._service_ranges.objects)
        return {
            API_SERVER: (api_server.api_server(self._slices.objects), _is_read(self._slices)),
            DNS: (
                dns.cluster_dns(self._services.objects, self._caches.objects),
                _is_read(self._services, self._caches),
            ),
            INGRESS_CONTROLLERS: (
                ingress_controllers(classes, self._workloads.values(), trusted),
                _is_read(*self._classes),
            ),
            PRIVATE: (private_ranges(*ranges), _is_read(self._nodes, self._service_ranges)),
        }


def _is_read(*sources: _Source[Any]) -> bool:
    return all(source.informer.state is not State.STARTING for source in sources)


def _tell(before: Mapping[str, Fact], now: Mapping[str, Fact]) -> None:
    """Say in the log what is different; a remark is said when it comes."""
    for name, one in now.items():
        old = before.get(name)
        if old is None or (old.known, old.value) != (one.known, one.value):
            by = ", ".join(map(_named, one.sources))
            log.info("%s is now %s%s", name, one.known, f": {by}" if by else "")
        for remark in one.remarks:
            if old is None or remark not in old.remarks:
                log.warning("%s: %s", name, remark.message)


def _named(key: Key) -> str:
    return f"{key.kind_name} in {key.namespace}" if key.namespace else key.kind_name
