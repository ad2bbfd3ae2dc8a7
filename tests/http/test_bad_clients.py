"""Clients that send too much, too slowly or nonsense to a real process: they cost no thread and no memory."""

import http.client
import itertools
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.product import bind_store_namespace
from registry.model.documents import MAX_BYTES
from tests.cluster import create_namespace, eventually, unique_name
from tests.http.support import URL
from tests.service_process import ServiceProcess
from tests.store.support import document

TEN_MEGABYTES = 10_000_000
THREADS = 4


@pytest.fixture(scope="module")
def process(control_plane, api) -> Iterator[ServiceProcess]:
    store = unique_name("process")
    create_namespace(api, store)
    bind_store_namespace(api, store)
    one = ServiceProcess(control_plane, store, control_plane.directory)
    one.setting("THREADS", str(THREADS))
    one.store = store
    one.token = control_plane.token("admin")
    one.start()
    yield one
    one.stop()


def head(process, *headers: str) -> bytes:
    lines = (f"POST {URL} HTTP/1.1", "Host: x", f"Authorization: Bearer {process.token}")
    return "\r\n".join([*lines, "Content-Type: application/json", *headers, "", ""]).encode()


def connected(process, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", process.port), timeout=30)
    connection.sendall(sent)
    return connection


def status(connection: socket.socket) -> int:
    with connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        return answer.status


def store_versions(process, api) -> dict[str, str]:
    found = api.list(f"/api/v1/namespaces/{process.store}/configmaps")
    return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in found}


def test_a_length_that_is_too_large_is_refused_before_the_body_comes(process):
    sent = head(process, f"Content-Length: {TEN_MEGABYTES}")
    assert status(connected(process, sent)) == 413


def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_large(process):
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    sent = head(process, "Transfer-Encoding: chunked") + chunk * (MAX_BYTES // 0x8000 + 1)
    assert status(connected(process, sent)) == 413


@pytest.mark.parametrize(
    "unfinished", [b"", b'{"name": "a'], ids=["of which nothing comes", "that stops in the middle"]
)
def test_bodies_never_finished_leave_the_threads_to_others(process, unfinished):
    sent = head(process, "Content-Length: 1000") + unfinished
    waiting = [connected(process, sent) for _ in range(THREADS)]
    eventually(process.is_ready, timeout=60)
    assert {status(connection) for connection in waiting} == {400}


def test_heads_never_finished_leave_the_threads_to_others(process):
    waiting = [connected(process, b"GET /livez HTTP/1.1\r\nHost:") for _ in range(THREADS)]
    eventually(process.is_ready, timeout=60)
    for connection in waiting:
        connection.close()


TRIES = {
    "a bomb of aliases": b"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n" * 800,
    "a bomb of brackets": b"[" * (MAX_BYTES - 1),
    "flat and large": b"[" + b"1," * (MAX_BYTES // 2 - 2) + b"1]",
    "many keys": json.dumps({str(number): number for number in range(4000)}).encode(),
    "a long text": json.dumps({**document("x"), "description": "\u202e" * 9000}).encode(),
    "a huge number": b'{"name": 1' + b"0" * 50_000 + b"}",
    "not UTF-8": b"\xff" * 30_000,
    "NUL": b"\0" * 30_000,
    "too large": b"x" * (MAX_BYTES + 1),
}


def bad_try(process, number: int, body: bytes) -> int:
    """Send a body that nobody sent before; the answer's status."""
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=30)
    media_type = ("application/json", "application/yaml")[number % 2]
    headers = {"Authorization": f"Bearer {process.token}", "Content-Type": media_type}
    connection.request("POST", f"{URL}?message={number}", body[:-8] + b"%08d" % number, headers)
    with connection.getresponse() as answer:
        answer.read()
    connection.close()
    return answer.status


def resident_kib(process) -> int:
    [worker] = process.workers
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def test_a_thousand_bad_bodies_change_nothing_and_leave_no_memory_taken(process, api):
    before = store_versions(process, api)
    numbers = itertools.count(1)

    def tries(count: int) -> set[int]:
        bodies = itertools.islice(itertools.cycle(TRIES.values()), count)
        return {bad_try(process, next(numbers), body) for body in bodies}

    assert tries(300) <= {400, 413, 422}  # caches fill, and the allocator finds its size
    settled = resident_kib(process)
    assert tries(1000) <= {400, 413, 422}
    assert resident_kib(process) - settled < 2048
    assert store_versions(process, api) == before
