"""The only way policies are written: changes of a plan, in its order, many at once.

Every answer goes into the watched copy at once, so the next plan sees what was written.
"""

import asyncio
import contextlib
from typing import Final, Protocol

import msgspec

from registry import contract
from registry.cluster.client import Client
from registry.cluster.decode import decode_policy
from registry.cluster.errors import NotFound
from registry.cluster.resources import NETWORK_POLICIES
from registry.planning.changes import Change
from registry.planning.objects import LivePolicy
from registry.planning.policies import release_body

_FIELD_MANAGER: Final = {"fieldManager": contract.MANAGER}


class Copy(Protocol):
    """The watched copy that learns at once what was written."""

    def writing(self, namespace: str, name: str) -> contextlib.AbstractContextManager[None]:
        """Until it ends, what a watch shows of that policy may be our own write."""

    def wrote(self, policy: LivePolicy) -> None:
        """`policy` is what the API server answered to a write."""

    def deleted(self, policy: LivePolicy) -> None:
        """`policy` was deleted by us."""


class Writer:
    """Writes policies, `in_flight` at once, and keeps `copy` as new as what was written."""

    def __init__(self, client: Client, copy: Copy, in_flight: int) -> None:
        self._client = client
        self._copy = copy
        self._slots = asyncio.Semaphore(in_flight)

    async def apply(self, change: Change) -> None:
        """Carry out one change. Raises ApiError when the API server refuses it, or does not answer.

        It is not tried again here: after a lost answer or a conflict it has to be planned again on what is
        there by then.
        """
        await self._slots.acquire()
        try:
            await self._write(change)
        finally:
            self._slots.release()

    async def _write(self, change: Change) -> None:
        match change.action:
            case "create":
                path = NETWORK_POLICIES.path(change.namespace)
                with self._copy.writing(change.namespace, change.name):
                    answer = await self._client.post(path, change.body(), _FIELD_MANAGER)
                    self._copy.wrote(decode_policy(answer))
            case "update":
                path = NETWORK_POLICIES.path(change.namespace, change.name)
                with self._copy.writing(change.namespace, change.name):
                    answer = await self._client.put(path, change.body(), _FIELD_MANAGER)
                    self._copy.wrote(decode_policy(answer))
            case "delete":
                await self._delete(change)
            case "release":
                await self._release(change)

    async def _release(self, change: Change) -> None:
        """One write more than a read: what is kept of others' is not held in memory."""
        live = change.live
        if live is None:
            return
        path = NETWORK_POLICIES.path(live.namespace, live.name)
        try:
            found = msgspec.json.decode(await self._client.get(path))
        except NotFound:
            self._copy.deleted(live)
            return
        with self._copy.writing(live.namespace, live.name):
            answer = await self._client.put(path, release_body(live, found), _FIELD_MANAGER)
            self._copy.wrote(decode_policy(answer))

    async def _delete(self, change: Change) -> None:
        live = change.live
        if live is None:
            return
        try:
            answer = await self._client.delete(
                NETWORK_POLICIES.path(live.namespace, live.name), change.body()
            )
        except NotFound:
            pass
        else:
            if _is_policy(answer):  # finalizers hold it: it is being deleted, and still there
                self._copy.wrote(decode_policy(answer))
                return
        self._copy.deleted(live)


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


def _is_policy(answer: bytes) -> bool:
    return msgspec.json.decode(answer, type=_Kind).kind == NETWORK_POLICIES.kind
