"""The informers of everything that planning looks at, wired to one World."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from registry.cluster.client import Client
from registry.cluster.decode import (
    Endpoints,
    decode_endpoints,
    decode_namespace,
    decode_policy,
    workload_decoder,
)
from registry.cluster.informer import Cache, Informer, State
from registry.cluster.resources import NAMESPACES, NETWORK_POLICIES, WORKLOADS, Resource
from registry.planning.objects import Key, Workload
from registry.settings import Settings
from registry.world.facts import API_SERVER_SELECTOR, API_SERVER_SLICES, cluster_facts
from registry.world.triggers import Triggers


class WatchedCluster:
    """Watches namespaces, policies, workloads and facts; `touch` is called with each key that changed.

    `admitted` is set once all has been read that can be. The catalogue is not among them: whoever
    follows the store hands it to `triggers.on_catalogue`.
    """

    def __init__(self, client: Client, settings: Settings, touch: Callable[[Key], object]) -> None:
        self.triggers = Triggers(touch, {*settings.excluded_namespaces, settings.store_namespace})
        self.world = self.triggers.world
        self.admitted = asyncio.Event()
        self._settled_facts = settings.facts
        self._endpoints: Cache[Endpoints] = Cache(lambda _old, _new: self._follow_facts())
        self._namespaces = Informer(
            client, NAMESPACES.path(), decode_namespace, self.world.namespaces, _selector(settings)
        )
        self._policies = Informer(client, NETWORK_POLICIES.path(), decode_policy, self.world.policies)
        self._workloads = {resource: self._watch(client, resource) for resource in WORKLOADS}
        self._facts = Informer(
            client, API_SERVER_SLICES, decode_endpoints, self._endpoints, API_SERVER_SELECTOR
        )

    async def run(self) -> None:
        """Watch for ever; a kind that could not be listed at first is admitted once it can be."""
        async with asyncio.TaskGroup() as tasks:
            for informer in self.informers():
                tasks.create_task(informer.run())
            await self._settle()
            # All kinds at once: a preset on a kind not yet known would seem to be gone.
            late = [resource for resource in self._workloads if not self._admit(resource)]
            self._follow_facts()
            self.triggers.all()
            self.admitted.set()
            for resource in late:
                tasks.create_task(self._admit_late(resource))

    async def _settle(self) -> None:
        """Wait until what decisions rest on has been read, and workloads have been tried."""
        await self._namespaces.synced.wait()
        await self._policies.synced.wait()
        tried: list[Informer[Any]] = [*self._workloads.values(), self._facts]
        for informer in tried:
            await informer.settled.wait()

    def informers(self) -> Iterable[Informer[Any]]:
        """All of them."""
        return [self._namespaces, self._policies, *self._workloads.values(), self._facts]

    def states(self) -> dict[str, State]:
        """How far each copy that decisions rest on can be trusted, by the plural of its kind."""
        copies: dict[str, Informer[Any]] = {"namespaces": self._namespaces, "networkpolicies": self._policies}
        copies |= {resource.plural: informer for resource, informer in self._workloads.items()}
        return {name: informer.state for name, informer in copies.items()}

    def _watch(self, client: Client, resource: Resource) -> Informer[Workload]:
        cache: Cache[Workload] = Cache(self.triggers.on_workload)
        return Informer(client, resource.path(), workload_decoder(resource), cache)

    def _admit(self, resource: Resource) -> bool:
        """Let keys of a kind be decided on, if all its objects are known; else nothing of it is touched."""
        informer = self._workloads[resource]
        if informer.synced.is_set():
            self.world.workloads[resource.group, resource.kind] = informer.cache
        return informer.synced.is_set()

    async def _admit_late(self, resource: Resource) -> None:
        await self._workloads[resource].synced.wait()
        self._admit(resource)
        self.triggers.all()

    def _follow_facts(self) -> None:
        self.triggers.on_facts(cluster_facts(self._settled_facts, self._endpoints))


def _selector(settings: Settings) -> dict[str, str]:
    return {"labelSelector": settings.namespace_selector} if settings.namespace_selector else {}
