"""The one way to the API server: JSON bytes in, JSON bytes out, errors as exceptions."""

import abc
import contextlib
import functools
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Final, Self

import msgspec

from registry import __version__
from registry.cluster import http1
from registry.cluster.channels import Channels
from registry.cluster.connection import Connection
from registry.cluster.errors import ApiError, Unauthorized, Unreachable
from registry.cluster.http1 import Answer
from registry.cluster.pace import Pace
from registry.cluster.reach import Reach

Query = Mapping[str, str | int]

# A browser's or curl's User-Agent makes the API server pretty-print its answers.
USER_AGENT = f"netpol-registry/{__version__}"
MERGE_PATCH = "application/merge-patch+json"
SECONDS = 30.0
"""How long an answer may take; the API server waits up to that long for admission webhooks."""

SILENCE_SECONDS = 75.0
"""A watch on which nothing comes for so long is taken for dead; bookmarks come each minute."""

_JSON: Final = "application/json"
_FAILURES: Final = (TimeoutError, OSError, http1.Malformed)
"""What may go wrong on the way."""

_REFUSED: Final = 400

_HEADS: Final = 512
"""Heads of requests that are kept: policies of one namespace are all created by the same."""


class Requests(abc.ABC):
    """Requests to one API server as one identity.

    Every method raises ApiError, as the kind of it that fits the answer.
    """

    async def get(self, path: str, query: Query | None = None) -> bytes:
        """The object or list at `path`."""
        return await self._send("GET", path, query)

    async def post(self, path: str, body: object, query: Query | None = None) -> bytes:
        """Create an object in the collection at `path`."""
        return await self._send("POST", path, query, body)

    async def put(self, path: str, body: object, query: Query | None = None) -> bytes:
        """Replace the object at `path`; conditional when the body carries a resourceVersion."""
        return await self._send("PUT", path, query, body)

    async def merge_patch(self, path: str, body: object, query: Query | None = None) -> bytes:
        """Change the object at `path` by a JSON merge patch (RFC 7396)."""
        return await self._send("PATCH", path, query, body, MERGE_PATCH)

    async def delete(self, path: str, body: object) -> bytes:
        """Delete the object at `path`, with DeleteOptions as `body`."""
        return await self._send("DELETE", path, None, body)

    async def _send(
        self, method: str, path: str, query: Query | None, body: object = None, media: str = _JSON
    ) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        request = Request(method, path, query, data, media)
        await self._admit(request)
        return await self._exchange(request, Answer())

    async def _exchange(self, request: "Request", answer: Answer) -> bytes:
        """Send `request` and read `answer`; returns its content. Raises ApiError."""
        channels, authorization = self._sender()
        asked = _encoded(request, channels, authorization)
        try:
            content = await channels.exchange(asked, answer, SECONDS)
        except _FAILURES as error:
            raise Unreachable.because(error) from error
        if answer.status >= _REFUSED:
            raise self._refusal(request, answer, content)
        return content

    def _refusal(self, request: "Request", answer: Answer, content: bytes) -> ApiError:
        error = ApiError.of(answer.status, content, answer.header("Retry-After"))
        self._heard(request, error)
        return error

    @abc.abstractmethod
    async def _admit(self, request: "Request") -> None:
        """Return when `request` may be sent."""

    @abc.abstractmethod
    def _heard(self, request: "Request", error: ApiError) -> None:
        """The API server refused `request`; called before `error` is raised."""

    @abc.abstractmethod
    def _sender(self) -> tuple[Channels, str | None]:
        """The connections to send a request on, and its Authorization header."""


class Client(Requests):
    """An HTTP client of one API server, as ourselves; an async context manager.

    `silence` is in seconds; `reach` tells its watches whether others get through. Where the API server
    answers with Retry-After, calls of that kind wait so long before they are sent.
    """

    def __init__(
        self, connection: Connection, *, connections: int = 64, silence: float = SILENCE_SECONDS
    ) -> None:
        self.reach = Reach()
        self._pace = Pace()
        self._connection = connection
        self._silence = silence
        self._channels = Channels(connection.url, connection.tls, connections)
        self._callers = Channels(connection.url, connection.callers_tls, connections)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channels.close()
        self._callers.close()

    def acting_as(self, token: str) -> Requests:
        """The same API server as the bearer of `token`, who alone is authenticated and audited.

        Made anew for each caller's request and forgotten with it: the token is kept nowhere else.
        """
        return _Caller(self._callers, token)

    @contextlib.asynccontextmanager
    async def stream(self, path: str, query: Query) -> AsyncIterator[AsyncIterator[bytes]]:
        """Chunks of a watch while they come; too long a silence raises Unreachable."""
        request = Request("GET", path, query)
        await self._admit(request)
        async with self._stream(request, Answer()) as pieces:
            with self.reach.connected():
                yield pieces

    @contextlib.asynccontextmanager
    async def _stream(self, request: "Request", answer: Answer) -> AsyncIterator[AsyncIterator[bytes]]:
        channels, authorization = self._sender()
        asked = _encoded(request, channels, authorization)
        try:
            async with channels.stream(asked, answer, self._silence) as pieces:
                if answer.status >= _REFUSED:
                    raise self._refusal(request, answer, b"".join([piece async for piece in pieces]))
                yield pieces
        except _FAILURES as error:
            raise Unreachable.because(error) from error

    def _sender(self) -> tuple[Channels, str | None]:
        return self._channels, self._connection.authorization()

    async def _admit(self, request: "Request") -> None:
        if self._pace.holds_any:
            await self._pace.turn(request.method, request.path)

    def _heard(self, request: "Request", error: ApiError) -> None:
        if error.retry_after:
            self._pace.hold(request.method, request.path, error.retry_after)
        if isinstance(error, Unauthorized):
            self._connection.renew()


class _Caller(Requests):
    """A caller of ours. The connections have no certificate of ours, which would go before the token."""

    def __init__(self, channels: Channels, token: str) -> None:
        self._channels = channels
        self._authorization = f"Bearer {token}"

    def _sender(self) -> tuple[Channels, str | None]:
        return self._channels, self._authorization

    async def _admit(self, _request: "Request") -> None:
        """What the API server asks of one caller it asks of no other, nor of us."""

    def _heard(self, _request: "Request", _error: ApiError) -> None:
        """A caller's token is the caller's to renew."""


class Request(msgspec.Struct, frozen=True):
    """What is asked; `data` is the JSON of a body."""

    method: str
    path: str
    query: Query | None = None
    data: bytes | None = None
    media: str = _JSON


def _encoded(request: Request, channels: Channels, authorization: str | None) -> bytes:
    query = tuple(request.query.items()) if request.query else ()
    media = "" if request.data is None else request.media
    first = _head(request.method, channels.host, channels.prefix + request.path, query, media)
    return http1.request(first, authorization, request.data)


@functools.lru_cache(_HEADS)
def _head(method: str, host: str, path: str, query: tuple[tuple[str, str | int], ...], media: str) -> bytes:
    """What requests alike begin with; nothing in it says who asks."""
    headers = {"Host": host, "User-Agent": USER_AGENT, "Accept": _JSON}
    if media:
        headers["Content-Type"] = media
    return http1.head(method, http1.target(path, dict(query)), headers)
