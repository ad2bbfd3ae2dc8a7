"""A client that tells of each call, and that writes only as long as it may."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import aiohttp

from registry.cluster.client import Client, _Request
from registry.cluster.connection import Connection
from registry.cluster.errors import ApiError, Status


class Barred(ApiError):
    """Not sent: this process may not write now, because it does not lead."""


class Call(NamedTuple):
    """A request and its answer: `code` is 0 when there was none, `seconds` are those to its headers."""

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
        may_write: Callable[[], bool],
        observe: Callable[[Call], None],
    ) -> None:
        super().__init__(connection, connections=connections)
        self._may_write = may_write
        self._observe = observe

    @contextlib.asynccontextmanager
    async def _answer(self, request: _Request) -> AsyncIterator[aiohttp.ClientResponse]:
        if request.method != "GET" and not self._may_write():
            raise Barred(Status(reason="Barred", message="This process does not lead, so it writes nothing."))
        began, answered = time.perf_counter(), False
        try:
            async with super()._answer(request) as response:
                answered = True
                self._tell(request, response.status, began)
                yield response
        except ApiError as error:
            if not answered:
                self._tell(request, error.status.code, began)
            raise

    def _tell(self, request: _Request, code: int, began: float) -> None:
        seconds, watch = time.perf_counter() - began, request.patience is not None
        self._observe(Call(request.method, request.path, code, seconds, watch))
