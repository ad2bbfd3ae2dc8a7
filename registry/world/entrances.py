"""Follows what leads from outside to workloads: Services, Ingresses, the Gateway API where it is served."""

import asyncio
import logging
from typing import Any, Final, NamedTuple

import msgspec

from registry.cluster.cache import Cache
from registry.cluster.client import Client
from registry.cluster.entrances import ToldEntrance, entrance_decoder
from registry.cluster.errors import ApiError
from registry.cluster.informer import Informer, State
from registry.cluster.resources import INGRESS_CLASSES, INGRESSES, SERVICES, Resource
from registry.cluster.served import counted, served
from registry.connectivity.entrances.gateway_api import GATEWAY
from registry.connectivity.entrances.objects import KINDS, OTHER_KINDS
from registry.connectivity.entrances.store import Entrances

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0
"""How often it is asked which kinds are served: of the Gateway API, and of those that are not read."""


class Known(NamedTuple):
    """All of them at one moment, and the kinds that are followed."""

    entrances: Entrances
    kinds: tuple[Resource, ...]


class EntrancesWatch:
    """All of them as they are now; `run` never returns. Kinds that may not be listed are told as missing."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._informers: dict[Resource, Informer[Any]] = {}
        self._made: Known | None = None
        self._told = ""
        self._others = Entrances().others
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> None:
        """Follow for ever; kinds of the Gateway API as soon as they are served."""
        async with self._tasks:
            for resource in (SERVICES, INGRESSES, INGRESS_CLASSES):
                self._follow(resource)
            while True:
                await self.look()
                await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Follow kinds that are served now and were not before."""
        try:
            found = await served(self._client, {GATEWAY: KINDS[GATEWAY]})
            others = await counted(self._client, OTHER_KINDS)
        except (ApiError, msgspec.MsgspecError) as error:
            if str(error) != self._told:
                log.warning("which kinds lead inside cannot be read: %s", error)
            self._told = str(error)
            return
        self._told = ""
        if others != self._others:
            self._others, self._made = others, None
        followed = {(one.group, one.kind) for one in self._informers}
        for resource in found:
            if (resource.group, resource.kind) not in followed:
                self._follow(resource)

    async def now(self) -> Known:
        """What is known now; to be asked in the loop, and not to be changed."""
        if self._made is None:
            objects = (one.entrance for informer in self._informers.values() for one in informer.cache)
            self._made = Known(Entrances(objects, self._missing(), self._others), tuple(self._informers))
        return self._made

    def _follow(self, resource: Resource) -> None:
        cache: Cache[ToldEntrance] = Cache(self._changed)
        informer: Informer[Any] = Informer(self._client, resource.path(), entrance_decoder(resource), cache)
        self._informers[resource] = informer
        self._tasks.create_task(informer.run())
        self._tasks.create_task(self._settled(informer))

    async def _settled(self, informer: Informer[Any]) -> None:
        """From then on a kind that may not be listed is told as such; once it may be, it no longer is."""
        for moment in (informer.settled, informer.synced):
            await moment.wait()
            self._made = None

    def _missing(self) -> dict[str, str]:
        """Kinds whose objects are not known, with the state of their copy."""
        states = {
            resource.label.removesuffix("."): informer.state for resource, informer in self._informers.items()
        }
        return {name: state.value for name, state in states.items() if state is not State.SYNCED}

    def _changed(self, _old: object, _new: object) -> None:
        self._made = None
