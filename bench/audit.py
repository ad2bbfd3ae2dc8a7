"""What the API server was asked, and when, by its audit log (audit.k8s.io/v1 Event, level Metadata)."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

_REFUSED_FROM: Final = 400


class _User(msgspec.Struct, frozen=True):
    username: str


class _Target(msgspec.Struct, frozen=True):
    resource: str = ""
    namespace: str = ""
    name: str = ""


class _Status(msgspec.Struct, frozen=True):
    code: int = 0


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """One request; the times are those of the API server's clock, which is the machine's."""

    verb: str
    user: _User
    request_received_timestamp: datetime
    stage_timestamp: datetime
    object_ref: _Target = _Target()
    response_status: _Status = _Status()

    @property
    def received(self) -> float:
        """When it came, in seconds since 1970."""
        return self.request_received_timestamp.timestamp()

    @property
    def served(self) -> float:
        """When it was answered, in seconds since 1970."""
        return self.stage_timestamp.timestamp()

    @property
    def done(self) -> bool:
        """Whether it was carried out."""
        return self.response_status.code < _REFUSED_FROM


_decode: Final = msgspec.json.Decoder(Request).decode


class AuditLog:
    """The log from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size

    def requests(self) -> Iterator[Request]:
        """All requests that were answered so far; the API server logs each right after its answer."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            yield from map(_decode, file.read().split(b"\n")[:-1])
