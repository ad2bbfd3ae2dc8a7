"""Attaching over HTTP, and what the controller makes of it: foreseen by the dry run."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devcluster.api import Object
from devcluster.cluster import ControlPlane
from registry.settings import Settings
from tests.cluster import eventually, until_passes
from tests.controller.shop import Shop, ports
from tests.controller.store import PORT_TEMPLATE, ingress_port
from tests.http.support import Service, running

pytestmark = pytest.mark.usefixtures("controller")

OF_PARAMETER = {
    "parameters": {"properties": {"port": {"type": "integer", "minimum": 1, "maximum": 99, "default": 1}}},
    "spec": ingress_port("${port}"),
}
DEFAULT = {
    "scope": "namespace",
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]},
}
PRESET = {"replacesDefaults": True, "spec": {"policyTypes": ["Ingress", "Egress"]}}


@pytest.fixture(scope="module")
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store)) as one:
        yield one


@pytest.fixture(scope="module", autouse=True)
def _templates(service: Service) -> None:
    created = {"given": OF_PARAMETER, "common": DEFAULT, "alone": PRESET}
    for name, fields in created.items():
        answer = service.call("POST", "", {"name": name, **PORT_TEMPLATE, **fields})
        assert answer.status_code == 201, answer.text


class Attachments:
    """Templates of the Deployment db of one namespace, over HTTP."""

    def __init__(self, service: Service, shop: Shop) -> None:
        self.service, self.shop = service, shop

    def call(self, method: str, template: str, body: object = None, query: str = "") -> Any:
        url = f"/api/v1/namespaces/{self.shop.name}/workloads/deployments/db/templates/{template}{query}"
        answer = self.service.call(method, url, body, user="developer")
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def foreseen(self, method: str, template: str, body: object = None) -> dict[str, Object]:
        """The namespace's policies by name, as a dry run says they will be."""
        self.service.catch_up()
        found = specs(self.shop)
        effect = self.call(method, template, body, "?dryRun=true")
        for change in (
            *effect["policies"],
            *(one for other in effect["others"] for one in other["policies"]),
        ):
            assert found.get(change["name"]) == change["before"]
            found[change["name"]] = change["after"]
        assert found != specs(self.shop)
        return {name: spec for name, spec in found.items() if spec is not None}

    def get(self) -> Any:
        self.service.catch_up()
        url = f"/api/v1/namespaces/{self.shop.name}/workloads/deployments/db"
        return self.service.call("GET", url, user="developer").get_json()


@pytest.fixture
def attachments(service: Service, shop: Shop) -> Attachments:
    shop.run("db")
    return Attachments(service, shop)


def specs(shop: Shop) -> dict[str, Object]:
    return {policy["metadata"]["name"]: policy["spec"] for policy in shop.policies()}


def becomes(shop: Shop, expected: dict[str, Object]) -> None:
    def same() -> None:
        assert specs(shop) == expected

    until_passes(same)


@pytest.mark.parametrize("body", [None, {"parameters": {"port": 40}}, {"value": "latest"}])
def test_attaching_does_what_its_dry_run_showed(attachments: Attachments, body: object):
    after = attachments.foreseen("PUT", "given", body)
    attachments.call("PUT", "given", body)
    becomes(attachments.shop, after)


def test_other_parameters_do_what_their_dry_run_showed(attachments: Attachments):
    attachments.call("PUT", "given")
    attachments.shop.await_policy("given")
    after = attachments.foreseen("PUT", "given", {"parameters": {"port": 41}})
    attachments.call("PUT", "given", {"parameters": {"port": 41}})
    becomes(attachments.shop, after)


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_detaching_does_what_its_dry_run_showed(attachments: Attachments, method: str):
    attachments.call("PUT", "given")
    attachments.shop.await_policy("given")
    body = {"value": "false"} if method == "PUT" else None
    after = attachments.foreseen(method, "given", body)
    attachments.call(method, "given", body)
    becomes(attachments.shop, after)


def test_a_preset_does_to_the_defaults_what_its_dry_run_showed(attachments: Attachments):
    attachments.shop.label(**{"template.netpol-registry.dev/common": "true"})
    attachments.shop.await_templates("common")
    after = attachments.foreseen("PUT", "alone")
    attachments.call("PUT", "alone")
    becomes(attachments.shop, after)


def test_a_workload_tells_what_the_controller_has_put_in_force(attachments: Attachments):
    attachments.call("PUT", "given", {"parameters": {"port": 40}})
    policy = attachments.shop.await_policy("given")
    [one] = attachments.get()["templates"]
    assert (one["policy"], one["revision"], one["tracking"]) == (policy["metadata"]["name"], 1, "pinned")
    assert one["parameters"] == {"port": 40}


def test_the_answer_says_which_revision_comes_into_force(attachments: Attachments):
    assert attachments.call("PUT", "given")["revision"] == 1


def test_since_is_when_the_controller_wrote_the_policy(attachments: Attachments):
    attachments.call("PUT", "given")
    policy = attachments.shop.await_policy("given")
    times = [entry["time"] for entry in policy["metadata"]["managedFields"]]
    [one] = attachments.get()["templates"]
    assert one["since"] in times


def test_latest_then_true_keeps_what_is_in_force(attachments: Attachments):
    attachments.call("PUT", "given", {"value": "latest"})
    before = attachments.shop.await_policy("given")
    attachments.call("PUT", "given", {"value": "true"})
    eventually(lambda: attachments.get()["templates"][0]["tracking"] == "pinned")
    after = attachments.shop.policy("given")
    assert (after["metadata"]["uid"], ports(after)) == (before["metadata"]["uid"], ports(before))


def test_the_condition_of_a_namespace_follows_the_controller(
    service: Service, make_shop: Callable[..., Shop]
):
    attachments = Attachments(service, make_shop())
    attachments.shop.run("db", {"given": "true"})
    attachments.shop.await_policy("given")
    attachments.shop.enable(None)
    attachments.shop.await_gone("given")
    [waiting] = attachments.get()["templates"]
    assert waiting["reason"] == "NamespaceNotManaged"
