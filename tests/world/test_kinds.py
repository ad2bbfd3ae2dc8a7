"""Kinds of workloads are let in once they are read, also where others cannot be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.informer import State
from registry.cluster.resources import BUILT_IN_WORKLOADS, Resource
from registry.planning.objects import Key
from registry.world import kinds as module
from registry.world.kinds import WatchedKinds
from registry.world.triggers import Triggers

ROLLOUTS = Resource("argoproj.io", "v1", "rollouts", "Rollout")
WIDGETS = Resource("example.com", "v1", "widgets", "Widget")
END = {"metadata": {"resourceVersion": "10", "annotations": {"k8s.io/initial-events-end": "true"}}}


def definition(resource: Resource, version: int = 5, uid: str = "u", path: str = ".status.selector") -> Any:
    scale = {"scale": {"labelSelectorPath": path}}
    served = {"name": resource.version, "served": True, "storage": True, "subresources": scale}
    return {
        "metadata": {"name": resource.label, "uid": uid, "resourceVersion": str(version)},
        "spec": {"group": resource.group, "scope": "Namespaced", "versions": [served]},
        "status": {
            "acceptedNames": {"plural": resource.plural, "kind": resource.kind},
            "conditions": [{"type": "Established", "status": "True"}],
        },
    }


def workload(labels: dict[str, str]) -> Any:
    return {
        "metadata": {
            "name": "db",
            "namespace": "shop",
            "uid": "w",
            "resourceVersion": "6",
            "labels": {f"template.netpol-registry.dev/{name}": value for name, value in labels.items()},
        },
        "status": {"selector": "app=db"},
    }


class Server:
    """Watches that begin with `objects` by path and go on with what is told; `broken` paths fail."""

    def __init__(self, *definitions: Any) -> None:
        self.objects: dict[str, list[Any]] = {DEFINITIONS: list(definitions)}
        self.broken: dict[str, int] = {}
        self.watching: dict[str, int] = {}
        self._streams: dict[str, web.StreamResponse] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.broken:
            status = self.broken[request.path]
            return web.json_response({"code": status}, status=status)
        response = web.StreamResponse()
        await response.prepare(request)
        self.watching[request.path] = self.watching.get(request.path, 0) + 1
        self._streams[request.path] = response
        for one in self.objects.get(request.path, []):
            await response.write(line("ADDED", one))
        await response.write(line("BOOKMARK", END))
        await asyncio.sleep(30)
        return response

    async def tell(self, path: str, event: str, content: Any) -> None:
        await self._streams[path].write(line(event, content))

    async def tell_on(self, path: str) -> None:
        """Send bookmarks until the other side has closed the stream. Raises ConnectionError."""
        async with asyncio.timeout(5):
            while True:
                await self.tell(path, "BOOKMARK", END)
                await asyncio.sleep(0.01)


DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def line(event: str, content: Any) -> bytes:
    return msgspec.json.encode({"type": event, "object": content}) + b"\n"


class Watched:
    """The kinds under test, and the keys that were touched."""

    def __init__(self, client: Client) -> None:
        self.touched: list[Key] = []
        self.triggers = Triggers(self.touched.append, ())
        self.kinds = WatchedKinds(client, self.triggers)

    def has(self, resource: Resource) -> bool:
        return resource in self.kinds.admitted


@contextlib.asynccontextmanager
async def watching(server: Server) -> AsyncIterator[Watched]:
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    async with TestServer(app) as running:
        connection = Connection(str(running.make_url("")).rstrip("/"), None, lambda: None)
        async with Client(connection) as client:
            one = Watched(client)

            async def work() -> None:
                async with asyncio.TaskGroup() as tasks:
                    one.kinds.run(tasks)
                    await one.kinds.settle()
                    one.kinds.open()

            task = asyncio.create_task(work())
            try:
                yield one
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 (any condition may be waited for)
            await asyncio.sleep(0.01)


async def test_all_kinds_are_let_in_at_once():
    server = Server(definition(ROLLOUTS), definition(WIDGETS))
    async with watching(server) as one:
        await until(lambda: bool(one.kinds.admitted))
        assert set(one.kinds.admitted) == {*BUILT_IN_WORKLOADS, ROLLOUTS, WIDGETS}


@pytest.mark.parametrize(("status", "state"), [(403, State.FORBIDDEN), (404, State.ABSENT)])
async def test_a_kind_that_may_not_be_listed_is_left_out(status: int, state: State):
    server = Server(definition(ROLLOUTS), definition(WIDGETS))
    server.broken[ROLLOUTS.path()] = status
    async with watching(server) as one:
        await until(lambda: one.has(WIDGETS))
        assert one.kinds.states()[ROLLOUTS.label] is state
        assert not one.has(ROLLOUTS)


async def test_definitions_that_may_not_be_listed_leave_the_built_in_kinds():
    server = Server()
    server.broken[DEFINITIONS] = 403
    async with watching(server) as one:
        await until(lambda: set(one.kinds.admitted) == {*BUILT_IN_WORKLOADS})


async def test_a_custom_kind_whose_api_fails_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CUSTOM_SECONDS", 0.1)
    server = Server(definition(ROLLOUTS), definition(WIDGETS))
    server.broken[ROLLOUTS.path()] = 500
    async with watching(server) as one:
        await until(lambda: one.has(WIDGETS))
        assert not one.has(ROLLOUTS)


async def test_a_kind_that_recovers_is_let_in_and_its_keys_are_looked_at():
    server = Server(definition(ROLLOUTS))
    server.objects[ROLLOUTS.path()] = [workload({"postgres": "true"})]
    server.broken[ROLLOUTS.path()] = 403
    async with watching(server) as one:
        await until(lambda: bool(one.kinds.admitted))
        del server.broken[ROLLOUTS.path()]
        await until(lambda: one.has(ROLLOUTS))
        assert Key("argoproj.io", "Rollout", "shop", "db") in one.touched
        assert Key("", "Namespace", "shop", "shop") in one.touched


async def test_a_kind_that_goes_is_watched_no_more():
    server = Server(definition(ROLLOUTS))
    async with watching(server) as one:
        await until(lambda: one.has(ROLLOUTS))
        await server.tell(DEFINITIONS, "DELETED", definition(ROLLOUTS, 20))
        with pytest.raises(ConnectionError):
            await server.tell_on(ROLLOUTS.path())


async def test_a_kind_that_goes_takes_its_references_along():
    server = Server(definition(ROLLOUTS))
    server.objects[ROLLOUTS.path()] = [workload({"postgres": "true"})]
    async with watching(server) as one:
        await until(lambda: one.has(ROLLOUTS))
        world = one.triggers.world
        key = Key("argoproj.io", "Rollout", "shop", "db")
        assert world.index.users("postgres") == {key}
        await server.tell(DEFINITIONS, "DELETED", definition(ROLLOUTS, 20))
        await until(lambda: not one.has(ROLLOUTS))
        assert (world.index.users("postgres"), world.watches(key)) == (set(), False)


@pytest.mark.parametrize(
    "changed",
    [
        definition(Resource("argoproj.io", "v2", "rollouts", "Rollout"), 20),
        definition(ROLLOUTS, 20, uid="another"),
        definition(ROLLOUTS, 20, path=".status.other"),
    ],
    ids=["version", "made anew", "place of the selector"],
)
async def test_a_kind_that_is_served_in_another_way_is_read_again(changed: Any):
    server = Server(definition(ROLLOUTS))
    async with watching(server) as one:
        await until(lambda: one.has(ROLLOUTS))
        before = sum(server.watching.values())
        await server.tell(DEFINITIONS, "MODIFIED", changed)
        await until(lambda: sum(server.watching.values()) == before + 1)
        version = changed["spec"]["versions"][0]["name"]
        await until(lambda: one.has(msgspec.structs.replace(ROLLOUTS, version=version)))


async def test_a_definition_that_changes_in_other_ways_costs_nothing():
    server = Server(definition(ROLLOUTS))
    async with watching(server) as one:
        await until(lambda: one.has(ROLLOUTS))
        before = dict(server.watching)
        await server.tell(DEFINITIONS, "MODIFIED", definition(ROLLOUTS, 20))
        await asyncio.sleep(0.2)
        assert server.watching == before
