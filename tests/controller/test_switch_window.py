"""How long it took to enable or disable a namespace: measured by the controller, told over HTTP."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devcluster.cluster import ControlPlane
from registry.model.facts import SAMPLE_FACTS
from registry.settings import Settings
from tests.cluster import eventually
from tests.controller.shop import Shop
from tests.controller_process import ControllerProcess
from tests.http.support import Service, running
from tests.rights import grant


@pytest.fixture(scope="module")
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store, facts=SAMPLE_FACTS)) as one:
        yield one


@pytest.fixture
def plain(controller: ControllerProcess, make_shop: Callable[..., Shop]) -> Shop:
    """Not yet managed; enabling it writes the two defaults and a workload's policy."""
    assert controller.leads()
    shop = make_shop(managed=False, defaults=True)
    shop.run("db", {"postgres": "true"})
    return shop


def last_switch(service: Service, shop: Shop, user: str = "admin") -> dict[str, Any] | None:
    service.catch_up()
    answer = service.call("GET", f"/api/v1/namespaces/{shop.name}", user=user)
    found: dict[str, Any] | None = answer.get_json()["lastSwitch"]
    return found


def told(service: Service, shop: Shop, action: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = last_switch(service, shop)
        return found if found and found["action"] == action else None

    found = eventually(look)
    assert found
    return found


def test_a_namespace_that_was_never_switched_tells_nothing(service: Service, plain: Shop):
    assert last_switch(service, plain) is None


def test_enabling_tells_its_writes_and_its_window(service: Service, plain: Shop):
    plain.enable()
    found = told(service, plain, "enable")
    assert (found["writes"], found["waiting"]) == (3, 0)
    assert 0 < found["windowSeconds"] < 10
    assert datetime.now(UTC) - datetime.fromisoformat(found["at"]) < timedelta(minutes=1)


def test_disabling_tells_them_too_and_goes_before_enabling(service: Service, plain: Shop):
    plain.enable()
    told(service, plain, "enable")
    plain.enable(None)
    assert told(service, plain, "disable")["writes"] == 3


def test_releasing_counts_as_writing(service: Service, plain: Shop):
    plain.enable()
    told(service, plain, "enable")
    service.catch_up()
    service.call("POST", f"/api/v1/namespaces/{plain.name}/disable", {"policies": "leave"})
    assert told(service, plain, "disable")["writes"] == 3


def test_what_is_refused_by_a_quota_does_not_end_the_window(
    service: Service, plain: Shop, controller: ControllerProcess
):
    quota = {"hard": {"count/networkpolicies.networking.k8s.io": "2"}}
    path = f"/api/v1/namespaces/{plain.name}/resourcequotas"
    plain.api.create(path, {"metadata": {"name": "few"}, "spec": quota})
    eventually(lambda: plain.api.get(f"{path}/few").get("status", {}).get("used"))
    plain.enable()
    plain.await_event("PolicyRefused")
    assert last_switch(service, plain) is None
    plain.api.delete(f"{path}/few")
    assert told(service, plain, "enable")["writes"] == 3
    assert 'netpol_registry_switch_window_seconds_count{action="enable"}' in controller.metrics()


def test_the_namespace_itself_is_not_written(service: Service, plain: Shop):
    plain.enable()
    told(service, plain, "enable")
    meta = plain.api.get(f"/api/v1/namespaces/{plain.name}")["metadata"]
    assert "annotations" not in meta


def test_who_may_not_list_events_is_not_told(service: Service, plain: Shop):
    plain.enable()
    told(service, plain, "enable")
    grant(plain.api, plain.name, "namespaces", "get")
    assert last_switch(service, plain, "stranger") is None


def test_changes_of_a_namespace_that_stays_enabled_are_no_switch(service: Service, plain: Shop):
    plain.enable()
    first = told(service, plain, "enable")
    plain.label(other="label")
    plain.refer("db", redis="true")
    plain.await_policy("redis")
    assert last_switch(service, plain) == first
