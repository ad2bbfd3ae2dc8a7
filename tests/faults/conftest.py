"""A controller that reaches the API server through a proxy in which things go wrong."""

from collections.abc import Callable, Iterator

import pytest

from devcluster.cluster import ControlPlane
from devcluster.faults import FaultProxy
from tests.cluster import AuditLog
from tests.controller.conftest import catalogue, group, make_shop, shop, store
from tests.controller.shop import Shop
from tests.controller_process import ControllerProcess
from tests.faults.scene import Scene

__all__ = ["catalogue", "group", "make_shop", "shop", "store"]


@pytest.fixture(scope="module")
def proxy(control_plane: ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy(control_plane) as one:
        yield one


@pytest.fixture(scope="module")
def controller(
    control_plane: ControlPlane,
    store: str,
    group: str,
    proxy: FaultProxy,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ControllerProcess]:
    """Leads from the start, by way of `proxy`; with the settings of a real one but for the lease."""
    directory = tmp_path_factory.mktemp("controller")
    process = ControllerProcess(control_plane, store, group, directory)
    process.credentials(proxy.kubeconfig(directory / "proxied"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def healed(proxy: FaultProxy) -> Iterator[None]:
    """No test leaves a fault to the next."""
    yield
    proxy.heal()


@pytest.fixture
def scene(
    controller: ControllerProcess,  # noqa: ARG001 (it has to run)
    make_shop: Callable[..., Shop],
    audit: AuditLog,
    control_plane: ControlPlane,
) -> Iterator[Scene]:
    """A namespace in which something of each kind is about to change, and somebody who watches it."""
    with Scene(make_shop(), audit, control_plane) as one:
        yield one
