"""A caller who saves templates at running services, again and again, and remembers what was acknowledged."""

import http.client
import json
from collections.abc import Sequence
from typing import Any

from devcluster.ports import LOOPBACK
from tests.http.support import URL
from tests.service_process import ServiceProcess
from tests.store.support import document


class Answer:
    """What a service answered."""

    def __init__(self, status: int, etag: str, body: Any) -> None:
        self.status = status
        self.etag = etag
        self.body = body


class Saver:
    """Talks to several replicas in turn, over connections that stay open; for one thread."""

    def __init__(self, services: Sequence[ServiceProcess], token: str) -> None:
        self._services = services
        self._token = token
        self._connections: dict[int, http.client.HTTPConnection] = {}
        self._turn = 0
        self.acknowledged: list[tuple[str, int, str]] = []
        """Name, revision and digest of each save that was answered as made."""

    def create(self, name: str) -> Answer:
        return self._save("POST", "", document(name), {})

    def replace(self, name: str, port: int, etag: str) -> Answer:
        return self._save("PUT", f"/{name}", document(name, port), {"If-Match": etag})

    def delete(self, name: str, etag: str) -> Answer:
        return self.call("DELETE", f"/{name}", None, {"If-Match": etag})

    def etag(self, name: str) -> str:
        """The ETag of a template as it is now; empty when there is none."""
        return self.call("GET", f"/{name}").etag

    def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Ask the next service. Raises OSError or HTTPException when it goes away meanwhile."""
        self._turn = (self._turn + 1) % len(self._services)
        port = self._services[self._turn].port
        new = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        connection = self._connections.setdefault(port, new)
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"} | (
            headers or {}
        )
        try:
            connection.request(method, URL + path, json.dumps(body) if body else None, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers.get("ETag", ""), json.loads(answer.read() or b"null"))
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def _save(self, method: str, path: str, body: object, headers: dict[str, str]) -> Answer:
        answer = self.call(method, path, body, headers)
        if answer.status in {200, 201}:
            made = answer.body
            self.acknowledged.append((made["name"], made["revision"], made["digest"]))
        return answer
