"""A controller for the tests of a module, and namespaces it looks at."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from devcluster.product import bind_store_namespace
from tests.cluster import create_namespace, unique_name
from tests.controller.shop import MANAGED, Shop
from tests.controller.store import Catalogue
from tests.controller_process import ControllerProcess

NO_DEFAULTS = {
    "template.netpol-registry.dev/allow-namespace-communication": "false",
    "template.netpol-registry.dev/deny-all-ingress": "false",
}


@pytest.fixture(scope="module")
def store(api: Api) -> Iterator[str]:
    """A store namespace of this module's own."""
    name = unique_name("store")
    create_namespace(api, name)
    bind_store_namespace(api, name)
    yield name
    api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def group() -> str:
    """The label value of the namespaces that this module's controller looks at."""
    return unique_name("group")


@pytest.fixture(scope="module")
def controller(
    control_plane: ControlPlane, store: str, group: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControllerProcess]:
    process = ControllerProcess(control_plane, store, group, tmp_path_factory.mktemp("controller"))
    process.setting("ORPHAN_GRACE_SECONDS", "2")
    process.setting("EXCLUDED_NAMESPACES", f"kube-system,excluded-{group}")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def make_shop(api: Api, make_namespace: Callable[..., str], group: str) -> Callable[..., Shop]:
    """Make a namespace of the controller's; managed and without defaults unless told otherwise."""

    def make(labels: dict[str, str] | None = None, *, managed: bool = True, defaults: bool = False) -> Shop:
        own = {"group": group, **(labels or {})}
        own |= {MANAGED: "true"} if managed else {}
        own |= {} if defaults else NO_DEFAULTS
        return Shop(api, make_namespace(own))

    return make


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()


@pytest.fixture
def catalogue(api: Api, store: str) -> Catalogue:
    return Catalogue(api, store)


@pytest.fixture
def own_controller(
    control_plane: ControlPlane, store: str, group: str, tmp_path: Path
) -> Iterator[ControllerProcess]:
    """A controller of one test's own, not started; do not use it beside `controller`."""
    process = ControllerProcess(control_plane, store, group, tmp_path)
    yield process
    process.stop()
