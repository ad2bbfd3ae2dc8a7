"""Every built-in controller of pods takes references, unless another controller manages it."""

from collections.abc import Callable

import pytest

from devcluster.api import Api, Object
from tests.cluster import eventually, until_passes
from tests.controller.kinds import KINDS, LABELS, create
from tests.controller.shop import Shop

pytestmark = pytest.mark.usefixtures("controller")


def selector(workload: Object, plural: str) -> Object:
    """What the policy of a workload has to select."""
    return workload["spec"]["selector"] if plural == "jobs" else {"matchLabels": LABELS}


@pytest.mark.parametrize("plural", KINDS)
def test_a_reference_on_it_makes_a_policy_of_its_own_pods(api: Api, shop: Shop, plural: str):
    made = create(api, shop.name, plural, references={"postgres": "true"})
    policy = shop.await_policy("postgres")
    assert policy["spec"]["podSelector"] == selector(made, plural)
    (owner,) = policy["metadata"]["ownerReferences"]
    assert owner["uid"] == made["metadata"]["uid"]


@pytest.mark.parametrize("plural", KINDS)
def test_its_policy_goes_with_its_label_and_with_itself(api: Api, shop: Shop, plural: str):
    made = create(api, shop.name, plural, references={"postgres": "true", "mysql": "true"})
    shop.await_templates("mysql", "postgres")
    path = f"{KINDS[plural][0]}/namespaces/{shop.name}/{plural}/db"
    api.patch(path, {"metadata": {"labels": {"template.netpol-registry.dev/mysql": None}}})
    shop.await_templates("postgres")
    api.delete(path)
    shop.await_templates()
    assert made["metadata"]["uid"]


@pytest.mark.parametrize("plural", ["replicasets", "replicationcontrollers", "jobs", "pods"])
def test_one_that_another_controller_manages_gets_none(api: Api, shop: Shop, plural: str):
    owner = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner_in(api, shop.name),
        "controller": True,
    }
    create(api, shop.name, plural, "owned", references={"postgres": "true"}, ownerReferences=[owner])
    create(api, shop.name, plural, "own", references={"mysql": "true"})
    shop.await_templates("mysql")


def owner_in(api: Api, namespace: str) -> str:
    body = {"metadata": {"name": "owner"}}
    uid: str = api.create(f"/api/v1/namespaces/{namespace}/configmaps", body)["metadata"]["uid"]
    return uid


def test_a_replicaset_that_its_deployment_left_behind_gets_one(api: Api, shop: Shop):
    shop.run("db")
    sets = f"/apis/apps/v1/namespaces/{shop.name}/replicasets"
    (made,) = eventually(lambda: api.list(sets))
    path = f"{sets}/{made['metadata']['name']}"
    api.patch(path, {"metadata": {"labels": {"template.netpol-registry.dev/postgres": "true"}}})
    api.delete(shop.path("db"), propagationPolicy="Orphan")
    policy = shop.await_policy("postgres")
    assert policy["spec"]["podSelector"] == made["spec"]["selector"]


def test_the_policy_of_a_pod_follows_its_labels(api: Api, shop: Shop):
    create(api, shop.name, "pods", references={"postgres": "true"})
    shop.await_policy("postgres")
    api.patch(f"/api/v1/namespaces/{shop.name}/pods/db", {"metadata": {"labels": {"tier": "back"}}})

    def check() -> None:
        chosen = shop.policy("postgres")["spec"]["podSelector"]
        assert chosen == {"matchLabels": {**LABELS, "tier": "back"}}

    until_passes(check)


def test_a_pod_without_labels_of_its_own_waits(api: Api, make_shop: Callable[..., Shop]):
    shop = make_shop()
    body = {
        "metadata": {"name": "bare", "labels": {"template.netpol-registry.dev/postgres": "true"}},
        "spec": KINDS["pods"][1],
    }
    api.create(f"/api/v1/namespaces/{shop.name}/pods", body)
    assert "Pod/bare" in shop.await_event("NoSelector")["message"]
