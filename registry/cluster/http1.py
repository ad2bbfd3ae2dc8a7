"""HTTP/1.1 without I/O: a request as bytes, and an answer out of the bytes that come. Pure.

https://www.rfc-editor.org/rfc/rfc9112. Only what an API server and a client of it need: no upgrades, no
compression (none is asked for), no pipelining.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlencode

MAX_HEAD: Final = 64 * 1024
"""Bytes of an answer's head; nobody needs more."""

_END_OF_LINE: Final = b"\r\n"
_END_OF_HEAD: Final = b"\r\n\r\n"
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?\r\n")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")
_MAX_CHUNK_LINE: Final = 1024
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~%"  # what may stand in a path as it is (RFC 3986), and escapes
_NO_CONTENT: Final = frozenset({204, 304})
_LAST_INTERIM: Final = 199


class Malformed(ValueError):
    """What came is no answer of HTTP/1.1, or it broke off."""


def target(path: str, query: Mapping[str, str | int] | None) -> str:
    """The request target of a path with a query."""
    quoted = quote(path, safe=_PATH_CHARACTERS)
    return f"{quoted}?{urlencode(query)}" if query else quoted


def request(method: str, where: str, headers: Mapping[str, str], content: bytes | None) -> bytes:
    """The bytes of a request; raises ValueError for a header that would break out of its line."""
    lines = [f"{method} {where} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if content is not None:
        lines.append(f"Content-Length: {len(content)}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise ValueError("a line break in a header")
    return head.encode() + _END_OF_HEAD + (content or b"")


class Answer:
    """Reads one answer. `status` is 0 until its head is there; `ended` once all of it came."""

    __slots__ = ("_feed", "_head", "_left", "_rest", "ended", "keeps_alive", "status")

    def __init__(self) -> None:
        self.status = 0
        self.ended = False
        self.keeps_alive = False
        self._head = b""
        self._rest = b""
        self._left = 0
        self._feed: Callable[[bytes], bytes] = self._read_head

    def feed(self, data: bytes) -> bytes:
        """Take in what came, in pieces of any size; returns what of the content is in it.

        Raises Malformed, also when there is more than the answer.
        """
        return self._feed(data)

    def cut(self) -> None:
        """The other side closed. Raises Malformed unless that is how the answer ends."""
        if self._feed != self._read_until_closed:
            raise Malformed("the connection was closed before the answer was complete")
        self.ended = True

    def header(self, name: str) -> str | None:
        """The value of a header, of several the first; None without one."""
        marker = f"\r\n{name.lower()}:".encode()
        start = self._head.find(marker)
        if start < 0:
            return None
        start += len(marker)
        return self._head[start : self._head.find(_END_OF_LINE, start)].strip().decode("latin-1")

    def _read_head(self, data: bytes) -> bytes:
        came = self._rest + data if self._rest else data
        end = came.find(_END_OF_HEAD)
        if end < 0:
            if len(came) > MAX_HEAD:
                raise Malformed("the head of the answer does not end")
            self._rest = came
            return b""
        self._rest = b""
        begun = _STATUS_LINE.match(came)
        if begun is None:
            raise Malformed(f"not HTTP/1.1: {came[:40]!r}")
        status = int(begun[2])
        if status > _LAST_INTERIM:
            self._begin(status, came[: end + 2].lower(), keeps_alive=begun[1] == b"1")
        rest = came[end + 4 :]
        return self._feed(rest) if rest else b""

    def _begin(self, status: int, head: bytes, *, keeps_alive: bool) -> None:
        """Know from the head how long the content is: https://www.rfc-editor.org/rfc/rfc9112#section-6.3."""
        self.status, self._head = status, head
        coding, length = self.header("transfer-encoding"), self.header("content-length")
        self.keeps_alive = keeps_alive and self.header("connection") != "close"
        if status in _NO_CONTENT or (coding is None and length == "0"):
            self._feed, self.ended = self._refuse, True
        elif coding == "chunked":
            self._feed = self._read_chunks
        elif coding is None and length is not None:
            self._left, self._feed = _length(length), self._read_sized
        elif coding is None:
            self.keeps_alive, self._feed = False, self._read_until_closed
        else:
            raise Malformed(f"transfer coding {coding!r} was not asked for")

    def _read_sized(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left <= 0:
            self._end()
            if self._left < 0:
                raise Malformed("more came than the answer's length")
        return data

    def _read_until_closed(self, data: bytes) -> bytes:
        return data

    def _read_chunks(self, data: bytes) -> bytes:
        """`_left` counts what is to come of a chunk, its line break included; 0: a size comes next."""
        came = self._rest + data if self._rest else data
        self._rest = b""
        found: list[bytes] = []
        place = 0
        while place < len(came):
            if self._left == 0:
                after = self._chunk_size(came, place)
                if after is None:
                    break
                place = after
                if self._left == 0:  # the last one
                    self._feed = self._read_trailer
                    self._feed(came[place:])
                    break
            piece = came[place : place + self._left]
            place += len(piece)
            content = max(0, self._left - len(_END_OF_LINE))
            self._left -= len(piece)
            found.append(piece[:content])
            if self._left == 0 and not piece.endswith(b"\n"):
                raise Malformed("a chunk of the answer does not end where it should")
        return found[0] if len(found) == 1 else b"".join(found)

    def _chunk_size(self, came: bytes, place: int) -> int | None:
        """Read the line of a chunk's size; returns where its content begins, None while it is not whole."""
        end = came.find(_END_OF_LINE, place)
        if end < 0:
            self._rest = came[place:]
            if len(self._rest) > _MAX_CHUNK_LINE:
                raise Malformed("the size of a chunk does not end")
            return None
        size = _CHUNK_SIZE.fullmatch(came, place, end)
        if size is None:
            raise Malformed(f"not the size of a chunk: {came[place : min(end, place + 40)]!r}")
        number = int(size[1], 16)
        self._left = number + len(_END_OF_LINE) if number else 0
        return end + len(_END_OF_LINE)

    def _read_trailer(self, data: bytes) -> bytes:
        """Headers that come after the content are let go; an empty line ends them."""
        came = self._rest + data
        while (end := came.find(_END_OF_LINE)) > 0:
            came = came[end + len(_END_OF_LINE) :]
        if end < 0:
            if len(came) > MAX_HEAD:
                raise Malformed("the trailer of the answer does not end")
            self._rest = came
        else:
            self._end()
            if len(came) > len(_END_OF_LINE):
                raise Malformed("more came than the answer")
        return b""

    def _end(self) -> None:
        self._rest = b""
        self._feed, self.ended = self._refuse, True

    def _refuse(self, data: bytes) -> bytes:
        if data:
            raise Malformed("more came than the answer")
        return b""


def _length(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Malformed(f"not a length: {text[:40]!r}")
    return int(text)
