"""A watch that is open and says nothing is found out and begun anew, without waiting for its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.cluster import ControlPlane
from devcluster.faults import FaultProxy, Match, Stall
from tests.cluster import eventually
from tests.controller.shop import Shop
from tests.controller_process import ControllerProcess

DEPLOYMENTS = Match(watch=True, path="/apis/apps/v1/deployments")


@pytest.fixture
def impatient(
    control_plane: ControlPlane, store: str, group: str, proxy: FaultProxy, tmp_path: Path
) -> Iterator[ControllerProcess]:
    """A controller that takes a watch for dead after three seconds of silence."""
    process = ControllerProcess(control_plane, store, group, tmp_path)
    process.credentials(proxy.kubeconfig(tmp_path / "proxied"))
    process.setting("WATCH_SILENCE_SECONDS", "3")
    process.start()
    yield process
    process.stop()


@pytest.mark.usefixtures("impatient")
def test_a_stalled_watch_is_begun_anew_after_the_silence_that_is_set(proxy: FaultProxy, shop: Shop):
    stalled = proxy.inject(Stall(), DEPLOYMENTS, times=1)
    eventually(lambda: stalled.fired)
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")  # while the stall goes on
    assert not stalled.over.is_set()
