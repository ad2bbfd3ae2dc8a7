"""Both halves of the product over one store: what is done over HTTP has its effect on policies."""

from collections.abc import Iterator

import pytest

from devcluster.cluster import ControlPlane
from registry.settings import Settings
from tests.cluster import eventually
from tests.controller.shop import Shop, ports
from tests.controller.store import PORT_TEMPLATE, ingress_port
from tests.http.support import Service, running

pytestmark = pytest.mark.usefixtures("controller")


@pytest.fixture
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store)) as one:
        yield one


def create(service: Service, name: str, port: int) -> str:
    document = {"name": name, **PORT_TEMPLATE, "spec": ingress_port(port)}
    return service.call("POST", "", document).headers["ETag"]


def test_a_template_created_over_http_is_there_for_a_label(service: Service, shop: Shop):
    create(service, "over-http", 7)
    shop.run("db", {"over-http": "true"})
    assert ports(shop.await_policy("over-http")) == [7]


def test_a_template_replaced_over_http_moves_who_follows_it(service: Service, shop: Shop):
    etag = create(service, "followed", 7)
    shop.run("db", {"followed": "latest"})
    shop.await_policy("followed")
    document = {"name": "followed", **PORT_TEMPLATE, "spec": ingress_port(8)}
    assert service.call("PUT", "followed", document, if_match=etag).status_code == 200
    eventually(lambda: ports(shop.policy("followed")) == [8])


def test_a_template_in_use_is_deleted_only_by_force_and_takes_its_policies_along(
    service: Service, shop: Shop
):
    etag = create(service, "in-use", 7)
    shop.run("db", {"in-use": "true"})
    before = shop.await_policy("in-use")
    refused = service.call("DELETE", "in-use", if_match=etag)
    assert refused.status_code == 409
    assert {"kind": "Deployment", "namespace": shop.name, "name": "db"} in refused.json["users"]
    assert shop.policy("in-use") == before
    assert service.call("DELETE", "in-use?force=true", if_match=etag).status_code == 200
    shop.await_gone("in-use")
    eventually(lambda: any("was deleted" in event["message"] for event in shop.events("TemplateUnknown")))
    labels = shop.api.get(shop.path("db"))["metadata"]["labels"]
    assert labels["template.netpol-registry.dev/in-use"] == "true"


def test_a_template_created_again_goes_on_counting_and_serves_the_labels_that_stayed(
    service: Service, shop: Shop
):
    etag = create(service, "again", 7)
    shop.run("db", {"again": "true"})
    shop.await_policy("again")
    service.call("DELETE", "again?force=true", if_match=etag)
    shop.await_gone("again")
    create(service, "again", 8)
    policy = shop.await_policy("again")
    assert (ports(policy), policy["metadata"]["labels"]["netpol-registry.dev/revision"]) == ([8], "3")
