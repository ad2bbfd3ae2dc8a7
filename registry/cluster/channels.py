"""Connections to one API server, kept open and used again."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

from registry.cluster.channel import Channel
from registry.cluster.http1 import Answer, Malformed
from registry.cluster.sockets import watch_over

IDLE_SECONDS: Final = 30.0
"""A connection unused for so long is not used again: the API server closes those of 90 s."""

CONNECT_SECONDS: Final = 5.0
"""To one address of the API server; then the next is tried."""

_CUT: Final = (OSError, Malformed)
"""A connection was cut, or silent for too long (TimeoutError is an OSError)."""


class Channels:
    """At most `limit` connections to the server of `url`; whoever finds them all in use waits.

    What goes wrong below HTTP is raised as it is: OSError (also of TLS), TimeoutError, http1.Malformed.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | None, limit: int) -> None:
        split = urlsplit(url)
        self.host = split.netloc.rpartition("@")[2]
        self.prefix = split.path.rstrip("/")
        self._address = split.hostname or "", split.port or (443 if split.scheme == "https" else 80)
        self._tls = (tls or ssl.create_default_context()) if split.scheme == "https" else None
        self._slots = asyncio.Semaphore(limit)
        self._idle: deque[Channel] = deque()

    async def exchange(self, request: bytes, answer: Answer, seconds: float) -> bytes:
        """Send a request and read its answer into `answer`; returns the content."""
        deadline = asyncio.get_running_loop().time() + seconds
        if self._slots.locked():
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        else:
            await self._slots.acquire()  # at once
        try:
            return await self._exchanged(request, answer, deadline)
        except _CUT:
            self._mistrust()
            raise
        finally:
            self._slots.release()

    async def _exchanged(self, request: bytes, answer: Answer, deadline: float) -> bytes:
        channel = self._take() or await self._connected(deadline)
        try:
            content = await channel.exchange(request, answer, deadline)
        except BaseException:
            channel.close()
            raise
        self._give(channel, answer)
        return content

    @contextlib.asynccontextmanager
    async def stream(
        self, request: bytes, answer: Answer, silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Send a request and read the head of its answer; then its content in pieces while they come.

        After `silence` seconds without one, TimeoutError.
        """
        try:
            async with self._slots:
                deadline = asyncio.get_running_loop().time() + silence
                with contextlib.closing(self._take() or await self._connected(deadline)) as channel:
                    await channel.send(request, deadline)
                    first = b""
                    while not (answer.status or first):
                        first = await channel.piece(answer, deadline)
                    yield _pieces(channel, answer, first, silence)
        except _CUT:
            self._mistrust()
            raise

    def close(self) -> None:
        """Close those that are not in use; those in use end with what uses them."""
        while self._idle:
            self._idle.pop().close()

    def _mistrust(self) -> None:
        """What cut or silenced one connection most likely did so to those that were idle meanwhile.

        A load balancer need not tell that what is behind it went away; each of them would fail one request.
        """
        self.close()

    def _take(self) -> Channel | None:
        while self._idle:
            channel = self._idle.pop()
            if not channel.broken and time.monotonic() - channel.used_at < IDLE_SECONDS:
                channel.idle = False
                return channel
            channel.close()
        return None

    def _give(self, channel: Channel, answer: Answer) -> None:
        if not answer.keeps_alive:
            channel.close()
            return
        channel.used_at = time.monotonic()
        channel.idle = True
        self._idle.append(channel)

    async def _connected(self, deadline: float) -> Channel:
        async with asyncio.timeout_at(deadline):
            return await self._connected_anywhere()

    async def _connected_anywhere(self) -> Channel:
        loop = asyncio.get_running_loop()
        host, port = self._address
        problem: OSError | None = None
        for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            plain = socket.socket(family, kind, protocol)
            plain.setblocking(False)
            watch_over(plain)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await loop.sock_connect(plain, address)
            except OSError as error:  # TimeoutError is one
                plain.close()
                problem = error
                continue
            except BaseException:
                plain.close()
                raise
            return await self._secured(plain)
        raise problem or OSError(f"{host} has no address")

    async def _secured(self, plain: socket.socket) -> Channel:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            plain = self._tls.wrap_socket(
                plain, server_hostname=self._address[0], do_handshake_on_connect=False
            )
        channel = Channel(plain)
        try:
            await channel.shake_hands()
        except BaseException:
            channel.close()
            raise
        return channel


async def _pieces(channel: Channel, answer: Answer, first: bytes, silence: float) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    if first:
        yield first
    while not answer.ended:
        if piece := await channel.piece(answer, loop.time() + silence):
            yield piece
