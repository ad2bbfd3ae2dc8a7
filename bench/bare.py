"""The best bare client in Python that was found: prepared bytes on open TLS sockets in the event loop.

No HTTP library: that costs three times the processor time of this. An answer is read to its end and its
status looked at; nothing is decoded. Threads with blocking sockets, more or fewer requests in flight, and
aiohttp were all slower.
"""

import asyncio
import socket
import ssl
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from bench.client import IN_FLIGHT, Refused
from devcluster.cluster import ControlPlane

_RECEIVED: Final = 64 * 1024
_ENDS: Final = b"\r\n\r\n"
_LENGTH: Final = b"\r\nContent-Length: "
_LAST_CHUNK: Final = b"0\r\n\r\n"
_REFUSED: Final = b"400"


class Bare:
    """Writes to a control plane as `user`, a key of `devcluster.users.USERS`; an async context manager."""

    def __init__(self, plane: ControlPlane, user: str) -> None:
        self._plane = plane
        self._end = (
            f" HTTP/1.1\r\nHost: {urlsplit(plane.url).netloc}\r\n"
            f"Authorization: Bearer {plane.token(user)}\r\n"
            "User-Agent: netpol-registry-bench\r\nAccept: application/json\r\nContent-Type: application/"
        )
        self._tls = ssl.create_default_context(cafile=plane.ca_file)
        self._free: list[_Socket] = []

    async def __aenter__(self) -> Self:
        self._free = [_Socket(self._plane.url, self._tls) for _ in range(IN_FLIGHT)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._free:
            one.close()

    def request(self, method: str, path: str, body: bytes, *, patch: bool = False) -> bytes:
        """The bytes of a request, to be prepared before a clock runs."""
        media = "merge-patch+json" if patch else "json"
        return f"{method} {path}{self._end}{media}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    async def send(self, request: bytes) -> bytes:
        """Send a request and return its answer as it came; at most IN_FLIGHT at once."""
        one = self._free.pop()
        if one.closed:  # the API server closes what is idle for a while
            one = _Socket(self._plane.url, self._tls)
        answer = await one.exchange(request)
        self._free.append(one)
        if answer[9:12] >= _REFUSED:
            raise Refused(answer.decode(errors="replace"))
        return answer


class _Socket:
    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        place = urlsplit(url)
        plain = socket.create_connection((place.hostname, place.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = tls.wrap_socket(plain, server_hostname=place.hostname)
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._on_readable)
        self.closed = False
        self._came = b""
        self._answered: asyncio.Future[bytes] = self._loop.create_future()
        self._answered.cancel()

    def exchange(self, request: bytes) -> asyncio.Future[bytes]:
        self._came, self._answered = b"", self._loop.create_future()
        self._socket.send(request)
        return self._answered

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _on_readable(self) -> None:
        try:
            data = self._socket.recv(_RECEIVED)
        except ssl.SSLWantReadError:
            return
        if not data:
            self.close()
            if not self._answered.done():
                self._answered.set_exception(Refused("the API server closed the connection"))
            return
        self._came += data
        if is_whole(self._came):
            self._answered.set_result(self._came)


def is_whole(came: bytes) -> bool:
    """Whether an answer of HTTP/1.1 has come to its end."""
    end = came.find(_ENDS)
    if end < 0:
        return False
    length = came.find(_LENGTH, 0, end + 2)
    if length < 0:
        return came.endswith(_LAST_CHUNK)
    number = came[length + len(_LENGTH) : came.find(b"\r\n", length + 2)]
    return len(came) >= end + len(_ENDS) + int(number)
