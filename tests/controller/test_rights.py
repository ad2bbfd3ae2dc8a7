"""What the controller may not see, it leaves alone."""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster.api import Api, Object
from devcluster.cluster import ControlPlane
from devcluster.users import write_kubeconfig
from registry.controller.pruning import EVERY_SECONDS
from tests.cluster import eventually, unique_name
from tests.controller.shop import Shop
from tests.controller.store import Catalogue, ingress_port
from tests.controller_process import ControllerProcess

RBAC = "/apis/rbac.authorization.k8s.io/v1"
CONTROLLER = "netpol-registry-controller"


@pytest.fixture
def limited(control_plane: ControlPlane, api: Api, store: str, tmp_path: Path) -> Iterator[Path]:
    """Credentials with the controller's rights, but for StatefulSets and for what tells facts."""
    name = unique_name("limited")
    rules = api.get(f"{RBAC}/clusterroles/{CONTROLLER}")["rules"]
    without = {"statefulsets", "ingressclasses", "gatewayclasses", "nodes", "servicecidrs", "endpointslices"}
    for rule in rules:
        rule["resources"] = [resource for resource in rule["resources"] if resource not in without]
    rules = [rule for rule in rules if rule["resources"]]
    subject = {"kind": "ServiceAccount", "name": name, "namespace": store}
    accounts = f"/api/v1/namespaces/{store}/serviceaccounts"
    api.create(accounts, {"metadata": {"name": name}})
    api.create(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": rules})
    api.create(f"{RBAC}/clusterrolebindings", binding(name, "ClusterRole", name, subject))
    local = f"{RBAC}/namespaces/{store}/rolebindings"
    api.create(local, binding(name, "Role", "netpol-registry-store", subject))
    api.create(local, binding(f"{name}-lease", "Role", "netpol-registry-lease", subject))
    token = api.create(f"{accounts}/{name}/token", {"spec": {}})["status"]["token"]
    path = tmp_path / "limited.kubeconfig"
    authority = base64.b64encode(control_plane.ca_file.read_bytes()).decode()
    write_kubeconfig(path, control_plane.url, authority, token)
    yield path
    api.delete(f"{RBAC}/clusterrolebindings/{name}")
    api.delete(f"{RBAC}/clusterroles/{name}")


def binding(name: str, kind: str, role: str, subject: Object) -> Object:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    return {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}


def test_policies_of_a_kind_that_cannot_be_listed_stay_and_the_rest_works_on(
    own_controller: ControllerProcess, make_shop: Callable[..., Shop], limited: Path
):
    own_controller.start()
    shop = make_shop(defaults=True)
    shop.run("queue", {"postgres": "true", "deny-all": "true"}, kind="StatefulSet")
    shop.run("db", {"mysql": "true"})
    excluded = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["queue"]}]}
    eventually(lambda: shop.policy("allow-namespace-communication")["spec"]["podSelector"] == excluded)
    shop.await_policy("mysql")
    own_controller.stop()

    own_controller.credentials(limited)
    own_controller.start()
    shop.refer("db", mysql=None)
    shop.await_templates("postgres", "deny-all", "deny-all-ingress", "allow-namespace-communication")
    time.sleep(0.5)
    assert shop.policy("allow-namespace-communication")["spec"]["podSelector"] == excluded
    shop.await_templates("postgres", "deny-all", "deny-all-ingress", "allow-namespace-communication")


def test_a_kind_that_may_not_be_listed_is_said_once_and_keeps_nobody_from_being_ready(
    own_controller: ControllerProcess, limited: Path
):
    own_controller.credentials(limited)
    own_controller.start()
    time.sleep(2)  # it is tried again meanwhile
    assert own_controller.log().count("watch of /apis/apps/v1/statefulsets failed") == 1
    told = 'netpol_registry_kinds_left_out{kind="statefulsets",reason="forbidden"} 1.0'
    assert told in own_controller.metrics()


def test_what_tells_facts_and_may_not_be_listed_counts_as_not_detected(
    own_controller: ControllerProcess, shop: Shop, limited: Path
):
    own_controller.credentials(limited)
    own_controller.start()
    shop.run("web", {"from-ingress-controller": "true", "to-internet": "true", "to-dns": "true"})
    shop.await_templates("from-ingress-controller", "to-internet", "to-dns")
    assert own_controller.log().count("watch of /apis/networking.k8s.io/v1/ingressclasses failed") == 1


def test_a_store_that_may_not_be_read_changes_no_policy(
    own_controller: ControllerProcess, make_namespace: Callable[..., str], shop: Shop
):
    own_controller.start()
    shop.run("db", {"postgres": "true"})
    before = shop.await_policy("postgres")
    own_controller.stop()
    own_controller.setting("STORE_NAMESPACE", make_namespace())
    shop.refer("db", postgres=None)
    own_controller.start(wait=False)
    eventually(lambda: "forbidden" in own_controller.checks().get("store", ""))
    time.sleep(0.5)
    assert shop.policies() == [before]


def test_no_revision_is_forgotten_while_a_kind_cannot_be_listed(
    control_plane: ControlPlane, own_controller: ControllerProcess, limited: Path, catalogue: Catalogue
):
    name = unique_name("kept")
    own_controller.setting("HISTORY_LIMIT", "1")
    own_controller.credentials(limited)
    own_controller.start()
    for number in (1, 2):
        catalogue.put(name, spec=ingress_port(number))
    first = f"{catalogue.path}.{name}.v1"
    time.sleep(2 * EVERY_SECONDS)
    assert catalogue.api.find(first)
    own_controller.stop()
    own_controller.credentials(control_plane.kubeconfig("controller"))
    own_controller.start()
    eventually(lambda: not catalogue.api.find(first))
