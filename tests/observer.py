"""Somebody who sees what becomes of a namespace's policies, straight at the API server."""

import contextlib
import json
import socket
import threading
import time
from typing import NamedTuple, Self

import urllib3

from devcluster.cluster import ControlPlane
from tests.cluster import eventually


class Sight(NamedTuple):
    """An event of the watch: when it was seen (monotonic clock), its type, and which object it was about."""

    at: float
    type: str
    name: str
    uid: str


class Observer:
    """Watches a collection from its making on."""

    def __init__(self, plane: ControlPlane, path: str) -> None:
        self.seen: list[Sight] = []
        self._pool = urllib3.PoolManager(ca_certs=str(plane.ca_file), retries=False)
        self._answer = self._pool.request(
            "GET",
            f"{plane.url}{path}?watch=1&timeoutSeconds=600",
            headers={"Authorization": f"Bearer {plane.token('root')}"},
            preload_content=False,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._answer.connection:
            with contextlib.suppress(OSError):
                self._answer.connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._answer.close()
        self._pool.clear()

    def of(self, name: str) -> list[str]:
        """Types of the events of an object, in order."""
        return [sight.type for sight in self.seen if sight.name == name]

    def added_again(self, name: str, gone: str) -> float:
        """When an object of that name came after the one with the UID `gone` went."""

        def come() -> Sight:
            (sight,) = [
                one for one in self.seen if (one.type, one.name) == ("ADDED", name) and one.uid != gone
            ]
            return sight

        return eventually(come).at

    def _read(self) -> None:
        rest = b""
        with contextlib.suppress(urllib3.exceptions.HTTPError, OSError, AttributeError):
            for chunk in self._answer.stream():
                *lines, rest = (rest + chunk).split(b"\n")
                now = time.monotonic()
                for event in map(json.loads, lines):
                    metadata = event["object"]["metadata"]
                    self.seen.append(Sight(now, event["type"], metadata["name"], metadata["uid"]))
