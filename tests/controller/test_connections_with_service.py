"""From a label to the answer who can talk to whom: the controller writes, the service tells why."""

import subprocess
from collections.abc import Iterator

import pytest

from devcluster.cluster import ControlPlane
from registry.settings import Settings
from tests.cluster import eventually, until_passes
from tests.controller.shop import Shop
from tests.controller.store import PORT_TEMPLATE, ingress_port
from tests.http.connectivity import Connections
from tests.http.support import running

pytestmark = pytest.mark.usefixtures("controller")

LABEL = "template.netpol-registry.dev/"


@pytest.fixture
def told(control_plane: ControlPlane, store: str, shop: Shop) -> Iterator[Connections]:
    """A service over the controller's store, asked about two workloads of the shop."""
    with running(control_plane, Settings(store_namespace=store)) as service:
        shop.run("web")
        yield Connections(shop.api, service, shop.name)


def create(told: Connections, name: str) -> None:
    document = {"name": name, **PORT_TEMPLATE, "spec": ingress_port(7)}
    assert told.service.call("POST", "", document).status_code == 201


def origins(told: Connections, **query: object) -> list[dict]:
    found = told.told("explain", **told.between(**query))
    return [one["origin"] for one in found["ingress"]["policies"]]


def allowed(told: Connections, port: int) -> bool:
    return told.told("verdict", **told.between(port=port))["allowed"]


def drawn(told: Connections) -> set[tuple[str, ...]]:
    graph = told.told("graph", workload=told.end("db"))
    db = f"workload:{told.namespace}/Deployment.apps/db"
    return {tuple(one["ports"]) for one in graph["edges"] if one["target"] == db}


def test_a_label_shows_in_verdict_graph_and_explanation(told: Connections, shop: Shop):
    create(told, "seven")
    shop.run("db", {"seven": "true"})
    shop.await_policy("seven")
    assert (allowed(told, 7), allowed(told, 8)) == (True, False)
    assert drawn(told) == {("TCP 7",)}
    on = {"namespace": shop.name, "group": "apps", "kind": "Deployment", "name": "db"}
    expected = {"template": "seven", "revision": 1, "label": f"{LABEL}seven", "on": on}
    assert origins(told, port=7) == [expected]


def test_a_policy_deleted_with_kubectl_comes_back_and_so_does_its_place_in_the_answers(
    told: Connections, shop: Shop, control_plane: ControlPlane
):
    create(told, "gone")
    shop.run("db", {"gone": "true"})
    name = shop.await_policy("gone")["metadata"]["name"]
    origin = origins(told)
    command = [str(control_plane.kubectl), "--kubeconfig", str(control_plane.kubeconfig("admin"))]
    subprocess.run([*command, "-n", shop.name, "delete", "networkpolicy", name], check=True, timeout=60)
    until_passes(lambda: _equal(origins(told), origin))
    shop.refer("db", gone=None)
    shop.await_gone("gone")
    eventually(lambda: allowed(told, 8))
    assert origins(told) == []


def _equal(found: object, expected: object) -> None:
    assert found == expected
