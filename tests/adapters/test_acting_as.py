"""Calls with a caller's own token: the API server knows and audits that caller, whoever we are."""

import ssl
from collections.abc import AsyncIterator

import pytest

from registry.cluster.client import Client
from registry.cluster.credentials import connect
from registry.cluster.errors import Forbidden, Unauthorized
from registry.cluster.resources import CONFIG_MAPS

MAP = {"metadata": {"name": "made"}}


@pytest.fixture
async def client(control_plane) -> AsyncIterator[Client]:
    async with Client(connect(str(control_plane.kubeconfig("root")))) as one:
        yield one


async def test_the_audit_log_names_the_caller(client, control_plane, make_namespace, audit):
    namespace = make_namespace()
    await client.acting_as(control_plane.token("admin")).post(CONFIG_MAPS.path(namespace), MAP)
    assert [write.user for write in audit.writes(namespace=namespace, resource="configmaps")][-1] == "admin"


async def test_what_the_caller_may_not_is_refused(client, control_plane, make_namespace):
    with pytest.raises(Forbidden):
        await client.acting_as(control_plane.token("stranger")).post(CONFIG_MAPS.path(make_namespace()), MAP)


async def test_an_unknown_token_is_not_replaced_by_our_own(client, make_namespace):
    with pytest.raises(Unauthorized):
        await client.acting_as("nobody").post(CONFIG_MAPS.path(make_namespace()), MAP)


def test_a_certificate_of_ours_is_not_shown_for_a_caller(tmp_path, monkeypatch):
    shown: list[ssl.SSLContext] = []
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", lambda self, *_: shown.append(self))
    path = tmp_path / "kubeconfig"
    path.write_text(
        "{clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}],"
        "users: [{name: u, user: {client-certificate-data: YQ==, client-key-data: YQ==}}],"
        "contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}"
    )
    made = connect(str(path))
    assert shown == [made.tls]
    assert made.callers_tls not in {None, made.tls}
