"""The informers of everything that planning looks at, wired to one World."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from registry.cluster.client import Client
from registry.cluster.decode import decode_namespace, decode_policy
from registry.cluster.informer import Informer, State
from registry.cluster.resources import NAMESPACES, NETWORK_POLICIES, Resource
from registry.planning.objects import Key, Workload
from registry.settings import Settings
from registry.world.facts.watched import FactsWatch
from registry.world.kinds import WatchedKinds
from registry.world.triggers import Triggers

SKIPPED: Final = frozenset({State.FORBIDDEN, State.ABSENT})


class WatchedCluster:
    """Watches namespaces, policies, workloads and facts; `touch` is called with each key that changed.

    `admitted` is set once all has been read that can be. The catalogue is not among them: whoever
    follows the store hands it to `triggers.on_catalogue`.
    """

    def __init__(self, client: Client, settings: Settings, touch: Callable[[Key], object]) -> None:
        self.triggers = Triggers(touch, {*settings.excluded_namespaces, settings.store_namespace})
        self.world = self.triggers.world
        self.admitted = asyncio.Event()
        self.facts = FactsWatch(client, settings, self.triggers.on_facts)
        self.triggers.noticed = self.facts.on_workload
        self._namespaces = Informer(
            client, NAMESPACES.path(), decode_namespace, self.world.namespaces, _selector(settings)
        )
        self._policies = Informer(client, NETWORK_POLICIES.path(), decode_policy, self.world.policies)
        self._kinds = WatchedKinds(client, self.triggers)

    async def run(self) -> None:
        """Watch for ever; a kind that could not be listed at first is admitted once it can be."""
        async with asyncio.TaskGroup() as tasks:
            for informer in (self._namespaces, self._policies):
                tasks.create_task(informer.run())
            self._kinds.run(tasks)
            self.facts.run(tasks)
            await self._namespaces.synced.wait()
            await self._policies.synced.wait()
            await self._kinds.settle()
            await self.facts.settle()
            self._kinds.open()
            self.facts.take()
            tasks.create_task(self.facts.follow())
            self.triggers.all()
            self.admitted.set()

    @property
    def kinds(self) -> tuple[Resource, ...]:
        """The kinds of workloads of which all objects are known now; none before `admitted`."""
        return self._kinds.admitted

    def read(self, resource: Resource, raw: bytes) -> Workload | None:
        """A workload of one of `kinds` from its JSON; None for one that another controller manages.

        Raises KeyError for a kind that is watched no more.
        """
        return self._kinds.read(resource, raw)

    async def stands(self, workload: Workload) -> bool:
        """Whether the API server has `workload`, and is not deleting it: the watch may be behind.

        True where we may not look. Raises ApiError.
        """
        return await self._kinds.stands(workload)

    def informers(self) -> Iterable[Informer[Any]]:
        """All of them."""
        return [self._namespaces, self._policies, *self.facts.informers(), *self._kinds.informers()]

    def states(self) -> dict[str, State]:
        """How far each copy that decisions rest on can be trusted, by its kind's label."""
        copies = {"namespaces": self._namespaces.state, "networkpolicies": self._policies.state}
        return copies | {name: state for name, state in self._kinds.states().items() if state not in SKIPPED}

    def skipped(self) -> dict[str, State]:
        """Kinds of workloads that are left out, because they may not be listed or are not served."""
        return {name: state for name, state in self._kinds.states().items() if state in SKIPPED}


def _selector(settings: Settings) -> dict[str, str]:
    return {"labelSelector": settings.namespace_selector} if settings.namespace_selector else {}
