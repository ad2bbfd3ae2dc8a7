"""Rollouts as the controller carries them out: what is in the cluster before, amid and after."""

from collections.abc import Callable

import pytest

from registry.planning.objects import namespace_key
from tests.cluster import AuditLog, eventually, unique_name
from tests.controller.rolling import (
    REVISION,
    Rolling,
    await_revisions,
    deployment,
    pinned_to_the_first,
    revisions,
)
from tests.controller.shop import Shop, ports
from tests.controller.store import Catalogue, ingress_port

pytestmark = pytest.mark.usefixtures("controller")
MakeShop = Callable[..., Shop]


def with_port(maximum: int) -> dict[str, object]:
    """Fields of a template with a port as its parameter."""
    port = {"type": "integer", "minimum": 1, "maximum": maximum, "default": 80}
    schema = {"type": "object", "additionalProperties": False, "properties": {"port": port}}
    return {"parameters": schema, "spec": ingress_port("${port}")}  # type: ignore[arg-type]


@pytest.fixture
def rolling(catalogue: Catalogue) -> Rolling:
    return Rolling(catalogue)


@pytest.fixture
def name() -> str:
    return unique_name("moved")


def test_a_moved_policy_is_the_same_object_at_the_new_revision(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str
):
    users = pinned_to_the_first(catalogue, name, shop, "db")
    before = shop.policy(name)
    rolling.begin(name, users)
    rolling.await_state(name, "done")
    after = shop.policy(name)
    assert (after["metadata"]["uid"], ports(after)) == (before["metadata"]["uid"], [2])
    assert after["metadata"]["labels"][REVISION] == "2"


def test_each_moved_policy_takes_one_write_and_its_workload_none(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, audit: AuditLog, name: str
):
    users = pinned_to_the_first(catalogue, name, shop, *(f"w{number}" for number in range(7)))
    audit.restart()
    rolling.begin(name, users, batch=3)
    rolling.await_state(name, "done")
    written = [(one.verb, one.resource) for one in audit.writes(namespace=shop.name)]
    assert written == [("update", "networkpolicies")] * 7


def test_who_was_moved_stays_pinned_there(shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "db"))
    rolling.await_state(name, "done")
    catalogue.put(name, spec=ingress_port(3))
    shop.api.delete(shop.policy_path(shop.policy(name)))
    assert ports(shop.await_policy(name)) == [2]


def test_moving_keeps_the_parameters(shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str):
    catalogue.put(name, **with_port(9000))
    shop.run("db", {name: "true"}, parameters={name: "port: 7000"})
    shop.await_policy(name)
    shop.parameterise("db", name, None)
    catalogue.put(name, **with_port(8000))
    rolling.begin(name, [deployment(shop)])
    rolling.await_state(name, "done")
    assert (ports(shop.policy(name)), revisions(shop)) == ([7000], {"db": "2"})


def test_who_cannot_be_moved_stays_as_it_is_and_is_told(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, audit: AuditLog, name: str
):
    catalogue.put(name, **with_port(9000))
    shop.run("db", {name: "true"}, parameters={name: "port: 9000"})
    before = shop.await_policy(name)
    catalogue.put(name, **with_port(8000))
    audit.restart()
    rolling.begin(name, [deployment(shop)])
    failures = rolling.await_state(name, "done")["failures"]
    reason, message = failures[shop.name]["Deployment.apps/db"]
    assert (reason, "8000" in message) == ("InvalidParameters", True)
    assert shop.policy(name) == before
    assert audit.writes(user="netpol-registry", namespace=shop.name) == []


def test_batches_go_by_name_and_a_stop_leaves_the_rest_where_they_are(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str
):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "c", "b", "a"), batch=2, pause=3600)
    await_revisions(shop, {"a": "2", "b": "2", "c": "1"})
    rolling.stop(name)
    rolling.await_state(name, "stopped")
    assert revisions(shop) == {"a": "2", "b": "2", "c": "1"}


def test_a_rollout_after_a_stop_finishes(shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str):
    users = pinned_to_the_first(catalogue, name, shop, "a", "b")
    rolling.begin(name, users, batch=1, pause=3600)
    await_revisions(shop, {"a": "2", "b": "1"})
    rolling.stop(name)
    rolling.await_state(name, "stopped")
    rolling.begin(name, users)
    rolling.await_state(name, "done")
    assert revisions(shop) == {"a": "2", "b": "2"}


def test_a_pause_passes(shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "a", "b"), batch=1, pause=1)
    rolling.await_state(name, "done")
    assert revisions(shop) == {"a": "2", "b": "2"}


@pytest.mark.parametrize("value", ["v1", "false"])
def test_who_asks_for_something_else_meanwhile_is_let_alone(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str, value: str
):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "a", "b"), batch=1, pause=2)
    await_revisions(shop, {"a": "2", "b": "1"})
    shop.refer("b", **{name: value})
    status = rolling.await_state(name, "done")
    assert (revisions(shop).get("b", "1"), status["failures"]) == ("1", {})


def test_a_workload_deleted_meanwhile_holds_nothing_up(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str
):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "a", "b"), batch=1, pause=2)
    await_revisions(shop, {"a": "2", "b": "1"})
    shop.api.delete(shop.path("b"))
    assert rolling.await_state(name, "done")["failures"] == {}


def test_a_namespace_disabled_meanwhile_holds_nothing_up(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str
):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "a", "b"), batch=1, pause=2)
    await_revisions(shop, {"a": "2", "b": "1"})
    shop.enable(None)
    assert rolling.await_state(name, "done")["failures"] == {}
    assert shop.policies() == []


def test_users_can_be_moved_back(shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str):
    catalogue.put(name, spec=ingress_port(1))
    catalogue.put(name, spec=ingress_port(2))
    shop.run("db", {name: "true"})
    shop.await_policy(name)
    rolling.begin(name, [deployment(shop)], revision=1)
    rolling.await_state(name, "done")
    assert ports(shop.policy(name)) == [1]


def test_a_namespace_that_has_a_default_is_moved(
    make_shop: MakeShop, catalogue: Catalogue, rolling: Rolling, name: str
):
    fields = {"scope": "namespace", "defaultIn": {"matchLabels": {"for": name}}}
    catalogue.put(name, **fields, spec=ingress_port(1))
    shop = make_shop({"for": name})
    before = shop.await_policy(name)
    catalogue.put(name, **fields, spec=ingress_port(2))
    rolling.begin(name, [namespace_key(shop.name)])
    rolling.await_state(name, "done")
    after = shop.policy(name)
    assert (after["metadata"]["uid"], ports(after)) == (before["metadata"]["uid"], [2])


EVERYTHING = {"policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}


@pytest.mark.parametrize("before", [True, False])
def test_the_namespaces_default_leaves_a_moved_workload_out_while_it_has_a_preset(
    make_shop: MakeShop, catalogue: Catalogue, rolling: Rolling, name: str, before: bool
):
    def default_leaves_out() -> bool:
        default = shop.policy("allow-namespace-communication")["spec"]["podSelector"]
        return default == {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]}

    shop = make_shop(defaults=True)
    catalogue.put(name, replacesDefaults=before, spec=EVERYTHING)
    shop.run("db", {name: "true"})
    eventually(lambda: shop.policy(name) and default_leaves_out() == before)
    catalogue.put(name, replacesDefaults=not before, spec=EVERYTHING)
    rolling.begin(name, [deployment(shop)])
    rolling.await_state(name, "done")
    assert shop.policy(name)["metadata"]["labels"][REVISION] == "2"
    eventually(lambda: default_leaves_out() != before)


def test_moving_is_not_told_as_drift(shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "db"))
    rolling.await_state(name, "done")
    shop.run("probe", {"no-such-template": "true"})
    shop.await_event("TemplateUnknown")
    assert shop.events("DriftRepaired") == []


def test_a_policy_deleted_between_batches_comes_back_where_it_was_and_is_moved(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str
):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "a", "b"), batch=1, pause=2)
    await_revisions(shop, {"a": "2", "b": "1"})
    for policy in shop.policies():
        shop.api.delete(shop.policy_path(policy))
    rolling.await_state(name, "done")
    await_revisions(shop, {"a": "2", "b": "2"})


def test_a_revision_that_is_not_there_ends_the_rollout(
    shop: Shop, catalogue: Catalogue, rolling: Rolling, name: str
):
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "db"), revision=9)
    status = rolling.await_state(name, "stopped")
    assert (status["detail"], status["failures"]) == ("Revision 9 is not recorded any more.", {})
    assert revisions(shop) == {"db": "1"}


def test_a_rollout_deleted_by_hand_moves_nobody_any_more(
    make_shop: MakeShop, catalogue: Catalogue, rolling: Rolling, name: str
):
    shop, witness, other = make_shop(), make_shop(), unique_name("moved")
    users = pinned_to_the_first(catalogue, other, witness, "a", "b")
    rolling.begin(name, pinned_to_the_first(catalogue, name, shop, "a", "b"), batch=1, pause=1)
    await_revisions(shop, {"a": "2", "b": "1"})
    rolling.api.delete(rolling.path(name))
    rolling.begin(other, users, batch=1, pause=2)
    rolling.await_state(other, "done")
    assert revisions(shop) == {"a": "2", "b": "1"}
