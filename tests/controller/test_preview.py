"""What a preview tells is what the controller then does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devcluster.cluster import ControlPlane
from registry.settings import Settings
from tests.cluster import eventually, until_passes
from tests.controller.shop import Shop
from tests.controller.store import PORT_TEMPLATE, ingress_port
from tests.http.support import Service, running

pytestmark = pytest.mark.usefixtures("controller")

OF_PARAMETER = {
    "parameters": {"properties": {"port": {"type": "integer", "minimum": 1, "maximum": 99, "default": 1}}},
    "spec": ingress_port("${port}"),
}
NARROWER = {
    "parameters": {"properties": {"port": {"type": "integer", "minimum": 1, "maximum": 50, "default": 2}}},
    "spec": ingress_port("${port}"),
}
PRESET = {"replacesDefaults": True, "spec": {"policyTypes": ["Ingress", "Egress"]}}
DEFAULT = {
    "scope": "namespace",
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]},
}


@pytest.fixture
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store)) as one:
        yield one


def document(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, **PORT_TEMPLATE, **fields}


def specs(shop: Shop) -> dict[str, Any]:
    return {policy["metadata"]["name"]: policy["spec"] for policy in shop.policies()}


def foreseen(service: Service, shop: Shop, template: str, change: dict[str, Any]) -> dict[str, Any]:
    """The namespace's policies as the preview says they will be."""
    service.catch_up()
    answer = service.call("POST", f"{template}/preview?limit=500", change)
    assert answer.status_code == 200, answer.text
    hits = [hit for hit in answer.get_json()["items"] if hit["namespace"] == shop.name]
    found = specs(shop)
    for policy in (policy for hit in hits for policy in hit["policies"]):
        assert found.get(policy["name"]) == policy["before"]
        found[policy["name"]] = policy["after"]
    assert found != specs(shop)
    return {name: spec for name, spec in found.items() if spec is not None}


def becomes(shop: Shop, expected: dict[str, Any]) -> None:
    def same() -> None:
        assert specs(shop) == expected

    until_passes(same)


def test_a_replaced_template(service: Service, shop: Shop):
    service.call("POST", "", document("foreseen", **OF_PARAMETER))
    shop.run("follows", {"foreseen": "latest"})
    shop.run("pinned", {"foreseen": "true"})
    shop.run("fits", {"foreseen": "latest"}, parameters={"foreseen": "port: 40"})
    shop.run("does-not-fit", {"foreseen": "latest"}, parameters={"foreseen": "port: 60"})
    shop.await_templates(*["foreseen"] * 4)
    after = foreseen(service, shop, "foreseen", {"document": document("foreseen", **NARROWER)})
    service.call("PUT", "foreseen", document("foreseen", **NARROWER), if_match="*")
    becomes(shop, after)


def test_a_deleted_template(service: Service, shop: Shop):
    service.call("POST", "", document("goes"))
    shop.run("one", {"goes": "latest"})
    shop.run("two", {"goes": "true"})
    shop.run("other", {"stays": "true"})
    service.call("POST", "", document("stays"))
    shop.await_templates("goes", "goes", "stays")
    after = foreseen(service, shop, "goes", {"deletion": True})
    service.call("DELETE", "goes?force=true", if_match="*")
    becomes(shop, after)


def test_a_template_that_becomes_a_preset(service: Service, shop: Shop):
    service.call("POST", "", document("common", **DEFAULT))
    service.call("POST", "", document("alone", spec=PRESET["spec"]))
    shop.label(**{"template.netpol-registry.dev/common": "true"})
    shop.run("db", {"alone": "latest"})
    shop.run("web", {"alone": "latest"})
    shop.await_templates("alone", "alone", "common")
    after = foreseen(service, shop, "alone", {"document": document("alone", **PRESET)})
    service.call("PUT", "alone", document("alone", **PRESET), if_match="*")
    becomes(shop, after)


def test_a_new_default(service: Service, make_shop: Callable[..., Shop]):
    shop = make_shop({"team": "defaults"})
    shop.run("db", {})
    default = document("everywhere", **DEFAULT, defaultIn={"matchLabels": {"team": "defaults"}})
    after = foreseen(service, shop, "everywhere", {"document": default})
    service.call("POST", "?force=true", default)
    becomes(shop, after)


def test_other_parameters(service: Service, shop: Shop):
    service.call("POST", "", document("given", **OF_PARAMETER))
    shop.run("db", {"given": "true"}, parameters={"given": "port: 40"})
    shop.await_templates("given")
    user = {"kind": "Deployment", "namespace": shop.name, "name": "db", "values": {"port": 41}}
    after = foreseen(service, shop, "given", {"parameters": user})
    shop.parameterise("db", "given", "port: 41")
    becomes(shop, after)


def test_a_rollout(service: Service, shop: Shop):
    service.call("POST", "", document("moves", **OF_PARAMETER))
    shop.run("pinned", {"moves": "true"})
    shop.run("exact", {"moves": "v1"})
    shop.run("fits", {"moves": "true"}, parameters={"moves": "port: 40"})
    shop.run("does-not-fit", {"moves": "true"}, parameters={"moves": "port: 60"})
    shop.await_templates(*["moves"] * 4)
    service.call("PUT", "moves", document("moves", **NARROWER), if_match="*")
    after = foreseen(service, shop, "moves", {"rollout": {}})
    service.call("POST", "moves/rollouts", {})
    eventually(lambda: service.call("GET", "moves/rollouts").get_json()["state"] == "done")
    becomes(shop, after)
