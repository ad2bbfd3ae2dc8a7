"""One running service for all HTTP tests, and others where a test needs its own store."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from devcluster.product import bind_store_namespace
from registry.settings import Settings
from tests.cluster import create_namespace, unique_name
from tests.controller.kinds import CustomKind
from tests.http.support import Service, running


@pytest.fixture(scope="session")
def service(control_plane, api) -> Iterator[Service]:
    namespace = unique_name("http")
    create_namespace(api, namespace)
    bind_store_namespace(api, namespace)
    with running(control_plane, Settings(store_namespace=namespace)) as one:
        yield one


@pytest.fixture
def start_service(control_plane, make_store_namespace) -> Iterator[Callable[..., Service]]:
    """Start a service over a store of its own."""
    with contextlib.ExitStack() as stack:

        def start(**settings: object) -> Service:
            settings.setdefault("store_namespace", make_store_namespace())
            return stack.enter_context(running(control_plane, Settings(**settings)))

        yield start


@pytest.fixture
def name() -> str:
    """A template name of the test's own."""
    return unique_name("web")


@pytest.fixture
def rollouts(api):
    """A custom kind that the service may watch."""
    kind = CustomKind(api)
    kind.grant()
    kind.install()
    yield kind
    kind.remove()
    kind.revoke()
