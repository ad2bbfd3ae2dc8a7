"""HTTP/1.1 as the API server and its clients speak it, one message at a time (RFC 9112)."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from devcluster.faults.actions import status_object
from devcluster.faults.rules import Request

LIMIT: Final = 1 << 20
_PIECE: Final = 1 << 16
_NO_BODY: Final = frozenset({204, 304})


@dataclass(frozen=True)
class Head:
    """The first line and the fields of a message; `raw` is all of it as it came."""

    raw: bytes
    first: tuple[str, str, str]
    fields: Mapping[str, str]

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return "chunked" in self.fields.get("transfer-encoding", "").lower()

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this message."""
        return self.fields.get("connection", "").lower() == "close"

    @property
    def code(self) -> int:
        """The status of an answer."""
        return int(self.first[1])

    def request(self) -> Request:
        """What faults go by."""
        target = urlsplit(self.first[1])
        watch = parse_qs(target.query).get("watch", [""])[-1] in {"1", "true"}
        _, _, token = self.fields.get("authorization", "").partition(" ")
        return Request(self.first[0], target.path, watch, token)


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The next message's head, or None when the other side has ended the connection."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = raw.decode("latin-1").split("\r\n")
    fields = dict(_field(line) for line in lines if line)
    one, two, *rest = first.split(" ", 2)
    return Head(raw, (one, two, " ".join(rest)), fields)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()


async def read_body(reader: asyncio.StreamReader, head: Head) -> bytes:
    """The whole body of a request or an answer, without its chunks' frames."""
    return b"".join([piece async for piece in pieces(reader, head)])


async def pieces(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """A body as it comes. Raises IncompleteReadError when the connection ends amid it."""
    if head.chunked:
        while size := int((await reader.readline()).partition(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        while await reader.readline() not in {b"\r\n", b""}:
            pass
    elif not _is_bodiless(head):
        left = int(head.fields.get("content-length", "0"))
        while left > 0:
            piece = await reader.readexactly(min(left, _PIECE))
            left -= len(piece)
            yield piece


async def lines(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """The lines of a watch, each with its end; a last one that has none is passed on as it is."""
    rest = b""
    async for piece in pieces(reader, head):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def framed(head: Head, body: bytes) -> bytes:
    """A message with its whole body, in one chunk where it came in chunks."""
    if not head.chunked:
        return head.raw + body
    return head.raw + (chunk(body) if body else b"") + LAST_CHUNK


def chunk(data: bytes) -> bytes:
    """One chunk of a body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK: Final = b"0\r\n\r\n"


def refusal(code: int, reason: str, retry_after: int | None) -> bytes:
    """An answer as the API server would refuse."""
    body = status_object(code, reason)
    fields = [f"HTTP/1.1 {code} Injected", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    fields += [] if retry_after is None else [f"Retry-After: {retry_after}"]
    return "\r\n".join([*fields, "", ""]).encode() + body


def error_line(code: int, reason: str) -> bytes:
    """The line that ends a watch."""
    return json.dumps({"type": "ERROR", "object": json.loads(status_object(code, reason))}).encode() + b"\n"


def _is_bodiless(head: Head) -> bool:
    return head.first[0].startswith("HTTP/") and head.code in _NO_BODY
