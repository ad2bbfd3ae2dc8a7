"""Follows what shows whether policies are enforced, and which policies of other kinds there are."""

import asyncio
import logging
from typing import Any, Final

import msgspec

from registry.cluster.agents import ToldAgent, ToldNode, decode_agent, decode_k3s_node
from registry.cluster.cache import Cache
from registry.cluster.client import Client
from registry.cluster.errors import ApiError
from registry.cluster.informer import Informer, State
from registry.cluster.resources import DAEMON_SETS, NODES
from registry.cluster.served import policy_kinds
from registry.connectivity.completeness import Completeness, PolicyKind, completeness
from registry.settings import Settings

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0
"""How often it is asked which kinds of policies are served: there is no watch for that."""


class EnforcementWatch:
    """How complete answers about connections are, as far as the cluster shows it; `run` never returns."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self.standing: Completeness = completeness(setting=settings.policy_enforcement)
        """Replaced as a whole, so that any thread may read it."""
        self.asked = False
        """Whether it is known which other kinds of policies there are."""
        self._client = client
        self._setting = settings.policy_enforcement
        self._told = ""
        self._agents: Cache[ToldAgent] = Cache(self._changed)
        self._nodes: Cache[ToldNode] = Cache(self._changed)
        self._kinds: list[PolicyKind] = []
        self._informers = (
            Informer(client, DAEMON_SETS.path(), decode_agent, self._agents),
            Informer(client, NODES.path(), decode_k3s_node, self._nodes),
        )

    async def run(self) -> None:
        """Follow for ever."""
        async with asyncio.TaskGroup() as tasks:
            for informer in self._informers:
                tasks.create_task(informer.run())
                tasks.create_task(self._await(informer))
            tasks.create_task(self._ask_again())

    async def _await(self, informer: Informer[Any]) -> None:
        """What is read in part shows nothing yet."""
        await informer.settled.wait()
        self._take()

    async def ask(self) -> None:
        """Look which other kinds of policies there are now; what fails leaves what was known."""
        try:
            self._kinds = await policy_kinds(self._client)
        except (ApiError, msgspec.MsgspecError) as error:
            if str(error) != self._told:
                log.warning("which kinds of policies are served cannot be read: %s", error)
            self._told = str(error)
            return
        self._told = ""
        self.asked = True
        self._take()

    async def _ask_again(self) -> None:
        while True:
            await self.ask()
            await asyncio.sleep(EVERY_SECONDS)

    def _changed(self, _old: object, _new: object) -> None:
        # A list is taken in object by object: what shows in the middle of it was never there.
        asyncio.get_running_loop().call_soon(self._take)

    def _take(self) -> None:
        agents, nodes = self._informers
        read = agents.state is not State.STARTING and nodes.state is not State.STARTING
        before = self.standing
        self.standing = completeness(
            [one.agent for one in self._agents] if read else (),
            [one.facts for one in self._nodes] if read else (),
            self._kinds,
            setting=self._setting,
        )
        if self.standing != before:
            for remark in self.standing.remarks:
                if remark not in before.remarks:
                    log.warning("%s", remark)
