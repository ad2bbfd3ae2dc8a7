"""The controller's own small HTTP server: `/livez`, `/readyz` and `/metrics`."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Checks = Callable[[], Mapping[str, str]]
"""Readiness by check: what is wrong with it, or an empty string."""


@contextlib.asynccontextmanager
async def probes(host: str, port: int, checks: Checks) -> AsyncIterator[None]:
    """Serve while inside."""

    async def livez(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        found = checks()
        answer = {name: problem or "ok" for name, problem in found.items()}
        return web.json_response(answer, status=503 if any(found.values()) else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
