"""Parts of a control plane can be killed, started again, and made to forget."""

import contextlib
from collections.abc import Iterator

import pytest

from devcluster.api import Api, ApiError
from devcluster.cluster import ControlPlane
from devcluster.etcd import compact

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A control plane of this module's own: nobody else's is broken."""
    with ControlPlane() as one:
        yield one


@pytest.fixture
def root(plane: ControlPlane) -> Iterator[Api]:
    with contextlib.closing(plane.api()) as api:
        yield api


def test_what_was_written_is_there_after_the_api_server_was_killed(plane: ControlPlane, root: Api):
    root.create("/api/v1/namespaces", {"metadata": {"name": "kept"}})
    plane.kill("kube-apiserver")
    plane.start_again("kube-apiserver")
    assert root.get("/api/v1/namespaces/kept")["metadata"]["name"] == "kept"


def test_an_api_server_that_is_started_again_answers_at_the_same_address(plane: ControlPlane):
    before = plane.url
    plane.kill("kube-apiserver")
    assert not plane.answers()
    plane.start_again("kube-apiserver")
    assert plane.url == before


def test_after_a_compaction_and_a_restart_old_versions_are_gone(plane: ControlPlane, root: Api):
    maps = "/api/v1/namespaces/default/configmaps"
    old = root.create(maps, {"metadata": {"name": "old"}})["metadata"]["resourceVersion"]
    root.create(maps, {"metadata": {"name": "new"}})
    compact(plane.directory)
    plane.kill("kube-apiserver")
    plane.start_again("kube-apiserver")
    with pytest.raises(ApiError) as refused:
        root.get(maps, limit="1", resourceVersion=old, resourceVersionMatch="Exact")
    assert refused.value.status == 410
