"""Retry-After is heeded by all calls of a kind."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.errors import ApiError

POLICIES = "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies"
OTHERS = POLICIES.replace("/a/", "/b/")
EVENTS = "/api/v1/namespaces/a/events"


class Server:
    """Refuses the first request, then answers; notes when each came."""

    def __init__(self, status: int) -> None:
        self.came: list[float] = []
        self._status = status

    async def answer(self, _: web.Request) -> web.Response:
        self.came.append(time.monotonic())
        if len(self.came) == 1:
            return web.json_response({}, status=self._status, headers={"Retry-After": "1"})
        return web.json_response({})


@contextlib.asynccontextmanager
async def refused(server: Server) -> AsyncIterator[Client]:
    """A client whose first write was refused."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    async with contextlib.AsyncExitStack() as stack:
        running = await stack.enter_async_context(TestServer(app))
        connection = Connection(str(running.make_url("")).rstrip("/"), None, lambda: None)
        client = await stack.enter_async_context(Client(connection))
        with contextlib.suppress(ApiError):
            await client.post(POLICIES, {})
        yield client


@pytest.mark.parametrize("status", [429, 503])
async def test_no_call_of_the_kind_is_made_before_that_is_over(status: int):
    server = Server(status)
    async with refused(server) as client:
        await asyncio.gather(client.post(POLICIES, {}), client.delete(f"{OTHERS}/x", {}))
    assert min(server.came[1:]) - server.came[0] >= 1


async def test_other_calls_do_not_wait():
    server = Server(429)
    async with refused(server) as client:
        await client.get(POLICIES)
        await client.post(EVENTS, {})
    assert server.came[-1] - server.came[0] < 1
