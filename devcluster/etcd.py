"""Have etcd forget: what an API server in use for long does by itself every five minutes."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any, Final

_SECONDS: Final = 30.0
_ANY_KEY: Final = "AA=="


class EtcdError(Exception):
    """etcd refused; the text holds its words."""


class _Connection(http.client.HTTPConnection):
    """HTTP to the socket that etcd listens on."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(str(self._path))


def compact(directory: Path) -> int:
    """Compact all revisions so far of a `ControlPlane.directory`; returns the last one. Raises EtcdError.

    Whoever asks for events since an older one is told that they are gone, unless the API server still has
    them in memory. https://etcd.io/docs/latest/dev-guide/api_grpc_gateway/
    """
    found = _call(directory, "/v3/kv/range", {"key": _ANY_KEY})
    revision = int(found["header"]["revision"])
    _call(directory, "/v3/kv/compaction", {"revision": revision, "physical": True})
    return revision


def _call(directory: Path, path: str, body: dict[str, Any]) -> dict[str, Any]:
    connection = _Connection(directory / "etcd.sock")
    try:
        connection.request("POST", path, json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise EtcdError(f"{path}: {content.decode(errors='replace')}")
    found: dict[str, Any] = json.loads(content)
    return found
