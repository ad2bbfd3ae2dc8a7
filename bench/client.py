"""The bare client: plain aiohttp without retries, queues or copies. It is the baseline, and sets up."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import aiohttp
import msgspec

from devcluster.cluster import ControlPlane

IN_FLIGHT: Final = 32
"""Writes under way at once: the controller's own default (`registry.settings`)."""

_JSON: Final = "application/json"
_MERGE_PATCH: Final = "application/merge-patch+json"

T = TypeVar("T")


class Refused(RuntimeError):
    """The API server refused a request; the message holds its words."""


class Client:
    """Calls a control plane as `user`, a key of `devcluster.users.USERS`; an async context manager."""

    def __init__(self, plane: ControlPlane, user: str) -> None:
        self._plane = plane
        self._headers = {
            "Authorization": f"Bearer {plane.token(user)}",
            "User-Agent": "netpol-registry-bench",
        }

    async def __aenter__(self) -> Self:
        tls = ssl.create_default_context(cafile=self._plane.ca_file)
        self._session = aiohttp.ClientSession(
            base_url=self._plane.url,
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=0, ssl=tls),
            timeout=aiohttp.ClientTimeout(total=60),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def create(self, path: str, body: object) -> None:
        """POST an object to a collection."""
        await self._send("POST", path, body)

    async def patch(self, path: str, body: object) -> None:
        """Change an object by a JSON merge patch."""
        await self._send("PATCH", path, body, _MERGE_PATCH)

    async def replace(self, path: str, body: object) -> None:
        """PUT an object."""
        await self._send("PUT", path, body)

    async def delete(self, path: str) -> None:
        """Delete an object or a collection."""
        await self._send("DELETE", path)

    async def get(self, path: str) -> Any:  # noqa: ANN401 (whatever JSON it is)
        """Return what is at `path`."""
        return msgspec.json.decode(await self._send("GET", path))

    async def ask(self, method: str, path: str, body: object) -> Any:  # noqa: ANN401 (whatever JSON it is)
        """Send a request and return what it answers."""
        return msgspec.json.decode(await self._send(method, path, body))

    def stream(self, path: str) -> "aiohttp.client._RequestContextManager":
        """Open a watch, of which lines are read from `.content`."""
        return self._session.get(path, timeout=aiohttp.ClientTimeout(total=None))

    async def _send(self, method: str, path: str, body: object = None, media: str = _JSON) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        async with self._session.request(method, path, data=data, headers={"Content-Type": media}) as answer:
            content = await answer.read()
            if not answer.ok:
                raise Refused(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
            return content


async def each(send: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Call `send` for every item, in their order, IN_FLIGHT at once."""
    left = iter(items)

    async def worker() -> None:
        for item in left:
            await send(item)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(IN_FLIGHT):
            tasks.create_task(worker())
