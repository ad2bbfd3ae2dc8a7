"""The sync contract, row by row, for changes of the catalogue."""

import pytest

from tests.cluster import eventually, until_passes
from tests.controller.shop import Shop, ports
from tests.controller.store import PORT_TEMPLATE, Catalogue, ingress_port
from tests.controller_process import ControllerProcess

pytestmark = pytest.mark.usefixtures("controller")


@pytest.mark.parametrize(("value", "expected"), [("true", [1]), ("v1", [1]), ("latest", [2])])
def test_a_template_updated_moves_only_latest(
    shop: Shop, catalogue: Catalogue, value: str, expected: list[int]
):
    name = f"moves-{value}"
    catalogue.put(name, spec=ingress_port(1))
    shop.run("db", {name: value})
    shop.run("witness", {name: "latest"}, app="witness")
    eventually(lambda: len(shop.policies()) == 2)
    before = owned_by(shop, "db")
    catalogue.put(name, spec=ingress_port(2))
    eventually(lambda: ports(owned_by(shop, "witness")) == [2])
    until_passes(lambda: has_ports(shop, expected))
    assert owned_by(shop, "db")["metadata"]["uid"] == before["metadata"]["uid"]


def owned_by(shop: Shop, workload: str) -> dict[str, object]:
    (policy,) = [p for p in shop.policies() if p["metadata"]["ownerReferences"][0]["name"] == workload]
    return policy


def has_ports(shop: Shop, expected: list[int]) -> None:
    assert ports(owned_by(shop, "db")) == expected


@pytest.mark.parametrize(("before", "port"), [("v1", 1), ("latest", 2)])
def test_true_pins_what_is_in_force(shop: Shop, catalogue: Catalogue, before: str, port: int):
    name = f"pins-{before}"
    catalogue.put(name, spec=ingress_port(1))
    catalogue.put(name, spec=ingress_port(2))
    shop.run("db", {name: before})
    shop.await_policy(name)
    shop.api.patch(
        shop.path("db"), {"metadata": {"labels": {f"template.netpol-registry.dev/{name}": "true"}}}
    )
    eventually(lambda: tracking(shop, name) == "pinned")
    catalogue.put(name, spec=ingress_port(3))
    assert ports(shop.policy(name)) == [port]


def tracking(shop: Shop, template: str) -> str:
    return shop.policy(template)["metadata"]["annotations"]["netpol-registry.dev/tracking"]


def test_a_broken_entry_leaves_the_last_good_revision_in_force(shop: Shop, catalogue: Catalogue):
    catalogue.put("breaks")
    shop.run("db", {"breaks": "latest"})
    before = shop.await_policy("breaks")
    catalogue.edit("breaks", "name: breaks\nspec: [")
    eventually(lambda: catalogue.events("TemplateInvalid"))
    assert shop.policy("breaks") == before


def test_a_removed_entry_leaves_the_last_good_revision_in_force(shop: Shop, catalogue: Catalogue):
    catalogue.put("removed")
    shop.run("db", {"removed": "true"})
    before = shop.await_policy("removed")
    catalogue.edit("removed", None)
    eventually(lambda: catalogue.events("TemplateRemoved"))
    shop.api.delete(shop.policy_path(before))
    eventually(lambda: shop.policy("removed")["spec"] == before["spec"])


def test_flagged_entries_are_counted(controller: ControllerProcess, catalogue: Catalogue):
    catalogue.put("counted")
    catalogue.edit("counted", "{")
    eventually(lambda: 'netpol_registry_templates_flagged{flag="invalid"}' in controller.metrics())


def test_a_deleted_configmap_is_restored_and_told(shop: Shop, catalogue: Catalogue):
    catalogue.put("survives")
    shop.run("db", {"survives": "true"})
    before = shop.await_policy("survives")
    catalogue.api.delete(catalogue.path)
    restored = eventually(lambda: catalogue.api.find(catalogue.path))
    assert "survives.yaml" in restored["data"]
    eventually(lambda: catalogue.events("StoreRestored"))
    assert shop.policy("survives") == before


def test_a_template_for_every_api_server_address_follows_the_address(shop: Shop):
    shop.run("db", {"to-api-server": "true"})
    shop.await_event("FactUnknown")
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    endpoints = {
        "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.9.8.7"]}],
        "ports": [{"name": "https", "port": 6443}],
    }
    shop.api.create(slices, endpoints)
    assert "10.9.8.7/32" in str(shop.await_policy("to-api-server")["spec"])
    shop.api.patch(f"{slices}/kubernetes", {"endpoints": [{"addresses": ["10.9.8.8"]}]})
    eventually(lambda: "10.9.8.8/32" in str(shop.policy("to-api-server")["spec"]))
    before = shop.policy("to-api-server")
    shop.api.delete(f"{slices}/kubernetes")
    shop.run("probe", {"no-such-template": "true"})
    shop.await_event("TemplateUnknown")
    assert shop.policy("to-api-server") == before


def test_entries_of_the_catalogue_need_not_be_pretty(shop: Shop, catalogue: Catalogue):
    catalogue.put("commented")
    text = "# why\n" + str({"name": "commented", **PORT_TEMPLATE}).replace("'", '"')
    catalogue.edit("commented", text)
    shop.run("db", {"commented": "true"})
    shop.await_policy("commented")
    assert catalogue.revision("commented") == 1
