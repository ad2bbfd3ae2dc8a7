"""References stay at their revision when their policy is lost: by hand, or with the whole namespace."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from devcluster.api import Object
from devcluster.cluster import ControlPlane
from registry.settings import Settings
from tests.cluster import AuditLog, create_namespace, eventually, until_passes
from tests.controller.shop import Shop, ports
from tests.controller.store import PORT_TEMPLATE, Catalogue, ingress_port
from tests.controller_process import ControllerProcess
from tests.http.support import Service, running

PARAMETER = {
    "parameters": {"properties": {"port": {"type": "integer", "minimum": 1, "maximum": 99, "default": 1}}},
    "spec": ingress_port("${port}"),
}

MANY = 400
"""Workloads: enough that the last policy comes after an edit of the catalogue could be recorded."""


@pytest.fixture
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store)) as one:
        yield one


def revision(policy: Object) -> str:
    found: str = policy["metadata"]["labels"]["netpol-registry.dev/revision"]
    return found


def recorded(catalogue: Catalogue, template: str, shop: Shop) -> dict[str, Any]:
    """The pins of a namespace's users of a template."""
    found = catalogue.api.find(f"{catalogue.collection}/netpol-templates.{template}.pins")
    users: dict[str, Any] = json.loads(found.get("data", {}).get(shop.name, "{}")) if found else {}
    return users


def moved_on(catalogue: Catalogue, shop: Shop, template: str, **options: Any) -> None:
    """A workload pinned at revision 1 of a template that is at revision 2."""
    catalogue.put(template, **PARAMETER)
    shop.run("db", {template: "true"}, **options)
    shop.await_policy(template)
    catalogue.put(template, **{**PARAMETER, "description": "Opens another port."})
    until_passes(lambda: recorded(catalogue, template, shop)["Deployment.apps/db"])


def lose_policies(shop: Shop) -> None:
    for policy in shop.policies():
        shop.api.delete(shop.policy_path(policy))


def test_a_policy_deleted_while_the_controller_was_down_comes_back_at_its_revision(
    own_controller: ControllerProcess, catalogue: Catalogue, shop: Shop
):
    own_controller.start()
    moved_on(catalogue, shop, "lost", parameters={"lost": "port: 7"})
    own_controller.stop()
    lose_policies(shop)
    own_controller.start()
    policy = shop.await_policy("lost")
    assert (revision(policy), ports(policy)) == ("1", [7])


def test_a_template_that_moves_on_over_http_while_the_controller_is_down_takes_nobody_along(
    own_controller: ControllerProcess, catalogue: Catalogue, service: Service, shop: Shop
):
    own_controller.start()
    catalogue.put("alone", **PARAMETER)
    shop.run("db", {"alone": "true"})
    shop.await_policy("alone")
    own_controller.stop()
    service.catch_up()
    document = {"name": "alone", **PORT_TEMPLATE, "spec": ingress_port(2)}
    assert service.call("PUT", "alone", document, if_match="*").status_code == 200
    lose_policies(shop)
    own_controller.start()
    assert revision(shop.await_policy("alone")) == "1"


def test_an_edit_of_the_configmap_while_the_controller_is_down_takes_nobody_along(
    own_controller: ControllerProcess, catalogue: Catalogue, shop: Shop
):
    own_controller.start()
    catalogue.put("edited", **PARAMETER)
    for number in range(MANY):
        shop.run(f"db-{number}", {"edited": "true"})
    until_passes(lambda: counted(shop, MANY))
    own_controller.stop()
    catalogue.edit("edited", yaml.safe_dump({"name": "edited", **PORT_TEMPLATE, "spec": ingress_port(2)}))
    lose_policies(shop)
    own_controller.start()
    eventually(lambda: catalogue.revision("edited") == 2)
    until_passes(lambda: counted(shop, MANY))
    assert {revision(policy) for policy in shop.policies()} == {"1"}


def counted(shop: Shop, number: int) -> None:
    assert len(shop.policies()) == number


def test_a_reference_taken_away_while_the_controller_was_down_is_forgotten(
    own_controller: ControllerProcess, catalogue: Catalogue, shop: Shop
):
    own_controller.start()
    moved_on(catalogue, shop, "down")
    own_controller.stop()
    shop.refer("db", down=None)
    lose_policies(shop)
    own_controller.start()
    eventually(lambda: not recorded(catalogue, "down", shop))
    shop.refer("db", down="true")
    assert revision(shop.await_policy("down")) == "2"


@pytest.mark.usefixtures("controller")
class TestWhileTheControllerRuns:
    def test_a_namespace_restored_from_a_backup_has_its_policies_at_their_revisions(
        self, catalogue: Catalogue, shop: Shop
    ):
        moved_on(catalogue, shop, "restored", parameters={"restored": "port: 7"})
        backup = restorable(shop)
        shop.api.delete(f"/api/v1/namespaces/{shop.name}")
        eventually(lambda: not shop.api.find(f"/api/v1/namespaces/{shop.name}"), timeout=60)
        restore(shop, *backup)
        policy = shop.await_policy("restored")
        owner = shop.api.get(shop.path("db"))["metadata"]["uid"]

        def owned() -> None:
            found = shop.policy("restored")
            assert [one["uid"] for one in found["metadata"]["ownerReferences"]] == [owner]

        until_passes(owned)
        assert (revision(policy), ports(policy)) == ("1", [7])

    def test_a_reference_that_is_set_again_starts_from_the_current_revision(
        self, catalogue: Catalogue, shop: Shop
    ):
        moved_on(catalogue, shop, "again")
        shop.refer("db", again="false")
        shop.await_gone("again")
        shop.refer("db", again="true")
        assert revision(shop.await_policy("again")) == "2"

    def test_a_reference_that_was_taken_away_is_forgotten(self, catalogue: Catalogue, shop: Shop):
        moved_on(catalogue, shop, "away")
        shop.refer("db", away=None)
        eventually(lambda: not recorded(catalogue, "away", shop))

    def test_a_save_that_changes_nothing_records_nothing(
        self, catalogue: Catalogue, service: Service, shop: Shop
    ):
        catalogue.put("same", **PARAMETER)
        shop.run("db", {"same": "true"})
        shop.await_policy("same")
        service.catch_up()
        document = {"name": "same", **PORT_TEMPLATE, **PARAMETER}
        assert service.call("PUT", "same", document, if_match="*").status_code == 200
        assert recorded(catalogue, "same", shop) == {}

    def test_an_upgrade_ends_the_pin(self, catalogue: Catalogue, shop: Shop):
        moved_on(catalogue, shop, "upgraded")
        shop.refer("db", upgraded="latest")
        eventually(lambda: revision(shop.policy("upgraded")) == "2")
        eventually(lambda: not recorded(catalogue, "upgraded", shop))

    def test_a_template_that_was_deleted_and_comes_back_finds_its_users_at_the_current_revision(
        self, catalogue: Catalogue, service: Service, shop: Shop
    ):
        moved_on(catalogue, shop, "reborn")
        service.catch_up()
        assert service.call("DELETE", "reborn?force=true", if_match="*").status_code == 200
        shop.await_gone("reborn")
        eventually(lambda: not recorded(catalogue, "reborn", shop))
        document = {"name": "reborn", **PORT_TEMPLATE, "spec": ingress_port(2)}
        assert service.call("POST", "", document).status_code == 201
        assert revision(shop.await_policy("reborn")) == "4"

    def test_a_workload_that_is_gone_is_waited_for(self, catalogue: Catalogue, shop: Shop):
        moved_on(catalogue, shop, "waited")
        shop.api.delete(shop.path("db"))
        eventually(lambda: recorded(catalogue, "waited", shop)["Deployment.apps/db"].get("gone"))

    def test_attaching_writes_the_policy_alone(self, catalogue: Catalogue, shop: Shop, audit: AuditLog):
        catalogue.put("attached", **PARAMETER)
        audit.restart()
        shop.run("db", {"attached": "true"})
        shop.await_policy("attached")
        shop.run("probe", {"no-such-template": "true"})
        shop.await_event("TemplateUnknown")
        assert audit.writes(user="netpol-registry-controller", resource="configmaps") == []


def restorable(shop: Shop) -> tuple[Object, list[Object], list[Object]]:
    """A backup as Velero makes one: the objects as they are, which a restore creates anew."""
    deployments = shop.api.list(shop.path(""))
    return shop.api.get(f"/api/v1/namespaces/{shop.name}"), deployments, shop.policies()


def restore(shop: Shop, namespace: Object, deployments: list[Object], policies: list[Object]) -> None:
    """Create all anew, policies with the owners they had: the garbage collector removes those."""
    create_namespace(shop.api, shop.name, namespace["metadata"]["labels"])
    for one in policies:
        shop.api.create(shop.policies_path, anew(one))
    for one in deployments:
        shop.api.create(shop.path(""), anew(one))


def anew(one: Object) -> Object:
    kept = ("name", "labels", "annotations", "ownerReferences")
    return {
        "metadata": {key: one["metadata"][key] for key in kept if key in one["metadata"]},
        "spec": one["spec"],
    }
