"""The writer on a real API server: conditional, in place, each write sent once."""

import contextlib
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from registry.cluster.client import Client
from registry.cluster.connection import Connection
from registry.cluster.credentials import connect
from registry.cluster.decode import decode_policy
from registry.cluster.errors import AlreadyExists, ApiError, Conflict, ServerError, TooManyRequests
from registry.cluster.writer import Writer
from registry.model.documents import canonical
from registry.planning.changes import Change
from registry.planning.objects import DesiredPolicy, LivePolicy


class Copy:
    """What the writer told its watched copy."""

    def __init__(self) -> None:
        self.told: list[LivePolicy] = []
        self.gone: list[LivePolicy] = []

    def writing(self, _namespace: str, _name: str) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def wrote(self, policy: LivePolicy) -> None:
        self.told.append(policy)

    def deleted(self, policy: LivePolicy) -> None:
        self.gone.append(policy)


@pytest.fixture
async def client(control_plane: ControlPlane) -> AsyncIterator[Client]:
    async with Client(connect(str(control_plane.kubeconfig("controller")))) as client:
        yield client


@pytest.fixture
def copy() -> Copy:
    return Copy()


@pytest.fixture
def writer(client: Client, copy: Copy) -> Writer:
    return Writer(client, copy, 4)


@pytest.fixture
def namespace(make_namespace: Callable[..., str]) -> str:
    return make_namespace()


def desired(namespace: str, **spec: object) -> DesiredPolicy:
    return DesiredPolicy(
        namespace=namespace,
        name="p",
        labels={},
        annotations={},
        spec=canonical({"podSelector": {}, "policyTypes": ["Ingress"], **spec}),
    )


async def created(writer: Writer, copy: Copy, namespace: str) -> LivePolicy:
    await writer.apply(Change(action="create", template="t", desired=desired(namespace)))
    return copy.told[-1]


def path(namespace: str) -> str:
    return f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/p"


def update(live: LivePolicy) -> Change:
    return Change(action="update", template="t", live=live, desired=desired(live.namespace, ingress=[{}]))


async def test_the_copy_learns_what_was_stored(writer: Writer, copy: Copy, namespace: str, api: Api):
    live = await created(writer, copy, namespace)
    assert live == decode_policy(msgspec.json.encode(api.get(path(namespace))))


async def test_an_update_is_in_place_and_keeps_every_managers_fields(
    writer: Writer, copy: Copy, namespace: str, api: Api
):
    live = await created(writer, copy, namespace)
    labelled = api.patch(path(namespace), {"metadata": {"labels": {"a": "b"}}}, fieldManager="theirs")
    await writer.apply(update(decode_policy(msgspec.json.encode(labelled))))
    after = api.get(path(namespace))
    assert (after["metadata"]["uid"], after["spec"]["ingress"]) == (live.uid, [{}])
    assert {entry["manager"] for entry in after["metadata"]["managedFields"]} == {"netpol-registry", "theirs"}


async def test_an_update_of_what_changed_meanwhile_is_refused(
    writer: Writer, copy: Copy, namespace: str, api: Api
):
    live = await created(writer, copy, namespace)
    changed = api.patch(path(namespace), {"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(Conflict):
        await writer.apply(update(live))
    assert api.get(path(namespace)) == changed


async def test_a_deletion_of_what_changed_meanwhile_is_refused(
    writer: Writer, copy: Copy, namespace: str, api: Api
):
    live = await created(writer, copy, namespace)
    api.patch(path(namespace), {"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(Conflict):
        await writer.apply(Change(action="delete", template="t", live=live))
    assert (api.find(path(namespace)) is not None, copy.gone) == (True, [])


async def test_a_deletion_of_what_is_gone_is_done(writer: Writer, copy: Copy, namespace: str, api: Api):
    live = await created(writer, copy, namespace)
    api.delete(path(namespace))
    await writer.apply(Change(action="delete", template="t", live=live))
    assert copy.gone == [live]


async def test_a_deletion_that_a_finalizer_holds_is_not_told_as_done(
    writer: Writer, copy: Copy, namespace: str, api: Api
):
    await created(writer, copy, namespace)
    held = api.patch(path(namespace), {"metadata": {"finalizers": ["example.com/hold"]}})
    await writer.apply(Change(action="delete", template="t", live=decode_policy(msgspec.json.encode(held))))
    assert (copy.told[-1].deleting, copy.gone) == (True, [])
    api.patch(path(namespace), {"metadata": {"finalizers": None}})


async def test_a_second_creation_changes_nothing(writer: Writer, copy: Copy, namespace: str, api: Api):
    await created(writer, copy, namespace)
    before = api.get(path(namespace))
    with pytest.raises(AlreadyExists):
        await created(writer, copy, namespace)
    assert api.get(path(namespace)) == before


class Faulty:
    """A server that refuses all requests."""

    def __init__(self, status: int) -> None:
        self.requests = 0
        self._status = status

    async def answer(self, _: web.Request) -> web.Response:
        self.requests += 1
        return web.json_response({}, status=self._status)


async def write_to(faulty: Faulty, copy: Copy) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", faulty.answer)
    async with TestServer(app) as server:
        connection = Connection(str(server.make_url("")).rstrip("/"), None, lambda: None)
        async with Client(connection) as client:
            await Writer(client, copy, 4).apply(
                Change(action="create", template="t", desired=desired("shop"))
            )


@pytest.mark.parametrize(("status", "error"), [(429, TooManyRequests), (500, ServerError)])
async def test_a_write_that_failed_is_not_sent_again_unplanned(
    copy: Copy, status: int, error: type[ApiError]
):
    faulty = Faulty(status)
    with pytest.raises(error):
        await write_to(faulty, copy)
    assert (faulty.requests, copy.told) == (1, [])
