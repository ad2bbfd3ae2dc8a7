"""Connections to one API server, kept open and used again: sockets in the event loop, TLS by OpenSSL.

A write costs a third of the processor time that a general HTTP client takes for it, and writes are what a
controller does most.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Final
from urllib.parse import urlsplit

from registry.cluster.http1 import Answer, Malformed
from registry.cluster.sockets import watch_over

RECEIVED: Final = 64 * 1024
"""Bytes taken at once."""

IDLE_SECONDS: Final = 30.0
"""A connection unused for so long is not used again: the API server closes those of 90 s."""

CONNECT_SECONDS: Final = 5.0
"""To one address of the API server; then the next is tried."""

RECORD: Final = 16 * 1024
RECORDS: Final = 16
"""Bytes of a whole TLS record, after which the next may be there already; and how many are taken in a row."""

_WANTS_TO_READ: Final = (BlockingIOError, ssl.SSLWantReadError)
_WANTS_TO_WRITE: Final = (BlockingIOError, ssl.SSLWantWriteError)


class Channel:
    """One connection. A single task uses it at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[bytes] | None = None
        self._reading = False
        self.used_at = time.monotonic()
        self.broken = False
        self.idle = False

    async def shake_hands(self) -> None:
        """Begin TLS."""
        if not isinstance(self._socket, ssl.SSLSocket):
            return
        while True:
            try:
                self._socket.do_handshake()
            except ssl.SSLWantReadError:
                await self._readable()
            except ssl.SSLWantWriteError:
                await self._writable()
            else:
                return

    async def send(self, data: bytes) -> None:
        """Send all of `data`."""
        while True:
            try:
                sent = self._socket.send(data)
            except _WANTS_TO_WRITE:
                await self._writable()
                continue
            if sent == len(data):
                return
            data = data[sent:]

    async def receive(self) -> bytes:
        """What came, as soon as something did; empty when the other side closed."""
        # Watched from the first time on: to begin and end that for each answer would cost two system calls.
        if not self._reading:
            self._reading = True
            self._loop.add_reader(self._socket, self._on_readable)
        self._waiter = self._loop.create_future()
        try:
            return await self._waiter
        finally:
            self._waiter = None

    def close(self) -> None:
        """Close; safe to call twice."""
        self.broken = True
        self._pause()
        self._socket.close()

    def _on_readable(self) -> None:
        waiter = self._waiter
        if waiter.done() if waiter else not self.idle:
            self._pause()  # whoever uses it has not asked yet for more
            return
        try:
            data = self._received()
        except _WANTS_TO_READ:
            return
        except OSError as error:
            if waiter:
                waiter.set_exception(error)
            else:
                self.close()
            return
        if waiter:
            waiter.set_result(data)
        else:
            self.close()  # nothing was asked: the other side ends it

    def _received(self) -> bytes:
        """What is there, of which TLS gives one record at a time."""
        data = self._socket.recv(RECEIVED)
        if len(data) < RECORD:
            return data
        pieces = [data]
        with contextlib.suppress(*_WANTS_TO_READ):
            while len(data) >= RECORD and len(pieces) < RECORDS:
                pieces.append(data := self._socket.recv(RECEIVED))
        return b"".join(pieces)

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._socket)

    async def _readable(self) -> None:
        waiter = self._loop.create_future()
        self._loop.add_reader(self._socket, _wake, waiter)
        try:
            await waiter
        finally:
            self._loop.remove_reader(self._socket)

    async def _writable(self) -> None:
        waiter = self._loop.create_future()
        self._loop.add_writer(self._socket, _wake, waiter)
        try:
            await waiter
        finally:
            self._loop.remove_writer(self._socket)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


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
        with self._mistrust():
            async with asyncio.timeout(seconds), self._slots:
                return await self._exchanged(request, answer)

    async def _exchanged(self, request: bytes, answer: Answer) -> bytes:
        channel = self._take() or await self._connected()
        try:
            await channel.send(request)
            content = await _content(channel, answer)
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
        with self._mistrust():
            async with self._slots:
                async with asyncio.timeout(silence):
                    channel = self._take() or await self._connected()
                with contextlib.closing(channel):
                    async with asyncio.timeout(silence):
                        await channel.send(request)
                        first = b""
                        while not (answer.status or first):
                            first = await _piece(channel, answer)
                    yield _pieces(channel, answer, first, silence)

    def close(self) -> None:
        """Close those that are not in use; those in use end with what uses them."""
        while self._idle:
            self._idle.pop().close()

    @contextlib.contextmanager
    def _mistrust(self) -> Iterator[None]:
        """What cut or silenced one connection most likely did so to those that were idle meanwhile.

        A load balancer need not tell that what is behind it went away; each of them would fail one request.
        """
        try:
            yield
        except (OSError, Malformed):
            self.close()
            raise

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

    async def _connected(self) -> Channel:
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


async def _content(channel: Channel, answer: Answer) -> bytes:
    pieces = [await _piece(channel, answer)]
    while not answer.ended:
        pieces.append(await _piece(channel, answer))
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _piece(channel: Channel, answer: Answer) -> bytes:
    data = await channel.receive()
    if data:
        return answer.feed(data)
    answer.cut()
    return b""


async def _pieces(channel: Channel, answer: Answer, first: bytes, silence: float) -> AsyncIterator[bytes]:
    if first:
        yield first
    while not answer.ended:
        async with asyncio.timeout(silence):
            piece = await _piece(channel, answer)
        if piece:
            yield piece
