"""What happens while the controller is down, killed or without its store."""

import time
from collections.abc import Callable

import pytest

from devcluster.cluster import ControlPlane
from tests.cluster import AuditLog, eventually, until_passes
from tests.controller.shop import Shop, ports
from tests.controller.store import Catalogue
from tests.controller_process import ControllerProcess
from tests.observer import Observer

MakeShop = Callable[..., Shop]


def test_a_label_set_while_the_controller_is_down_is_honoured(own_controller: ControllerProcess, shop: Shop):
    shop.run("db", {"postgres": "true"})
    own_controller.start()
    shop.await_policy("postgres")


def test_a_label_removed_while_the_controller_is_down_is_honoured(
    own_controller: ControllerProcess, shop: Shop
):
    own_controller.start()
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    own_controller.stop()
    shop.refer("db", postgres=None)
    own_controller.start()
    shop.await_gone("postgres")


def test_policies_stay_while_the_controller_is_down(own_controller: ControllerProcess, shop: Shop):
    own_controller.start()
    shop.run("db", {"postgres": "true"})
    before = shop.await_policy("postgres")
    own_controller.stop()
    assert shop.policies() == [before]


def test_a_policy_deleted_while_the_controller_is_down_comes_back(
    own_controller: ControllerProcess, shop: Shop
):
    own_controller.start()
    shop.run("db", {"postgres": "true"}, parameters={"postgres": "port: 6000"})
    path = shop.policy_path(shop.await_policy("postgres"))
    own_controller.stop()
    shop.api.delete(path)
    own_controller.start()
    assert ports(shop.await_policy("postgres")) == [6000]


def test_a_policy_stripped_of_its_labels_goes_with_its_reference_while_the_controller_is_down(
    own_controller: ControllerProcess, shop: Shop
):
    own_controller.start()
    shop.run("db", {"postgres": "true"})
    path = shop.policy_path(shop.await_policy("postgres"))
    own_controller.stop()
    shop.api.patch(path, {"metadata": {"labels": None}})
    shop.enable(None)
    own_controller.start()
    eventually(lambda: not shop.policies())


def test_a_restart_with_nothing_changed_writes_nothing(
    own_controller: ControllerProcess, make_shop: MakeShop, audit: AuditLog
):
    own_controller.start()
    shop = make_shop(defaults=True)
    unmanaged = make_shop(managed=False)
    shop.run("db", {"postgres": "true", "deny-all": "true"})
    shop.run("web", {"no-such-template": "true", "allow-port": "true"}, parameters={"allow-port": "port: 0"})
    unmanaged.run("db", {"postgres": "true"})
    shop.await_templates("postgres", "deny-all", "deny-all-ingress", "allow-namespace-communication")
    eventually(lambda: shop.policy("allow-namespace-communication")["spec"]["podSelector"])
    for reason in ("TemplateUnknown", "InvalidParameters", "TrafficIsolated"):
        shop.await_event(reason)
    unmanaged.await_event("NamespaceNotManaged")
    own_controller.stop()
    audit.restart()
    own_controller.start()
    time.sleep(1)
    assert audit.writes("netpol-registry-controller") == []


def test_a_store_that_is_gone_changes_no_policy(
    own_controller: ControllerProcess, shop: Shop, catalogue: Catalogue
):
    own_controller.start()
    shop.run("db", {"postgres": "true"})
    shop.run("web", {"http": "true"})
    before = shop.await_policy("postgres")
    shop.await_policy("http")
    catalogue.api.delete(catalogue.collection, labelSelector="netpol-registry.dev/store=revision")
    catalogue.api.delete(catalogue.path)
    eventually(lambda: own_controller.checks()["store"] != "ok")
    shop.refer("db", postgres="false")
    shop.api.delete(shop.policy_path(shop.policy("http")))
    time.sleep(0.5)
    assert shop.policies() == [before]


def test_a_kill_amid_500_changes_loses_none_and_doubles_none(
    own_controller: ControllerProcess, make_shop: MakeShop, control_plane: ControlPlane
):
    own_controller.start()
    shops = [make_shop(managed=False) for _ in range(5)]
    for shop in shops:
        for number in range(100):
            shop.run(f"w{number}", {"postgres": "true"})
    with Observer(control_plane, shops[0].policies_path) as observer:
        for shop in shops:
            shop.enable()
        eventually(lambda: observer.seen)
        own_controller.kill()
    written = sum(len(shop.policies()) for shop in shops)
    assert written < 500, "killed too late to show anything"
    own_controller.start()
    for shop in shops:
        until_passes(lambda shop=shop: whole(shop))


def whole(shop: Shop) -> None:
    owners = [policy["metadata"]["ownerReferences"][0]["name"] for policy in shop.policies()]
    assert sorted(owners) == sorted(f"w{number}" for number in range(100))


@pytest.mark.parametrize("signal", ["stop", "kill"])
def test_an_ended_controller_starts_again_on_its_port(own_controller: ControllerProcess, signal: str):
    own_controller.start()
    getattr(own_controller, signal)()
    own_controller.start()
