"""A client that tells of each call, and that writes only as long as it may."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from registry.cluster.client import SILENCE_SECONDS, Client, Request
from registry.cluster.connection import Connection
from registry.cluster.errors import ApiError, Status
from registry.cluster.http1 import Answer


class Barred(ApiError):
    """Not sent: this process may not write now, because it does not lead."""


class Call(NamedTuple):
    """A request and its answer: `code` is 0 when there was none, `seconds` to its end (a watch: its head)."""

    method: str
    path: str
    code: int
    seconds: float
    watch: bool


class GuardedClient(Client):
    """Asks `may_write` right before each write, else raises Barred; `observe` hears of each call."""

    def __init__(
        self,
        connection: Connection,
        *,
        connections: int,
        silence: float = SILENCE_SECONDS,
        may_write: Callable[[], bool],
        observe: Callable[[Call], None],
    ) -> None:
        super().__init__(connection, connections=connections, silence=silence)
        self._may_write = may_write
        self._observe = observe

    async def _admit(self, request: Request) -> None:
        await super()._admit(request)
        if request.method != "GET" and not self._may_write():
            raise Barred(Status(reason="Barred", message="This process does not lead, so it writes nothing."))

    async def _exchange(self, request: Request, answer: Answer) -> bytes:
        began = time.perf_counter()
        try:
            content = await super()._exchange(request, answer)
        except ApiError:
            self._tell(request, answer, began)
            raise
        self._tell(request, answer, began)
        return content

    @contextlib.asynccontextmanager
    async def _stream(self, request: Request, answer: Answer) -> AsyncIterator[AsyncIterator[bytes]]:
        began, told = time.perf_counter(), False
        try:
            async with super()._stream(request, answer) as pieces:
                told = True
                self._tell(request, answer, began, watch=True)
                yield pieces
        except ApiError:
            if not told:
                self._tell(request, answer, began, watch=True)
            raise

    def _tell(self, request: Request, answer: Answer, began: float, *, watch: bool = False) -> None:
        seconds = time.perf_counter() - began
        self._observe(Call(request.method, request.path, answer.status, seconds, watch))
