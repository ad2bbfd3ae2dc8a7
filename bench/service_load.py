"""A load generator that costs little beside what it measures: prepared requests on keep-alive connections."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

from devcluster.ports import LOOPBACK

CONNECTIONS: Final = 4
"""Enough to keep one worker busy; more would only measure its queue."""

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Failed(RuntimeError):
    """An answer other than 200; the message is how it begins."""


class _Connection(asyncio.Protocol):
    """Sends one request again and again, each when the answer to the one before is complete."""

    def __init__(self, request: bytes) -> None:
        self.answered = 0
        self.failure: str = ""
        self.ended = asyncio.get_running_loop().create_future()
        self._request = request
        self._left = 0
        self._head = b""
        self._stopping = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (a TCP connection's is one)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._left:
            self._head += data
            head, found, body = self._head.partition(_END)
            if not found:
                return
            self._head = b""
            self._left, data = _length(head), body
            if not head.startswith(b"HTTP/1.1 200"):
                self.failure = head[:200].decode(errors="replace")
                self._transport.abort()
        self._left -= len(data)
        if self._left <= 0:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        if not self.ended.done():
            self.ended.set_result(None)

    def stop(self) -> None:
        """End with the answer under way."""
        self._stopping = True

    def _next(self) -> None:
        self.answered += 1
        if self._stopping:
            self._transport.close()
        else:
            self._transport.write(self._request)


async def rate(port: int, request: bytes, seconds: float) -> float:
    """Requests a second that are answered with 200 on that port of the loopback address. Raises Failed."""
    async with _opened(port, request) as connections:
        began = time.perf_counter()
        await asyncio.sleep(seconds)
        for one in connections:
            one.stop()
        await asyncio.gather(*(one.ended for one in connections))
        elapsed = time.perf_counter() - began
    if failure := next((one.failure for one in connections if one.failure), ""):
        raise Failed(failure)
    return sum(one.answered for one in connections) / elapsed


def get(path: str, token: str) -> bytes:
    """A prepared GET request."""
    lines = (f"GET {path} HTTP/1.1", f"Host: {LOOPBACK}", f"Authorization: Bearer {token}", "Accept: */*")
    return "\r\n".join([*lines, "", ""]).encode()


@contextlib.asynccontextmanager
async def _opened(port: int, request: bytes) -> AsyncIterator[list[_Connection]]:
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Connection(request), LOOPBACK, port) for _ in range(CONNECTIONS)
    ]
    yield [protocol for _, protocol in made]


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(_LENGTH) + len(_LENGTH)
    return int(lower[start : lower.find(b"\r\n", start) if b"\r\n" in lower[start:] else None])
