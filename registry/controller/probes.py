"""The controller's own small HTTP server: `/livez`, `/readyz` and `/metrics`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Checks = Callable[[], Mapping[str, str]]
"""Readiness by check: what is wrong with it, or an empty string."""

SECONDS: Final = 10.0
"""A request that is not whole by then is not answered."""

_JSON: Final = "application/json"


class _Answer(NamedTuple):
    content: bytes
    media: str = _JSON
    status: HTTPStatus = HTTPStatus.OK


@contextlib.asynccontextmanager
async def probes(host: str, port: int, checks: Checks) -> AsyncIterator[None]:
    """Serve while inside: one request for each connection, of which nothing but the path is looked at."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unusable = (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        with contextlib.closing(writer), contextlib.suppress(*unusable):
            async with asyncio.timeout(SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                method, _, rest = head.decode("latin-1").partition(" ")
                answer = _answer(method, rest.partition(" ")[0].partition("?")[0], checks)
                writer.write(_encoded(answer, with_content=method != "HEAD"))
                await writer.drain()

    async with await asyncio.start_server(serve, host, port):
        yield


def _answer(method: str, path: str, checks: Checks) -> _Answer:
    if method not in {"GET", "HEAD"}:
        return _Answer(b"Only GET is answered here.\n", "text/plain", HTTPStatus.METHOD_NOT_ALLOWED)
    match path:
        case "/livez":
            return _Answer(msgspec.json.encode({"status": "alive"}))
        case "/readyz":
            found = checks()
            content = msgspec.json.encode({name: problem or "ok" for name, problem in found.items()})
            ready = not any(found.values())
            return _Answer(content, _JSON, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)
        case "/metrics":
            return _Answer(generate_latest(), CONTENT_TYPE_LATEST)
    paths = b"Here are /livez, /readyz and /metrics.\n"
    return _Answer(paths, "text/plain", HTTPStatus.NOT_FOUND)


def _encoded(answer: _Answer, *, with_content: bool) -> bytes:
    lines = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
        f"Content-Type: {answer.media}",
        f"Content-Length: {len(answer.content)}",
        "Connection: close",
    )
    head = "".join(f"{line}\r\n" for line in lines)
    return head.encode() + b"\r\n" + (answer.content if with_content else b"")
