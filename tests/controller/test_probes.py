"""The controller's own server: what asks it is a kubelet, a Prometheus, or a curious person."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from devcluster.ports import LOOPBACK, free_port
from registry.controller.probes import probes


@pytest.fixture
def problems() -> dict[str, str]:
    return {"store": ""}


@pytest.fixture
async def port(problems) -> AsyncIterator[int]:
    port = free_port()
    async with probes(LOOPBACK, port, lambda: problems):
        yield port


async def ask(port: int, request: str) -> str:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(f"{request}\r\nHost: x\r\n\r\n".encode())
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer.decode()


async def test_it_says_that_it_is_alive(port):
    answer = await ask(port, "GET /livez HTTP/1.1")
    assert answer.startswith("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    assert answer.endswith('\r\n\r\n{"status":"alive"}')


async def test_it_is_ready_when_nothing_is_wrong(port):
    assert (await ask(port, "GET /readyz?verbose HTTP/1.1")).endswith('{"store":"ok"}')


async def test_it_says_what_is_wrong(port, problems):
    problems["store"] = "gone"
    answer = await ask(port, "GET /readyz HTTP/1.1")
    assert answer.startswith("HTTP/1.1 503 ")
    assert answer.endswith('{"store":"gone"}')


async def test_metrics_are_what_prometheus_reads(port):
    answer = await ask(port, "GET /metrics HTTP/1.1")
    assert "\r\nContent-Type: text/plain; version=" in answer
    assert "\n# TYPE process_max_fds gauge\n" in answer


async def test_head_gets_no_content(port):
    assert (await ask(port, "HEAD /livez HTTP/1.1")).endswith("Connection: close\r\n\r\n")


@pytest.mark.parametrize(("request_line", "status"), [("GET / HTTP/1.1", 404), ("POST /livez HTTP/1.1", 405)])
async def test_anything_else_is_told_what_there_is(port, request_line, status):
    assert (await ask(port, request_line)).startswith(f"HTTP/1.1 {status} ")


async def test_what_is_no_request_gets_no_answer(port):
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"GET /livez HTT")
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert await ask(port, "GET /livez HTTP/1.1")
