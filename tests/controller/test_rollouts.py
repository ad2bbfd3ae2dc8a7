"""Rollouts as the controller carries them out: what is in the cluster before, amid and after."""

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from devcluster.api import Api, Object
from registry.planning.objects import Key, namespace_key
from registry.planning.rollouts import Rollout, grouped
from registry.store.bodies import rollout_body
from tests.cluster import AuditLog, eventually, until_passes
from tests.controller.shop import PARAMETERS, Shop, ports
from tests.controller.store import Catalogue, ingress_port
from tests.controller_process import ControllerProcess

MakeShop = Callable[..., Shop]
REVISION = "netpol-registry.dev/revision"


class Rolling:
    """Rollouts as the service records them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.api: Api = catalogue.api
        self.collection = catalogue.collection

    def path(self, template: str) -> str:
        return f"{self.collection}/netpol-templates.{template}.rollout"

    def begin(self, template: str, revision: int, users: list[Key], **options: Any) -> None:
        fields = {"batch": 50, "pause": 0, "skipped": 0, "author": "ann", "started": str(time.time())}
        made = Rollout(template=template, revision=revision, users=grouped(users), **{**fields, **options})
        if self.api.find(self.path(template)):
            self.api.delete(self.path(template))
        self.api.create(self.collection, dict(rollout_body("netpol-templates", made)))

    def status(self, template: str) -> Object:
        status: Object = json.loads(self.api.get(self.path(template))["data"]["status"])
        return status

    def stop(self, template: str) -> None:
        status = {**self.status(template), "state": "stopping", "detail": "Stopped by ann."}
        self.api.patch(self.path(template), {"data": {"status": json.dumps(status)}})

    def await_state(self, template: str, state: str, timeout: float = 15.0) -> Object:
        def check() -> Object:
            status = self.status(template)
            assert status["state"] == state, status
            return status

        return until_passes(check, timeout)


@pytest.fixture
def rolling(catalogue: Catalogue) -> Rolling:
    return Rolling(catalogue)


def deployment(shop: Shop, name: str = "db") -> Key:
    return Key("apps", "Deployment", shop.name, name)


def revisions(shop: Shop) -> dict[str, str]:
    """Revisions in force by the name of the workload, without `w0`'s like."""
    return {
        policy["metadata"]["ownerReferences"][0]["name"]: policy["metadata"]["labels"][REVISION]
        for policy in shop.policies()
    }


def two_revisions(catalogue: Catalogue, name: str, shop: Shop, *workloads: str) -> None:
    """Workloads pinned to revision 1 of a template that is at 2; the ports say which."""
    catalogue.put(name, spec=ingress_port(1))
    for workload in workloads:
        shop.run(workload, {name: "true"})
    eventually(lambda: len(shop.policies()) == len(workloads))
    catalogue.put(name, spec=ingress_port(2))


@pytest.mark.usefixtures("controller")
class TestMoving:
    def test_a_moved_policy_is_the_same_object_at_the_new_revision(
        self, shop: Shop, catalogue: Catalogue, rolling: Rolling
    ):
        two_revisions(catalogue, "moves-one", shop, "db")
        before = shop.policy("moves-one")
        rolling.begin("moves-one", 2, [deployment(shop)])
        rolling.await_state("moves-one", "done")
        after = shop.policy("moves-one")
        assert (after["metadata"]["uid"], ports(after)) == (before["metadata"]["uid"], [2])
        assert after["metadata"]["labels"][REVISION] == "2"
        assert after["metadata"]["annotations"]["netpol-registry.dev/tracking"] == "pinned"

    def test_each_moved_policy_takes_one_write_and_its_workload_none(
        self, shop: Shop, catalogue: Catalogue, rolling: Rolling, audit: AuditLog
    ):
        names = [f"w{number}" for number in range(7)]
        two_revisions(catalogue, "writes-once", shop, *names)
        audit.restart()
        rolling.begin("writes-once", 2, [deployment(shop, name) for name in names], batch=3)
        rolling.await_state("writes-once", "done")
        written = [(one.verb, one.resource) for one in audit.writes(namespace=shop.name)]
        assert written == [("update", "networkpolicies")] * 7
