"""The one way to the API server: JSON bytes in, JSON bytes out, errors as exceptions."""

import abc
import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from registry import __version__
from registry.cluster.connection import Connection
from registry.cluster.errors import ApiError, Unreachable

Query = Mapping[str, str | int]

# A browser's or curl's User-Agent makes the API server pretty-print its answers.
USER_AGENT = f"netpol-registry/{__version__}"
CLOSING_SECONDS = 0.05
MERGE_PATCH = "application/merge-patch+json"
NOT_ENTERED = "Enter the client with `async with` before using it."


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
        self,
        method: str,
        path: str,
        query: Query | None,
        body: object = None,
        media: str = "application/json",
    ) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        async with self._answer(_Request(method, path, query, data, media)) as response:
            return await response.read()

    @contextlib.asynccontextmanager
    async def _answer(self, request: "_Request") -> AsyncIterator[aiohttp.ClientResponse]:
        session, authorization = self._sender()
        try:
            async with session.request(
                request.method,
                request.path,
                params=request.query,
                data=request.data,
                headers=_headers(request, authorization),
                timeout=request.patience or session.timeout,
            ) as response:
                if response.status >= 400:  # noqa: PLR2004 (HTTP's own boundary)
                    body = await response.read()
                    raise ApiError.of(response.status, body, response.headers.get("Retry-After"))
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable.because(error) from error

    @abc.abstractmethod
    def _sender(self) -> tuple[aiohttp.ClientSession, str | None]:
        """The session to send a request in, and its Authorization header."""


class Client(Requests):
    """An HTTP client of one API server, as ourselves; an async context manager."""

    def __init__(self, connection: Connection, *, connections: int = 64, timeout: float = 30) -> None:
        self._connection = connection
        self._limit = connections
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None
        self._callers: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = self._opened(self._connection.tls)
        self._callers = self._opened(self._connection.callers_tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session and self._callers:
            await self._session.close()
            await self._callers.close()
            # Connections that were cut end in the loop's next rounds, which must come before its own end:
            # https://docs.aiohttp.org/en/stable/client_advanced.html#graceful-shutdown
            await asyncio.sleep(CLOSING_SECONDS)

    def acting_as(self, token: str) -> Requests:
        """The same API server as the bearer of `token`, who alone is authenticated and audited.

        Made anew for each caller's request and forgotten with it: the token is kept nowhere else.
        """
        if self._callers is None:
            raise RuntimeError(NOT_ENTERED)
        return _Caller(self._callers, token)

    @contextlib.asynccontextmanager
    async def stream(self, path: str, query: Query, *, silence: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """Chunks of a watch while they come; `silence` seconds without one raise Unreachable."""
        patience = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=silence)
        async with self._answer(_Request("GET", path, query, patience=patience)) as response:
            yield response.content.iter_any()

    def _sender(self) -> tuple[aiohttp.ClientSession, str | None]:
        if self._session is None:
            raise RuntimeError(NOT_ENTERED)
        return self._session, self._connection.authorization()

    def _opened(self, tls: ssl.SSLContext | None) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            base_url=self._connection.url,
            connector=aiohttp.TCPConnector(limit=self._limit, ssl=tls or True),
            # What a load balancer sets for one caller is no other's.
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            timeout=self._timeout,
        )


class _Caller(Requests):
    """A caller of ours. The session has no certificate of ours, which would go before the token."""

    def __init__(self, session: aiohttp.ClientSession, token: str) -> None:
        self._session = session
        self._authorization = f"Bearer {token}"

    def _sender(self) -> tuple[aiohttp.ClientSession, str | None]:
        return self._session, self._authorization


class _Request(msgspec.Struct, frozen=True):
    method: str
    path: str
    query: Query | None = None
    data: bytes | None = None
    media: str = "application/json"
    patience: aiohttp.ClientTimeout | None = None


def _headers(request: _Request, authorization: str | None) -> dict[str, str]:
    headers = {"Content-Type": request.media} if request.data is not None else {}
    return {**headers, "Authorization": authorization} if authorization else headers
