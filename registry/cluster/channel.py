"""One connection to an API server: a socket in the event loop, TLS by OpenSSL.

A write costs a third of the processor time that a general HTTP client takes for it, and writes are what a
controller does most.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from typing import Final

from registry.cluster.http1 import Answer

RECEIVED: Final = 64 * 1024
"""Bytes taken at once."""

RECORD: Final = 16 * 1024
RECORDS: Final = 16
"""Bytes of a whole TLS record, after which the next may be there already; and how many are taken in a row."""

_WANTS_TO_READ: Final = (BlockingIOError, ssl.SSLWantReadError)
_WANTS_TO_WRITE: Final = (BlockingIOError, ssl.SSLWantWriteError)


class Channel:
    """One connection. A single task uses it at a time; deadlines are times of its loop.

    What goes wrong below HTTP is raised as it is: OSError (also of TLS), TimeoutError, http1.Malformed.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[bytes] | None = None
        self._reading = False
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
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

    async def exchange(self, request: bytes, answer: Answer, deadline: float) -> bytes:
        """Send a request and read its answer into `answer`; returns the content."""
        await self.send(request, deadline)
        pieces = [await self.piece(answer, deadline)]
        while not answer.ended:
            pieces.append(await self.piece(answer, deadline))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def send(self, data: bytes, deadline: float) -> None:
        """Send all of `data`."""
        rest = self._sent(data)
        if rest:
            async with asyncio.timeout_at(deadline):
                while rest:
                    await self._writable()
                    rest = self._sent(rest)

    async def piece(self, answer: Answer, deadline: float) -> bytes:
        """What of the content is in what comes next."""
        self._watch_time(deadline)
        data = await self._received()
        if data:
            return answer.feed(data)
        answer.cut()
        return b""

    def close(self) -> None:
        """Close; safe to call twice."""
        self.broken = True
        if self._timer:
            self._timer.cancel()
        self._pause()
        self._socket.close()

    def _sent(self, data: bytes) -> bytes:
        """Send what can be sent now; returns the rest."""
        try:
            return data[self._socket.send(data) :]
        except _WANTS_TO_WRITE:
            return data

    def _received(self) -> asyncio.Future[bytes]:
        """What came, as soon as something did; empty when the other side closed."""
        # Watched from the first time on: to begin and end that for each answer would cost two system calls.
        if not self._reading:
            self._reading = True
            self._loop.add_reader(self._socket, self._on_readable)
        self._waiter = self._loop.create_future()
        return self._waiter

    def _watch_time(self, deadline: float) -> None:
        """End the waiting for what does not come until then.

        One timer for many answers, which looks at the deadline of the last when it is due: to begin and
        end one for each costs several times as much.
        """
        self._deadline = deadline
        if self._timer and self._timer.when() > deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._loop.time() < self._deadline:
            self._watch_time(self._deadline)
        else:
            self._waiter = None
            waiter.set_exception(TimeoutError())

    def _on_readable(self) -> None:
        waiter = self._waiter
        if waiter.done() if waiter else not self.idle:
            self._pause()  # whoever uses it has not asked yet for more
            return
        try:
            data = self._taken()
        except _WANTS_TO_READ:
            return
        except OSError as error:
            self._waiter = None
            if waiter:
                waiter.set_exception(error)
            else:
                self.close()
            return
        self._waiter = None
        if waiter:
            waiter.set_result(data)
        else:
            self.close()  # nothing was asked: the other side ends it

    def _taken(self) -> bytes:
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
