"""The informer: on the real API server, and against a scripted one that fails as real ones do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from registry.cluster import informer as module
from registry.cluster import reach
from registry.cluster.cache import Cache
from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.credentials import connect
from registry.cluster.decode import decode_policy
from registry.cluster.informer import Informer, State
from registry.cluster.resources import NETWORK_POLICIES
from registry.planning.objects import LivePolicy


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY", 0.01)


@contextlib.asynccontextmanager
async def informing(
    connection: Connection, path: str, silence: float = 60
) -> AsyncIterator[Informer[LivePolicy]]:
    async with Client(connection, silence=silence) as client:
        one = Informer(client, path, decode_unhidden, Cache[LivePolicy](lambda _old, _new: None))
        task = asyncio.create_task(one.run())
        try:
            yield one
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def decode_unhidden(raw: bytes) -> LivePolicy | None:
    """What is labelled `hidden` is none of those looked for."""
    found = decode_policy(raw)
    return None if "hidden" in found.labels else found


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 (any condition may be waited for)
            await asyncio.sleep(0.01)


def names(one: Informer[LivePolicy]) -> list[str]:
    return sorted(policy.name for policy in one.cache)


async def test_the_copy_follows_the_real_api_server(
    control_plane: ControlPlane, api: Api, make_namespace: Callable[..., str]
):
    path = NETWORK_POLICIES.path(make_namespace())
    api.create(path, {"metadata": {"name": "before"}, "spec": {"podSelector": {}}})
    async with informing(connect(str(control_plane.kubeconfig("controller"))), path) as one:
        await until(one.synced.is_set)
        assert names(one) == ["before"]
        api.create(path, {"metadata": {"name": "after"}, "spec": {"podSelector": {}}})
        await until(lambda: names(one) == ["after", "before"])
        api.delete(f"{path}/before")
        await until(lambda: names(one) == ["after"])


def policy(name: str, version: int) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": str(version)},
        "spec": {},
    }


def line(kind: str, content: object) -> bytes:
    return msgspec.json.encode({"type": kind, "object": content}) + b"\n"


END = line(
    "BOOKMARK", {"metadata": {"resourceVersion": "10", "annotations": {"k8s.io/initial-events-end": "true"}}}
)
HOLD = b""
"""In a script: keep the stream open."""


class Server:
    """Answers watches with what was scripted, one script after the other, and lists with two pages."""

    def __init__(
        self, *scripts: list[bytes] | int, watch_list: bool = True, make: Callable[..., object] = policy
    ) -> None:
        self._make = make
        self.queries: list[dict[str, str]] = []
        self._scripts = list(scripts)
        self._watch_list = watch_list

    async def answer(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        self.queries.append(query)
        if "watch" not in query:
            return self._list(query)
        if "sendInitialEvents" in query and not self._watch_list:
            return web.json_response({"code": 400}, status=400)
        script = self._scripts.pop(0) if self._scripts else [HOLD]
        if isinstance(script, int):
            return web.json_response({"code": script}, status=script)
        return await self._stream(request, script)

    def _list(self, query: dict[str, str]) -> web.Response:
        name, following = ("b", "") if "continue" in query else ("a", "more")
        meta = {"resourceVersion": "10", "continue": following}
        return web.json_response({"metadata": meta, "items": [self._make(name, 5)]})

    async def _stream(self, request: web.Request, script: list[bytes]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in script:
            if part == HOLD:
                await asyncio.sleep(30)
            await response.write(part)
        return response


@contextlib.asynccontextmanager
async def scripted(server: Server, silence: float = 60) -> AsyncIterator[Informer[LivePolicy]]:
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    async with TestServer(app) as running:
        connection = Connection(str(running.make_url("")).rstrip("/"), None, lambda: None)
        async with informing(connection, "/policies", silence) as one:
            yield one


START = [line("ADDED", policy("a", 5)), END]


async def test_nothing_counts_before_the_replay_has_ended():
    async with scripted(Server([START[0], HOLD])) as one:
        await asyncio.sleep(0.2)
        assert (one.state, names(one)) == (State.STARTING, [])


async def test_a_server_without_watchlist_is_listed_page_by_page():
    server = Server(watch_list=False)
    async with scripted(server) as one:
        await until(one.synced.is_set)
        assert names(one) == ["a", "b"]
        await until(lambda: server.queries[-1].get("resourceVersion") == "10")


async def test_a_watch_that_ends_goes_on_where_it_was():
    server = Server([*START, line("ADDED", policy("b", 12))], [line("ADDED", policy("c", 13)), HOLD])
    async with scripted(server) as one:
        await until(lambda: names(one) == ["a", "b", "c"])
        assert server.queries[1]["resourceVersion"] == "12"


async def test_bookmarks_move_the_place_to_go_on_from():
    bookmark = line("BOOKMARK", {"metadata": {"resourceVersion": "50"}})
    server = Server([*START, bookmark])
    async with scripted(server):
        await until(lambda: len(server.queries) > 1)
        assert server.queries[1]["resourceVersion"] == "50"


def hidden(name: str, version: int) -> dict[str, Any]:
    one = policy(name, version)
    return {**one, "metadata": {**one["metadata"], "labels": {"hidden": "true"}}}


async def test_objects_that_are_not_looked_for_are_not_kept():
    server = Server([line("ADDED", hidden("x", 4)), *START, line("ADDED", hidden("y", 12)), HOLD])
    async with scripted(server) as one:
        await until(one.synced.is_set)
        await asyncio.sleep(0.1)
        assert names(one) == ["a"]


async def test_objects_that_are_not_looked_for_move_the_place_to_go_on_from():
    server = Server([*START, line("ADDED", hidden("x", 12))])
    async with scripted(server):
        await until(lambda: len(server.queries) > 1)
        assert server.queries[1]["resourceVersion"] == "12"


@pytest.mark.parametrize("event", ["MODIFIED", "DELETED"])
async def test_an_object_that_is_not_looked_for_any_more_is_dropped(event: str):
    server = Server([*START, line(event, hidden("a", 12)), HOLD])
    async with scripted(server) as one:
        await until(one.synced.is_set)
        await until(lambda: names(one) == [])


async def test_an_object_that_is_looked_for_again_is_taken_in():
    changes = [line("MODIFIED", hidden("a", 12)), line("MODIFIED", policy("a", 13))]
    async with scripted(Server([*START, *changes, HOLD])) as one:
        await until(lambda: [found.resource_version for found in one.cache] == ["13"])


async def test_pages_leave_out_what_is_not_looked_for():
    server = Server(watch_list=False, make=hidden)
    async with scripted(server) as one:
        await until(one.synced.is_set)
        assert names(one) == []


async def test_a_failure_that_stays_the_same_is_said_once(caplog: pytest.LogCaptureFixture):
    server = Server(403, 403, 403, [*START, HOLD])
    async with scripted(server) as one:
        await until(one.synced.is_set)
        assert len([record for record in caplog.records if "failed" in record.message]) == 1


@pytest.mark.parametrize(
    "fault",
    [
        line("ERROR", {"code": 410, "reason": "Expired"}),
        b'{"type":"ADDED","object":{"meta\n',
        line("ADDED", {"x": 1}),
    ],
    ids=["gone", "half an event", "no object"],
)
async def test_after_a_gap_everything_is_read_again(fault: bytes):
    anew = [line("ADDED", policy("z", 20)), END, HOLD]
    server = Server([*START, fault], anew)
    async with scripted(server) as one:
        await until(lambda: names(one) == ["z"])
        assert "sendInitialEvents" in server.queries[1]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_a_server_in_trouble_is_asked_again_and_the_copy_stays(status: int):
    server = Server([*START], status, status, [line("ADDED", policy("b", 12)), HOLD])
    async with scripted(server) as one:
        await until(lambda: len(server.queries) > 2)
        assert (one.state, "a" in names(one)) == (State.SYNCED, True)
        await until(lambda: names(one) == ["a", "b"])


@pytest.mark.parametrize(("status", "state"), [(403, State.FORBIDDEN), (404, State.ABSENT)])
async def test_a_kind_that_cannot_be_listed_is_known_as_such_until_it_can(status: int, state: State):
    server = Server(status, status, [*START, HOLD])
    async with scripted(server) as one:
        await until(one.settled.is_set)
        assert (one.state, one.synced.is_set()) == (state, False)
        await until(one.synced.is_set)
        assert (one.state, names(one)) == (State.SYNCED, ["a"])


async def test_a_watch_that_falls_silent_is_begun_again():
    server = Server([*START, HOLD], [line("ADDED", policy("b", 12)), HOLD])
    async with scripted(server, silence=0.2) as one:
        await until(lambda: names(one) == ["a", "b"])


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_a_server_in_trouble_for_long_is_still_asked_twice_a_second(
    monkeypatch: pytest.MonkeyPatch, status: int
):
    monkeypatch.setattr(module, "SOON", 0.02)
    monkeypatch.setattr(reach, "TURN_SECONDS", 0.01)
    server = Server([*START], *[status] * 60, [line("ADDED", policy("b", 12)), HOLD])
    async with scripted(server) as one:
        await until(lambda: names(one) == ["a", "b"])


async def test_a_kind_that_may_not_be_listed_is_asked_for_ever_more_rarely(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SOON", 0.01)
    server = Server(*[403] * 1000)
    async with scripted(server):
        await asyncio.sleep(1)
    assert len(server.queries) < 12


async def test_a_resource_version_that_is_always_too_old_is_not_read_anew_without_rest():
    server = Server([*START], *[410] * 1000)
    async with scripted(server):
        await asyncio.sleep(1)
    assert len(server.queries) < 12


async def test_a_kind_that_was_allowed_before_is_asked_for_soon_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SOON", 0.02)
    monkeypatch.setattr(reach, "TURN_SECONDS", 0.01)
    server = Server([*START], *[403] * 60, [line("ADDED", policy("b", 12)), HOLD])
    async with scripted(server) as one:
        await until(lambda: names(one) == ["a", "b"])


async def test_a_right_that_stays_away_is_asked_for_ever_more_rarely(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "WARM_UP", 0)
    monkeypatch.setattr(reach, "TURN_SECONDS", 0.01)
    server = Server([*START], *[403] * 1000)
    async with scripted(server):
        await asyncio.sleep(1)
    assert len(server.queries) < 12
