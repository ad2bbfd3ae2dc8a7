"""The API server itself goes and comes, perhaps without its history; on a control plane of its own."""

from collections.abc import Iterator

import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from devcluster.etcd import compact
from devcluster.faults import Drop, FaultProxy
from tests.cluster import control_plane_with_product, eventually, until_passes
from tests.controller.shop import Shop
from tests.controller_process import ControllerProcess
from tests.faults.scene import CHANGES, Scene

WARM_UP_SECONDS = 10.0
"""An API server that says it is ready still fills its caches and reads RBAC: that is its own time."""


@pytest.fixture(scope="module")
def control_plane() -> Iterator[ControlPlane]:
    with control_plane_with_product() as plane:
        yield plane


@pytest.fixture(scope="module")
def api(control_plane: ControlPlane) -> Iterator[Api]:
    client = control_plane.api()
    yield client
    client.close()


def test_what_changed_before_the_api_server_was_killed_is_made_good_after_it_was_started(
    control_plane: ControlPlane, proxy: FaultProxy, scene: Scene, controller: ControllerProcess
):
    proxy.inject(Drop())  # so that none of it is known before
    scene.change()
    control_plane.kill("kube-apiserver")
    proxy.heal()
    eventually(lambda: not controller.leads())
    control_plane.start_again("kube-apiserver")
    until_passes(scene.assert_so, scene.patience + WARM_UP_SECONDS)
    assert scene.written() == CHANGES


def test_what_changed_while_cut_off_is_made_good_though_its_history_is_gone(
    control_plane: ControlPlane, proxy: FaultProxy, scene: Scene
):
    with proxy.inject(Drop()):
        scene.change()
        compact(control_plane.directory)
        control_plane.kill("kube-apiserver")
        control_plane.start_again("kube-apiserver")
    until_passes(scene.assert_so, scene.patience + WARM_UP_SECONDS)
    assert scene.written() == CHANGES


def test_an_api_server_that_comes_back_with_nothing_changed_is_sent_no_write(
    control_plane: ControlPlane, scene: Scene, controller: ControllerProcess, shop: Shop
):
    control_plane.kill("kube-apiserver")
    eventually(lambda: not controller.leads())
    control_plane.start_again("kube-apiserver")
    eventually(controller.leads)
    shop.run("later", {"https": "true"})
    shop.await_policy("https")
    assert scene.written() == {}
