"""Disabling that leaves the policies behind, as ordinary ones; and taking them back."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from devcluster.api import Object
from devcluster.cluster import ControlPlane
from registry.cluster.decode import decode_policy
from registry.model.facts import SAMPLE_FACTS
from registry.planning.names import bears_mark
from registry.settings import Settings
from tests.cluster import AuditLog, until_passes
from tests.controller.shop import Shop
from tests.controller.store import Catalogue, ingress_port
from tests.http.support import Service, running

pytestmark = pytest.mark.usefixtures("controller")

DEFAULTS = ("allow-namespace-communication", "deny-all-ingress")
LEAVE = {"policies": "leave"}


@pytest.fixture(scope="module")
def service(control_plane: ControlPlane, store: str) -> Iterator[Service]:
    with running(control_plane, Settings(store_namespace=store, facts=SAMPLE_FACTS)) as one:
        yield one


@pytest.fixture
def busy(service: Service, catalogue: Catalogue, make_shop: Callable[..., Shop]) -> Shop:
    """A managed namespace with both defaults and a workload's own policy."""
    if not catalogue.revision("own-port"):
        catalogue.put("own-port", spec=ingress_port(7))
    shop = make_shop(defaults=True)
    shop.run("db", {"own-port": "true"})
    shop.await_templates(*DEFAULTS, "own-port")
    service.catch_up()
    return shop


def switch(service: Service, shop: Shop, action: str, body: object = None, query: str = "") -> dict[str, Any]:
    service.catch_up()
    answer = service.call("POST", f"/api/v1/namespaces/{shop.name}/{action}{query}", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def identities(shop: Shop) -> dict[str, tuple[str, Object]]:
    return {one["metadata"]["name"]: (one["metadata"]["uid"], one["spec"]) for one in shop.policies()}


def annotations(shop: Shop) -> dict[str, str]:
    found: dict[str, str] = shop.api.get(f"/api/v1/namespaces/{shop.name}")["metadata"].get("annotations", {})
    return found


def test_the_policies_stay_as_they_are(service: Service, busy: Shop):
    before = identities(busy)
    assert switch(service, busy, "disable", LEAVE)["inForce"]
    assert identities(busy) == before


def test_they_bear_no_mark_of_ours(service: Service, busy: Shop):
    switch(service, busy, "disable", LEAVE)
    for policy in busy.policies():
        assert not bears_mark(decode_policy(msgspec.json.encode(policy)))
        assert policy["metadata"].keys() & {"labels", "annotations", "ownerReferences"} == set()


def test_what_others_wrote_on_them_stays(service: Service, busy: Shop):
    path = busy.policy_path(busy.policy("own-port"))
    body = {"metadata": {"labels": {"team": "shop"}, "annotations": {"note": "x"}}}
    busy.api.patch(path, body, fieldManager="kubectl-label")
    switch(service, busy, "disable", LEAVE)
    meta = busy.api.get(path)["metadata"]
    assert (meta["labels"], meta["annotations"]) == ({"team": "shop"}, {"note": "x"})
    assert [one["manager"] for one in meta["managedFields"]] == ["kubectl-label"]


def test_each_takes_one_write_and_none_goes(service: Service, busy: Shop, audit: AuditLog):
    audit.restart()
    switch(service, busy, "disable", LEAVE)
    writes = audit.writes(resource="networkpolicies", namespace=busy.name)
    assert [one.verb for one in writes] == ["update"] * 3


def test_the_plan_says_what_is_left_and_writes_nothing(service: Service, busy: Shop, audit: AuditLog):
    audit.restart()
    plan = switch(service, busy, "disable", LEAVE, "?dryRun=true")
    assert plan["policies"] == {"create": 0, "update": 0, "delete": 0, "release": 3}
    assert plan["isolation"]["freed"] == {"ingress": 0, "egress": 0}
    assert all(one["before"] == one["after"] for one in plan["items"])
    assert audit.writes(namespace=busy.name) == []


def test_they_are_nobodys_from_then_on(service: Service, busy: Shop):
    path = busy.policy_path(busy.policy("own-port"))
    switch(service, busy, "disable", LEAVE)
    spec = {"podSelector": {}, "policyTypes": ["Egress"]}
    busy.api.patch(path, {"spec": spec})
    busy.api.delete(busy.path("db"))
    service.catch_up()
    shown = service.call("GET", f"/api/v1/namespaces/{busy.name}/policies").get_json()["items"]
    assert [one["managed"] for one in shown] == [False] * 3
    assert busy.api.get(path)["spec"]["policyTypes"] == ["Egress"]


def test_nothing_of_it_stays_on_the_namespace(service: Service, busy: Shop):
    switch(service, busy, "disable", LEAVE)
    assert annotations(busy) == {}


def test_leaving_again_writes_nothing(service: Service, busy: Shop, audit: AuditLog):
    switch(service, busy, "disable", LEAVE)
    service.catch_up()
    audit.restart()
    assert switch(service, busy, "disable", LEAVE)["changed"] is False
    assert audit.writes(namespace=busy.name) == []


def test_who_keeps_them_when_enabling_again_is_told_that_their_names_are_taken(service: Service, busy: Shop):
    switch(service, busy, "disable", LEAVE)
    before = identities(busy)
    done = switch(service, busy, "enable", {})
    assert {one["reason"] for one in done["problems"]} == {"NameTaken"}
    busy.await_event("NameTaken")
    assert identities(busy) == before


def test_adopting_takes_them_back_in_place(service: Service, busy: Shop, audit: AuditLog):
    switch(service, busy, "disable", LEAVE)
    before = identities(busy)
    audit.restart()
    done = switch(service, busy, "enable", {"unmanaged": "adopt"})
    assert (done["inForce"], done["unmanaged"]["removed"], done["unmanaged"]["left"]) == (True, [], [])
    assert done["unmanaged"]["adopted"] == sorted(before)
    assert (identities(busy), busy.templates()) == (before, sorted([*DEFAULTS, "own-port"]))
    verbs = {one.verb for one in audit.writes(resource="networkpolicies", namespace=busy.name)}
    assert "delete" not in verbs


def test_what_was_taken_back_is_owned_and_marked_as_before(service: Service, busy: Shop):
    before = busy.policy("own-port")["metadata"]
    switch(service, busy, "disable", LEAVE)
    switch(service, busy, "enable", {"unmanaged": "adopt"})
    after = busy.policy("own-port")["metadata"]
    for part in ("uid", "labels", "annotations", "ownerReferences"):
        assert after[part] == before[part]
    assert busy.events("DriftRepaired") == []


def test_a_left_policy_that_was_changed_is_kept_and_its_name_is_told(service: Service, busy: Shop):
    path = busy.policy_path(busy.policy("own-port"))
    switch(service, busy, "disable", LEAVE)
    busy.api.patch(path, {"spec": {"podSelector": {}, "policyTypes": ["Egress"]}})
    items = switch(service, busy, "enable", {"unmanaged": "adopt"}, "?dryRun=true")["unmanaged"]["items"]
    assert sorted((one["action"], one["reason"]) for one in items) == [
        ("adopt", None),
        ("adopt", None),
        ("keep", "NameTaken"),
    ]


def test_a_template_that_moved_on_is_taken_back_at_the_revision_that_was_left(
    service: Service, busy: Shop, catalogue: Catalogue
):
    catalogue.put("moving", spec=ingress_port(8))
    catalogue.put("moving", spec=ingress_port(9))
    busy.refer("db", moving="v2")
    busy.await_policy("moving")
    busy.refer("db", moving="true")
    switch(service, busy, "disable", LEAVE)
    before = identities(busy)
    catalogue.put("moving", spec=ingress_port(10))
    done = switch(service, busy, "enable", {"unmanaged": "adopt"})
    assert (done["unmanaged"]["adopted"], identities(busy)) == (sorted(before), before)
    labels = busy.policy("moving")["metadata"]["labels"]
    assert labels["netpol-registry.dev/revision"] == "2"


def test_defaults_that_leave_a_preset_out_are_taken_back_in_all_their_parts(service: Service, busy: Shop):
    labels = {"app": "cart", "tier": "back"}
    busy.run("cart", {"deny-all": "true"}, pod_labels=labels)
    busy.await_templates(*DEFAULTS, "allow-namespace-communication", "own-port", "deny-all")
    switch(service, busy, "disable", LEAVE)
    before = identities(busy)
    done = switch(service, busy, "enable", {"unmanaged": "adopt"})
    assert (done["unmanaged"]["adopted"], done["unmanaged"]["left"]) == (sorted(before), [])
    assert identities(busy) == before


def test_after_that_disabling_removes_them_again(service: Service, busy: Shop):
    switch(service, busy, "disable", LEAVE)
    switch(service, busy, "enable", {"unmanaged": "adopt"})
    busy.enable(None)

    def gone() -> None:
        assert busy.policies() == []

    until_passes(gone)
