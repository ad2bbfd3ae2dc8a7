"""Custom kinds with a scale subresource are workloads while their definitions are there and granted."""

import time
from collections.abc import Iterator

import pytest

from devcluster.api import Api
from tests.cluster import eventually
from tests.controller.kinds import CustomKind
from tests.controller.shop import Shop
from tests.controller_process import ControllerProcess


@pytest.fixture
def rollouts(api: Api) -> Iterator[CustomKind]:
    """A kind of the test's own, not installed and not granted."""
    kind = CustomKind(api)
    yield kind
    kind.remove()
    kind.revoke()


def selected(shop: Shop, template: str) -> object:
    return shop.await_policy(template)["spec"]["podSelector"]


def referring(rollouts: CustomKind, shop: Shop, selector: str) -> None:
    """Install the kind, let the product watch it, and have one object of it refer to a template."""
    rollouts.grant()
    rollouts.install()
    rollouts.create(shop.name, postgres="true")
    rollouts.report(shop.name, selector)


def test_policies_of_others_stay_when_a_definition_goes(
    own_controller: ControllerProcess, shop: Shop, rollouts: CustomKind
):
    rollouts.grant()
    rollouts.install()
    rollouts.await_collection(shop.name)
    own_controller.start()
    rollouts.create(shop.name, postgres="true")
    rollouts.report(shop.name, "app=rollout")
    shop.run("web", {"mysql": "true"})
    shop.await_templates("mysql", "postgres")
    before = shop.policy("mysql")
    rollouts.remove()
    shop.await_templates("mysql")
    assert shop.policy("mysql") == before
    assert own_controller.is_ready()


def test_a_definition_made_anew_is_followed_anew(
    own_controller: ControllerProcess, shop: Shop, rollouts: CustomKind
):
    rollouts.grant()
    rollouts.install()
    own_controller.start()
    rollouts.create(shop.name, postgres="true")
    rollouts.report(shop.name, "app=first")
    shop.await_policy("postgres")
    rollouts.remove()
    rollouts.install()
    rollouts.create(shop.name, postgres="true")
    rollouts.report(shop.name, "app=second")
    eventually(lambda: selected(shop, "postgres") == {"matchLabels": {"app": "second"}})


def test_a_kind_that_is_not_granted_is_left_out_and_said_once(
    own_controller: ControllerProcess, shop: Shop, rollouts: CustomKind
):
    rollouts.install()
    rollouts.create(shop.name, postgres="true")
    rollouts.report(shop.name, "app=rollout")
    own_controller.start()
    shop.run("web", {"mysql": "true"})
    shop.await_templates("mysql")
    assert own_controller.log().count(f"watch of /apis/{rollouts.group}/v1alpha1/rollouts failed") == 1


def test_policies_of_a_kind_that_is_no_longer_granted_stay(
    own_controller: ControllerProcess, shop: Shop, rollouts: CustomKind
):
    referring(rollouts, shop, "app=rollout")
    own_controller.start()
    before = shop.await_policy("postgres")
    own_controller.stop()
    rollouts.revoke()
    eventually(lambda: not rollouts.is_aggregated())
    own_controller.start()
    time.sleep(0.5)
    assert shop.policies() == [before]


def test_a_kind_granted_while_the_controller_runs_is_followed(
    own_controller: ControllerProcess, shop: Shop, rollouts: CustomKind
):
    rollouts.install()
    rollouts.create(shop.name, postgres="true")
    rollouts.report(shop.name, "app=rollout")
    own_controller.start()
    rollouts.grant()
    assert eventually(lambda: selected(shop, "postgres"), timeout=40)


def test_a_kind_that_was_there_before_the_controller_costs_no_write(
    own_controller: ControllerProcess, shop: Shop, rollouts: CustomKind
):
    referring(rollouts, shop, "app=db")
    own_controller.start()
    before = shop.await_policy("postgres")
    own_controller.stop()
    own_controller.start()
    time.sleep(0.5)
    assert shop.policies() == [before]


def test_owners_follow_the_version_that_is_stored_and_no_edit_is_told(
    own_controller: ControllerProcess, shop: Shop, rollouts: CustomKind
):
    referring(rollouts, shop, "app=db")
    own_controller.start()
    before = shop.await_policy("postgres")
    rollouts.store_as_v1()

    def owner() -> object:
        return shop.policy("postgres")["metadata"]["ownerReferences"][0]["apiVersion"]

    eventually(lambda: owner() == f"{rollouts.group}/v1")
    own_controller.stop()  # so that all Events are written
    assert shop.policy("postgres")["metadata"]["uid"] == before["metadata"]["uid"]
    assert shop.events("DriftRepaired") == []


# Last, since that controller then runs beside all that come after it.
@pytest.mark.usefixtures("controller")
def test_a_kind_installed_while_the_controller_runs_is_followed(shop: Shop, rollouts: CustomKind):
    referring(rollouts, shop, "app=db,tier in (a,b)")
    assert selected(shop, "postgres") == {
        "matchLabels": {"app": "db"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}],
    }
    rollouts.report(shop.name, "app=other")
    eventually(lambda: selected(shop, "postgres") == {"matchLabels": {"app": "other"}})


@pytest.mark.usefixtures("controller")
def test_a_workload_whose_selector_is_not_told_yet_waits(shop: Shop, rollouts: CustomKind):
    rollouts.grant()
    rollouts.install()
    rollouts.create(shop.name, postgres="true")
    assert "Rollout" in shop.await_event("NoSelector")["message"]
    assert shop.policies() == []
