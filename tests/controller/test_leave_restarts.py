"""Leaving policies behind while the controller is down, or ends in the middle of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devcluster.cluster import ControlPlane
from registry.model.facts import SAMPLE_FACTS
from registry.settings import Settings
from tests.cluster import AuditLog, eventually, until_passes
from tests.controller.shop import Shop
from tests.controller.store import Catalogue, ingress_port
from tests.controller_process import ControllerProcess
from tests.http.support import Service, running

WORKLOADS = 60


@pytest.fixture(scope="module")
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store, facts=SAMPLE_FACTS)) as one:
        yield one


@pytest.fixture
def busy(
    service: Service, catalogue: Catalogue, own_controller: ControllerProcess, make_shop: Callable[..., Shop]
) -> Shop:
    """Many policies, and a controller that writes one after the other."""
    own_controller.setting("WRITES_IN_FLIGHT", "1")
    own_controller.start()
    if not catalogue.revision("own-port"):
        catalogue.put("own-port", spec=ingress_port(7))
    shop = make_shop()
    for number in range(WORKLOADS):
        shop.run(f"w{number}", {"own-port": "true"})
    shop.await_templates(*["own-port"] * WORKLOADS)
    service.catch_up()
    return shop


def leave(service: Service, shop: Shop) -> dict[str, Any]:
    path = f"/api/v1/namespaces/{shop.name}/disable"
    found: dict[str, Any] = service.call("POST", path, {"policies": "leave"}).get_json()
    return found


def uids(shop: Shop) -> set[str]:
    return {one["metadata"]["uid"] for one in shop.policies()}


def test_a_controller_that_was_down_leaves_them_at_its_start(
    service: Service, busy: Shop, own_controller: ControllerProcess, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("registry.http.namespaces.writing.PATIENCE_SECONDS", 0.2)
    before = uids(busy)
    own_controller.kill()
    assert leave(service, busy)["inForce"] is False
    assert len(busy.templates()) == WORKLOADS
    own_controller.start()
    busy.await_templates()
    assert uids(busy) == before
    assert leave(service, busy)["inForce"]
    assert not busy.api.get(f"/api/v1/namespaces/{busy.name}")["metadata"].get("annotations")


def test_a_controller_killed_in_the_middle_goes_on_and_deletes_none(
    service: Service,
    busy: Shop,
    own_controller: ControllerProcess,
    audit: AuditLog,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("registry.http.namespaces.writing.PATIENCE_SECONDS", 0.0)
    before = uids(busy)
    audit.restart()
    leave(service, busy)
    eventually(lambda: len(busy.templates()) < WORKLOADS)
    own_controller.kill()
    own_controller.start()
    busy.await_templates()
    assert uids(busy) == before

    def once() -> None:
        writes = audit.writes(resource="networkpolicies", namespace=busy.name)
        assert [one.verb for one in writes] == ["update"] * WORKLOADS

    until_passes(once)
