"""The sync contract, row by row, for namespaces: enabling, defaults, disabling."""

from collections.abc import Callable

import pytest

from devcluster.api import Api
from tests.cluster import AuditLog, create_namespace, eventually, until_passes
from tests.controller.shop import DEFAULTS, MANAGED, TEMPLATE, Shop, policy_writes
from tests.controller.store import Catalogue

pytestmark = pytest.mark.usefixtures("controller")

MakeShop = Callable[..., Shop]


def test_references_in_an_unmanaged_namespace_wait(make_shop: MakeShop):
    shop = make_shop(managed=False)
    shop.run("db", {"postgres": "true"})
    assert "is not enabled" in shop.await_event("NamespaceNotManaged")["message"]
    assert shop.policies() == []


def test_enabling_by_label_writes_workload_policies_then_allows_then_denies(make_shop: MakeShop):
    shop = make_shop(managed=False, defaults=True)
    for number in range(60):
        shop.run(f"w{number}", {"postgres": "true"})
    shop.enable()
    eventually(lambda: len(shop.policies()) == 62)
    created = [policy["metadata"] for policy in shop.policies()]
    created.sort(key=lambda meta: int(meta["resourceVersion"]))
    order = [meta["labels"]["netpol-registry.dev/template"] for meta in created]
    assert order == [*["postgres"] * 60, *DEFAULTS]


def test_enabling_by_label_tells_what_is_cut_and_keeps_unmanaged_policies(make_shop: MakeShop):
    shop = make_shop(managed=False, defaults=True)
    own = shop.api.create(shop.policies_path, {"metadata": {"name": "mine"}, "spec": {"podSelector": {}}})
    shop.enable()
    event = shop.await_event("TrafficIsolated")
    assert event["involvedObject"]["namespace"] == shop.name
    assert "ingress of every pod" in event["message"]
    assert shop.api.get(f"{shop.policies_path}/mine") == own


@pytest.mark.parametrize("value", [None, "false", "yes"])
def test_disabling_removes_what_was_generated_denies_first(
    make_shop: MakeShop, audit: AuditLog, value: str | None
):
    shop = make_shop(defaults=True)
    shop.api.create(shop.policies_path, {"metadata": {"name": "mine"}, "spec": {"podSelector": {}}})
    shop.run("db", {"postgres": "true"})
    shop.await_templates("postgres", *DEFAULTS)
    audit.restart()
    shop.enable(value)
    shop.await_templates()
    assert [policy["metadata"]["name"] for policy in shop.policies()] == ["mine"]
    words = eventually(lambda: len(found := policy_writes(audit, shop)) == 3 and found)
    assert words[0] == "delete deny-all-ingress"


def test_a_namespaces_own_label_adds_a_template(shop: Shop):
    shop.label(**{TEMPLATE + "default-deny-egress": "true"})
    shop.await_templates("default-deny-egress")
    shop.label(**{TEMPLATE + "default-deny-egress": None})
    shop.await_templates()


def test_false_opts_out_of_a_default(make_shop: MakeShop):
    shop = make_shop(defaults=True)
    shop.await_templates(*DEFAULTS)
    shop.label(**{TEMPLATE + "deny-all-ingress": "false"})
    shop.await_templates("allow-namespace-communication")


def test_a_drifted_default_is_put_back(make_shop: MakeShop):
    shop = make_shop(defaults=True)
    before = shop.await_policy("deny-all-ingress")
    shop.api.patch(shop.policy_path(before), {"spec": {"ingress": [{}]}})
    until_passes(lambda: _same_spec(shop, before))
    shop.await_event("DriftRepaired")


def _same_spec(shop: Shop, before: dict[str, object]) -> None:
    assert shop.policy("deny-all-ingress")["spec"] == before["spec"]


def test_a_deleted_default_comes_back(make_shop: MakeShop):
    shop = make_shop(defaults=True)
    before = shop.await_policy("deny-all-ingress")
    shop.api.delete(shop.policy_path(before))
    eventually(lambda: shop.policy("deny-all-ingress")["metadata"]["uid"] != before["metadata"]["uid"])


def test_a_foreign_policy_in_a_defaults_place_is_left_until_it_goes(make_shop: MakeShop):
    shop = make_shop(defaults=True)
    path = shop.policy_path(shop.await_policy("deny-all-ingress"))
    shop.enable(None)
    shop.await_templates()
    foreign = {"metadata": {"name": path.rpartition("/")[2]}, "spec": {"podSelector": {}}}
    before = shop.api.create(shop.policies_path, foreign)
    shop.enable()
    shop.await_event("NameTaken")
    assert shop.api.get(path) == before
    shop.api.delete(path)
    shop.await_policy("deny-all-ingress")


def test_a_new_default_acts_on_every_namespace_that_matches(make_shop: MakeShop, catalogue: Catalogue):
    gold, plain = make_shop({"tier": "gold"}), make_shop()
    spec = {"policyTypes": ["Egress"]}
    matching = {"scope": "namespace", "defaultIn": {"matchLabels": {"tier": "gold"}}, "spec": spec}
    catalogue.put("gold-default", **matching)
    gold.await_templates("gold-default")
    plain.label(tier="gold")
    plain.await_templates("gold-default")
    gold.label(tier=None)
    gold.await_templates()


def test_a_template_no_longer_allowed_keeps_its_policy_without_updates(shop: Shop, catalogue: Catalogue):
    catalogue.put("guarded", allowedIn={"matchLabels": {"cleared": "yes"}})
    shop.label(cleared="yes")
    shop.run("db", {"guarded": "latest"})
    before = shop.await_policy("guarded")
    shop.label(cleared=None)
    shop.await_event("TemplateNotAllowed")
    catalogue.put("guarded", allowedIn={"matchLabels": {"cleared": "yes"}}, description="Changed.")
    assert shop.policy("guarded") == before


def test_a_namespace_that_left_the_selector_and_came_back_is_served_again(make_shop: MakeShop, group: str):
    shop = make_shop()
    shop.run("db", {"postgres": "true"})
    before = shop.await_policy("postgres")
    shop.label(group="another")
    shop.refer("db", mysql="true")
    shop.label(group=group)
    shop.await_templates("mysql", "postgres")
    assert shop.policy("postgres") == before


def test_an_excluded_namespace_is_left_alone_and_told(api: Api, group: str):
    name = f"excluded-{group}"
    create_namespace(api, name, {"group": group, MANAGED: "true"})
    shop = Shop(api, name)
    shop.run("db", {"postgres": "true"})
    shop.await_event("NamespaceExcluded")
    assert shop.policies() == []
    api.delete(f"/api/v1/namespaces/{name}")


def test_nothing_is_created_in_a_namespace_that_is_being_deleted(make_shop: MakeShop):
    shop = make_shop(defaults=True)
    shop.run("db", {"postgres": "true"}, finalizers=["example.com/hold"])
    shop.await_templates("postgres", *DEFAULTS)
    shop.api.delete(f"/api/v1/namespaces/{shop.name}")
    shop.await_templates()
    shop.api.patch(shop.path("db"), {"metadata": {"finalizers": None}})
    until_passes(lambda: _gone(shop))


def _gone(shop: Shop) -> None:
    assert shop.api.find(f"/api/v1/namespaces/{shop.name}") is None
