"""The service under measurement: its usual settings, over a store of `TEMPLATES` templates."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import msgspec

from bench.client import each
from bench.site import STORE, Site
from tests.service_process import ServiceProcess

TEMPLATES: Final = 300
URL: Final = "/api/v1/templates"
USER: Final = "root"


class Service:
    """A running service and a session that calls it as a user who may do everything."""

    def __init__(self, process: ServiceProcess, session: aiohttp.ClientSession, token: str) -> None:
        self.process = process
        self.token = token
        self._session = session

    async def get(self, path: str) -> bytes:
        """The body of an answer."""
        async with self._session.get(path) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def template(self, name: str) -> Any:  # noqa: ANN401 (any JSON)
        """The document of a template."""
        return msgspec.json.decode(await self.get(f"{URL}/{name}"))

    async def preview(self, name: str, change: dict[str, Any], page: int) -> Any:  # noqa: ANN401 (any JSON)
        """What a change would do; the first page."""
        async with self._session.post(f"{URL}/{name}/preview?limit={page}", json=change) as answer:
            answer.raise_for_status()
            return msgspec.json.decode(await answer.read())

    async def create(self, document: dict[str, Any]) -> str:
        """Create a template and return its ETag."""
        async with self._session.post(URL, json=document) as answer:
            answer.raise_for_status()
            return answer.headers["ETag"]

    async def replace(self, document: dict[str, Any], etag: str) -> str:
        """Save a template and return its new ETag."""
        path = f"{URL}/{document['name']}"
        async with self._session.put(path, json=document, headers={"If-Match": etag}) as answer:
            answer.raise_for_status()
            return answer.headers["ETag"]


@contextlib.asynccontextmanager
async def service(site: Site) -> AsyncIterator[Service]:
    """Start a service and fill its store; it is ended with the block."""
    process = ServiceProcess(site.plane, STORE, site.plane.directory)
    token = site.plane.token(USER)
    process.start()
    headers = {"Authorization": f"Bearer {token}"}
    connector = aiohttp.TCPConnector(limit=0)
    try:
        async with aiohttp.ClientSession(process.url, headers=headers, connector=connector) as session:
            made = Service(process, session, token)
            await _fill(made)
            yield made
    finally:
        process.stop()


def document(name: str, port: int) -> dict[str, Any]:
    """A small template."""
    peers = [{"podSelector": {"matchLabels": {"role": "client"}}}]
    return {
        "name": name,
        "description": "Lets clients of the namespace reach this workload on its port; cuts all else.",
        "scope": "workload",
        "spec": {
            "policyTypes": ["Ingress"],
            "ingress": [{"from": peers, "ports": [{"protocol": "TCP", "port": port}]}],
        },
    }


async def _fill(made: Service) -> None:
    there = msgspec.json.decode(await made.get(f"{URL}?limit=1"))["total"]

    async def create(number: int) -> None:
        await made.create(document(f"filling-{number}", 8080))

    await each(create, range(there, TEMPLATES))
