"""What the garbage collector does is not undone while the watch of workloads is behind that of policies."""

import time
from collections.abc import Iterator

import pytest

from devcluster.faults import Fault, FaultProxy, Match, Stall
from tests.cluster import AuditLog, eventually
from tests.controller.shop import Shop, policy_writes

DEPLOYMENTS = Match(watch=True, path="/apis/apps/v1/deployments")
LOOK_SECONDS = 2.0

pytestmark = pytest.mark.usefixtures("controller")


@pytest.fixture
def behind(proxy: FaultProxy, shop: Shop, audit: AuditLog) -> Iterator[Fault]:
    """The controller knows the policy of a Deployment, and until the end learns no more of Deployments."""
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    audit.restart()
    with proxy.inject(Stall(), DEPLOYMENTS) as fault:
        eventually(lambda: fault.fired)
        yield fault


def test_a_policy_that_outlives_its_workload_is_not_owned_again(behind: Fault, shop: Shop, audit: AuditLog):
    before = shop.policy("postgres")
    shop.api.delete(shop.path("db"), propagationPolicy="Orphan")
    eventually(lambda: not shop.api.list(shop.path("")))
    time.sleep(LOOK_SECONDS)
    assert policy_writes(audit, shop) == []
    behind.end()
    shop.await_event("Orphaned")
    assert shop.policy("postgres")["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_policy_collected_with_its_workload_is_made_anew_once_at_most(
    behind: Fault, shop: Shop, audit: AuditLog
):
    shop.api.delete(shop.path("db"))
    shop.await_gone("postgres")
    time.sleep(LOOK_SECONDS)
    assert policy_writes(audit, shop) in ([], ["create postgres"])
    assert not behind.over.is_set()


@pytest.mark.usefixtures("behind")
def test_a_policy_deleted_twice_by_hand_comes_back_twice(shop: Shop):
    for _ in range(2):
        before = shop.policy("postgres")
        shop.api.delete(shop.policy_path(before))
        eventually(lambda old=before: shop.policy("postgres")["metadata"]["uid"] != old["metadata"]["uid"])


@pytest.mark.usefixtures("behind")
def test_an_owner_removed_by_hand_comes_back(shop: Shop):
    before = shop.policy("postgres")
    shop.api.patch(shop.policy_path(before), {"metadata": {"ownerReferences": None}})
    eventually(lambda: shop.policy("postgres")["metadata"].get("ownerReferences"))
