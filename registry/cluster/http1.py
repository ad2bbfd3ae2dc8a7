"""HTTP/1.1 without I/O: a request as bytes, and an answer out of the bytes that come. Pure.

https://www.rfc-editor.org/rfc/rfc9112. Answers are parsed by httptools (llhttp, as in Node.js). Refused are
also compression, which is never asked for, a head without an end, and bytes behind an answer.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

import httptools

MAX_HEAD: Final = 64 * 1024
"""Bytes of an answer's head; nobody needs more."""

_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~%"  # what may stand in a path as it is (RFC 3986), and escapes
_LAST_INTERIM: Final = 199


class Malformed(ValueError):
    """What came is no answer of HTTP/1.1, or it broke off."""


def target(path: str, query: Mapping[str, str | int] | None) -> str:
    """The request target of a path with a query."""
    quoted = quote(path, safe=_PATH_CHARACTERS)
    return f"{quoted}?{urlencode(query)}" if query else quoted


def head(method: str, where: str, headers: Mapping[str, str]) -> bytes:
    """The first lines of a request; raises ValueError for a header that would break out of its line."""
    return b"".join(
        [
            _line(f"{method} {where} HTTP/1.1"),
            *(_line(f"{name}: {value}") for name, value in headers.items()),
        ]
    )


def request(first: bytes, authorization: str | None, content: bytes | None) -> bytes:
    """The bytes of a request whose first lines are `first`; raises ValueError as `head` does."""
    if authorization:
        first += _line(f"Authorization: {authorization}")
    if content is None:
        return first + b"\r\n"
    return b"%bContent-Length: %d\r\n\r\n%b" % (first, len(content), content)


def _line(text: str) -> bytes:
    if "\n" in text or "\r" in text:
        raise ValueError("a line break in a header")
    return text.encode() + b"\r\n"


class Answer:
    """Reads one answer. `status` is 0 until its head is there; `ended` once all of it came."""

    __slots__ = ("_before", "_content", "_headers", "_parser", "ended", "keeps_alive", "status")

    def __init__(self) -> None:
        self.status = 0
        self.ended = False
        self.keeps_alive = False
        self._headers: dict[bytes, bytes] = {}
        self._before = 0
        self._content: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> bytes:
        """Take in what came, in pieces of any size; returns what of the content is in it.

        Raises Malformed, also when there is more than the answer.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise Malformed(f"no answer of HTTP/1.1: {error.__context__ or error}") from error
        if not self.status:
            self._before += len(data)
            if self._before > MAX_HEAD:
                raise Malformed("the head of the answer does not end")
        content, self._content = self._content, []
        return content[0] if len(content) == 1 else b"".join(content)

    def cut(self) -> None:
        """The other side closed. Raises Malformed unless that is how the answer ends.

        It is where neither a length nor chunks say so: https://www.rfc-editor.org/rfc/rfc9112#section-6.3.
        """
        if not self.status or {b"content-length", b"transfer-encoding"} & self._headers.keys():
            raise Malformed("the connection was closed before the answer was complete")
        self.ended = True

    def header(self, name: str) -> str | None:
        """The value of a header, of several the first; None without one."""
        value = self._headers.get(name.lower().encode())
        return None if value is None else value.decode("latin-1")

    def on_message_begin(self) -> None:
        """Hear from the parser that an answer begins."""
        if self.status:
            raise Malformed("more came than the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Hear from the parser of one header, or one that follows the content."""
        if not self.status:
            self._headers.setdefault(name.lower(), value.strip())

    def on_headers_complete(self) -> None:
        """Hear from the parser that the head is whole."""
        status = self._parser.get_status_code()
        if status <= _LAST_INTERIM:
            self._headers = {}
            return
        coding = self._headers.get(b"transfer-encoding", b"chunked")
        if coding.lower() != b"chunked":
            raise Malformed(f"transfer coding {coding!r} was not asked for")
        self.status = status
        self.keeps_alive = self._parser.should_keep_alive()

    def on_body(self, content: bytes) -> None:
        """Hear from the parser of a piece of the content."""
        self._content.append(content)

    def on_message_complete(self) -> None:
        """Hear from the parser that the answer, or an interim one before it, is whole."""
        self.ended = bool(self.status)
