"""Connections are used again, never more of them than allowed, and never one that the server gave up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from devcluster.ports import LOOPBACK
from registry.cluster import channels
from registry.cluster.channels import Channels
from registry.cluster.http1 import Answer, Malformed, head, request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = request(head("GET", "/", {"Host": "h"}), None, None)


class Server:
    """Answers each request with `says`, after what it was told to wait for; counts its connections."""

    def __init__(self) -> None:
        self.says = OK
        self.closes = self.cuts = False
        self.connections = self.received = 0
        self.open: list[asyncio.StreamWriter] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.append(writer)
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.partition(b"Content-Length: ")[2].split(b"\r")[0] or 0)
            self.received += len(await reader.readexactly(length))
            await self.may_answer.wait()
            if self.cuts:
                writer.transport.abort()
                return
            writer.write(self.says)
            await writer.drain()
            if self.closes:
                writer.close()
                return


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def two(server: Server) -> AsyncIterator[Channels]:
    """At most two connections to the server."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await server.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    listening = await asyncio.start_server(serve, LOOPBACK, 0)
    port = listening.sockets[0].getsockname()[1]
    made = Channels(f"http://{LOOPBACK}:{port}", None, 2)
    yield made
    made.close()
    for writer in server.open:
        writer.close()
    listening.close()
    await listening.wait_closed()


async def ask(two: Channels, content: bytes | None = None, seconds: float = 10) -> bytes:
    first = head("POST", "/", {"Host": "h"})
    return await two.exchange(request(first, None, content), Answer(), seconds)


async def test_a_connection_is_used_again(server, two):
    assert [await ask(two) for _ in range(3)] == [b"ok"] * 3
    assert server.connections == 1


async def test_no_more_connections_are_made_than_allowed(server, two):
    assert await asyncio.gather(*(ask(two) for _ in range(8))) == [b"ok"] * 8
    assert server.connections == 2


async def test_a_large_body_arrives_whole(server, two):
    await ask(two, b"x" * 20_000_000)
    assert server.received == 20_000_000


async def test_a_large_answer_arrives_whole(server, two):
    server.says = b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n" + b"x" * 20_000_000
    assert len(await ask(two)) == 20_000_000


async def test_a_connection_that_the_server_closed_is_not_used_again(server, two):
    server.closes = True
    for _ in range(3):
        assert await ask(two) == b"ok"
        await asyncio.sleep(0.1)  # until the end of the connection has come
    assert server.connections == 3


async def test_a_connection_that_was_idle_for_long_is_not_used_again(server, two, monkeypatch):
    await ask(two)
    monkeypatch.setattr(channels, "IDLE_SECONDS", 0)
    await ask(two)
    assert server.connections == 2


async def test_a_connection_that_says_more_than_was_asked_is_not_used_again(server, two):
    server.says = OK + b"HTTP/1.1 200"
    with pytest.raises(Malformed):
        await ask(two)
    server.says = OK
    assert await ask(two) == b"ok"


async def test_an_answer_that_takes_too_long_is_given_up_with_its_connection(server, two):
    server.may_answer.clear()
    with pytest.raises(TimeoutError):
        await ask(two, seconds=0.1)
    server.may_answer.set()
    assert await ask(two) == b"ok"
    assert server.connections == 2


async def test_each_answer_on_one_connection_has_its_own_time(server, two):
    await ask(two, seconds=10)
    server.may_answer.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5) as whole:
            await ask(two, seconds=0.1)
    assert not whole.expired()


async def test_the_time_of_an_earlier_answer_ends_no_later_one(server, two):
    await ask(two, seconds=0.1)
    server.may_answer.clear()
    later = asyncio.ensure_future(ask(two, seconds=10))
    await asyncio.sleep(0.3)
    server.may_answer.set()
    assert await later == b"ok"


async def test_an_answer_that_breaks_off_is_no_answer(server, two):
    server.says, server.closes = OK[:-1], True
    with pytest.raises(Malformed):
        await ask(two)


async def test_waiting_for_a_connection_counts_as_time(server, two):
    server.may_answer.clear()
    held = [asyncio.ensure_future(ask(two)) for _ in range(2)]
    with pytest.raises(TimeoutError):
        await ask(two, seconds=0.1)
    server.may_answer.set()
    assert await asyncio.gather(*held) == [b"ok"] * 2


async def test_nobody_there_is_an_error_of_the_system():
    with pytest.raises(OSError, match="Connect call failed"):
        await ask(Channels(f"http://{LOOPBACK}:1", None, 1))


async def test_pieces_of_a_stream_come_while_it_lasts(server, two):
    server.says = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"
    async with two.stream(GET, Answer(), 10) as pieces:
        assert await anext(pieces) == b"one"
        server.open[0].write(b"3\r\ntwo\r\n")
        assert await anext(pieces) == b"two"


async def test_a_silent_stream_ends(server, two):
    server.says = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with pytest.raises(TimeoutError):
        async with two.stream(GET, Answer(), 0.1) as pieces:
            await anext(pieces)


async def test_a_stream_that_ended_gives_its_connection_free(server, two):
    server.says = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    for _ in range(3):
        async with two.stream(GET, Answer(), 10) as pieces:
            assert [piece async for piece in pieces] == []


async def test_after_one_connection_was_cut_those_that_were_idle_are_not_used_again(server, two):
    await asyncio.gather(ask(two), ask(two))
    server.cuts = True  # as behind a load balancer that does not tell
    with pytest.raises((Malformed, ConnectionError)):
        await ask(two)
    server.cuts = False
    before = server.connections
    await ask(two)
    assert server.connections == before + 1
