"""A client that may not write sends nothing; one that may tells of each call."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from devcluster.ports import LOOPBACK, free_port
from registry.cluster.connection import Connection
from registry.cluster.errors import NotFound, Unreachable
from registry.cluster.guarded import Barred, Call, GuardedClient


class Server:
    """Answers all requests but those for `/missing`, and counts them; the client asks `may_write`."""

    def __init__(self) -> None:
        self.may_write = True
        self.requests = 0
        self.calls: list[Call] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.requests += 1
        if request.path == "/broken" and request.transport:
            cut = web.StreamResponse(headers={"Content-Length": "100"})
            await cut.prepare(request)
            request.transport.close()
        return web.json_response({}, status=404 if request.path == "/missing" else 200)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[GuardedClient]:
    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", server.answer)])
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    connection = Connection(f"http://{LOOPBACK}:{port}", None, lambda: None)
    async with GuardedClient(
        connection, connections=2, may_write=lambda: server.may_write, observe=server.calls.append
    ) as one:
        yield one
    await runner.cleanup()


@pytest.mark.parametrize("method", ["post", "put", "merge_patch", "delete"])
async def test_a_write_that_is_barred_is_not_sent(client: GuardedClient, server: Server, method: str):
    server.may_write = False
    with pytest.raises(Barred):
        await getattr(client, method)("/x", {})
    assert server.requests == 0


async def test_reads_are_never_barred(client: GuardedClient, server: Server):
    server.may_write = False
    await client.get("/x")
    assert server.requests == 1


async def test_a_call_is_told_with_its_answer(client: GuardedClient, server: Server):
    await client.post("/x", {})
    (call,) = server.calls
    assert (call.method, call.path, call.code, call.watch) == ("POST", "/x", 200, False)


async def test_a_refused_call_is_told_once(client: GuardedClient, server: Server):
    with pytest.raises(NotFound):
        await client.get("/missing")
    assert [call.code for call in server.calls] == [404]


async def test_a_call_whose_answer_breaks_off_is_told_once(client: GuardedClient, server: Server):
    with pytest.raises(Unreachable):
        await client.get("/broken")
    assert [call.code for call in server.calls] == [200]
