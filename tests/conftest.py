"""Fixtures of the integration tests: one real control plane for the whole run.

    def test_something(api, make_namespace):
        shop = make_namespace({"netpol-registry.dev/managed": "true"})
        api.create(f"/apis/apps/v1/namespaces/{shop}/deployments", {...})
        policies = f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies"
        assert eventually(lambda: api.list(policies))

- `control_plane`: a `devcluster.cluster.ControlPlane` with namespace and RBAC of `deploy/`, and users bound.
  `control_plane.kubeconfig(user)` and `.token(user)` know root, admin, developer, viewer, stranger, and the
  product's service accounts as `controller` and `server`, which have the rights of `deploy/`, no more.
- `api`: a `devcluster.api.Api` as cluster admin; `control_plane.api("developer")` calls as somebody else.
- `make_namespace(labels)`: a new namespace, deleted after the test; returns its name.
- `make_store_namespace()`: the same for a store: `controller` and `server` may write its ConfigMaps.
- `audit`: `tests.cluster.AuditLog`, the writes since the test began.
- `tests.cluster`: `eventually(check)` and `until_passes(assertions)` for what takes a moment, `unique_name`.

All tests share one cluster: give a controller its own store namespace and a namespace selector, and your
namespaces a label of that selector (`unique_name()` as its value).
"""

from collections.abc import Callable, Iterator

import hypothesis
import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from devcluster.product import bind_store_namespace
from tests.cluster import AuditLog, control_plane_with_product, create_namespace, unique_name

# No test is timed: on a busy machine a slow example is no failure.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need the control plane: `-m 'not cluster'` runs all others."""
    for item in items:
        if isinstance(item, pytest.Function) and "control_plane" in item.fixturenames:
            item.add_marker("cluster")


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    with control_plane_with_product() as plane:
        yield plane


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> Iterator[Api]:
    client = control_plane.api()
    yield client
    client.close()


@pytest.fixture
def make_namespace(api: Api) -> Iterator[Callable[..., str]]:
    made: list[str] = []

    def make(labels: dict[str, str] | None = None, prefix: str = "ns") -> str:
        name = unique_name(prefix)
        create_namespace(api, name, labels)
        made.append(name)
        return name

    yield make
    for name in made:
        if api.find(f"/api/v1/namespaces/{name}"):
            api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def make_store_namespace(api: Api, make_namespace: Callable[..., str]) -> Callable[[], str]:
    def make() -> str:
        name = make_namespace(prefix="store")
        bind_store_namespace(api, name)
        return name

    return make


@pytest.fixture
def audit(control_plane: ControlPlane) -> AuditLog:
    return AuditLog(control_plane.audit_log)
