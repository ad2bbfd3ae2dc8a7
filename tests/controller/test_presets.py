"""Presets: what is left out of the defaults that allow, in which order, and at the cost of which writes."""

from collections.abc import Callable

import pytest

from tests.cluster import AuditLog, eventually
from tests.controller.shop import DEFAULTS, Shop, limit_policies, policy_writes
from tests.controller_process import ControllerProcess

MakeShop = Callable[..., Shop]


def closed(make_shop: MakeShop, *workloads: str) -> Shop:
    """A namespace whose default leaves out these workloads, each with the preset `deny-all`."""
    shop = make_shop(defaults=True)
    for name in workloads:
        shop.run(name, {"deny-all": "true"})
    shop.await_templates(*DEFAULTS, *["deny-all"] * len(workloads))
    left_out = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": sorted(workloads)}]}
    eventually(lambda: pods(shop, "allow-namespace-communication") == left_out)
    return shop


def delete(shop: Shop, *templates: str) -> None:
    """Delete the policies of these templates all at once."""
    shop.api.delete(
        shop.policies_path, labelSelector=f"netpol-registry.dev/template in ({','.join(templates)})"
    )


def test_a_preset_deleted_while_the_controller_is_down_costs_one_write(
    own_controller: ControllerProcess, make_shop: MakeShop, audit: AuditLog
):
    own_controller.start()
    shop = closed(make_shop, "db")
    before = shop.policy("allow-namespace-communication")
    own_controller.stop()
    delete(shop, "deny-all")
    audit.restart()
    own_controller.start()
    shop.await_templates(*DEFAULTS, "deny-all")
    eventually(lambda: policy_writes(audit, shop) == ["create deny-all"])
    assert shop.policy("allow-namespace-communication") == before


@pytest.mark.usefixtures("controller")
def test_a_deleted_preset_comes_back_by_one_write_and_the_default_stays(make_shop: MakeShop, audit: AuditLog):
    shop = closed(make_shop, "db")
    before = shop.policy("allow-namespace-communication")
    for _ in range(10):
        audit.restart()
        delete(shop, "deny-all")
        shop.await_templates(*DEFAULTS, "deny-all")
        eventually(lambda: policy_writes(audit, shop) == ["create deny-all"])
    assert shop.policy("allow-namespace-communication") == before


@pytest.mark.usefixtures("controller")
def test_presets_deleted_all_at_once_come_back_by_one_write_each(make_shop: MakeShop, audit: AuditLog):
    shop = closed(make_shop, *(f"w{number}" for number in range(20)))
    before = shop.policy("allow-namespace-communication")
    audit.restart()
    delete(shop, "deny-all")
    shop.await_templates(*DEFAULTS, *["deny-all"] * 20)
    assert len(eventually(lambda: policy_writes(audit, shop))) == 20
    assert shop.policy("allow-namespace-communication") == before


@pytest.mark.usefixtures("controller")
def test_a_preset_and_the_default_deleted_together_come_back_by_one_write_each(
    make_shop: MakeShop, audit: AuditLog
):
    shop = closed(make_shop, "db")
    before = pods(shop, "allow-namespace-communication")
    for _ in range(10):
        audit.restart()
        delete(shop, "deny-all", "allow-namespace-communication")
        shop.await_templates(*DEFAULTS, "deny-all")
        writes = eventually(lambda: len(found := policy_writes(audit, shop)) == 2 and found)
        assert sorted(writes) == ["create allow-namespace-communication", "create deny-all"]
        assert pods(shop, "allow-namespace-communication") == before


@pytest.mark.usefixtures("controller")
def test_another_preset_in_its_place_leaves_the_default_as_it_is(make_shop: MakeShop, audit: AuditLog):
    shop = closed(make_shop, "db")
    before = shop.policy("allow-namespace-communication")
    audit.restart()
    shop.refer("db", deny_all=None, internet_only="true")
    shop.await_templates(*DEFAULTS, "internet-only")
    eventually(lambda: policy_writes(audit, shop) == ["create internet-only", "delete deny-all"])
    assert shop.policy("allow-namespace-communication") == before


@pytest.mark.usefixtures("controller")
def test_the_default_takes_a_workload_in_whose_preset_is_refused(make_shop: MakeShop):
    shop = closed(make_shop, "db")
    quota = limit_policies(shop, 0)
    delete(shop, "deny-all")
    eventually(lambda: pods(shop, "allow-namespace-communication") == {})
    assert "deny-all" not in shop.templates()
    shop.api.delete(quota)
    shop.await_templates(*DEFAULTS, "deny-all")
    eventually(lambda: pods(shop, "allow-namespace-communication") != {})


@pytest.mark.usefixtures("controller")
def test_a_preset_leaves_its_workload_out_of_defaults_that_allow(make_shop: MakeShop, audit: AuditLog):
    shop = make_shop(defaults=True)
    shop.run("db")
    shop.await_templates(*DEFAULTS)
    audit.restart()
    shop.refer("db", deny_all="true")
    excluded = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]}
    eventually(lambda: pods(shop, "allow-namespace-communication") == excluded)
    assert pods(shop, "deny-all-ingress") == {}
    words = eventually(lambda: len(found := policy_writes(audit, shop)) == 2 and found)
    assert [word.partition(" ")[0] for word in words] == ["create", "update"]


@pytest.mark.usefixtures("controller")
def test_a_preset_goes_after_the_defaults_hold_again(make_shop: MakeShop, audit: AuditLog):
    shop = make_shop(defaults=True)
    shop.run("db", {"deny-all": "true"})
    eventually(lambda: pods(shop, "allow-namespace-communication") != {})
    audit.restart()
    shop.refer("db", deny_all=None)
    shop.await_templates(*DEFAULTS)
    assert pods(shop, "allow-namespace-communication") == {}
    words = eventually(lambda: len(found := policy_writes(audit, shop)) == 2 and found)
    assert [word.partition(" ")[0] for word in words] == ["update", "delete"]


@pytest.mark.usefixtures("controller")
def test_defaults_hold_again_when_a_presets_workload_is_deleted(make_shop: MakeShop):
    shop = make_shop(defaults=True)
    shop.run("db", {"deny-all": "true"})
    eventually(lambda: pods(shop, "allow-namespace-communication") != {})
    shop.api.delete(shop.path("db"))
    eventually(lambda: pods(shop, "allow-namespace-communication") == {})


@pytest.mark.usefixtures("controller")
def test_presets_of_two_workloads_share_one_negation(make_shop: MakeShop):
    shop = make_shop(defaults=True)
    shop.run("a", {"deny-all": "true"})
    shop.run("b", {"allow-all": "true"})
    excluded = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a", "b"]}]}
    eventually(lambda: pods(shop, "allow-namespace-communication") == excluded)


@pytest.mark.usefixtures("controller")
def test_a_preset_that_would_split_a_default_too_far_waits_and_changes_nothing(make_shop: MakeShop):
    shop = make_shop(defaults=True)
    for number in range(3):
        shop.run(f"w{number}", {"deny-all": "true"}, pod_labels={"a": f"{number}", "b": f"{number}"})
    eventually(lambda: shop.templates().count("allow-namespace-communication") == 8)
    shop.run("one-more", {"deny-all": "true"}, pod_labels={"a": "x", "b": "x"})
    assert "single label" in shop.await_event("TooManyPolicies")["message"]
    assert shop.templates().count("deny-all") == 3
    shop.api.delete(shop.path("w0"))
    eventually(lambda: shop.templates().count("deny-all") == 3 and "one-more" in owners(shop))


def owners(shop: Shop) -> set[str]:
    found = (policy["metadata"].get("ownerReferences", ()) for policy in shop.policies())
    return {owner["name"] for references in found for owner in references}


def pods(shop: Shop, template: str) -> object:
    return shop.policy(template)["spec"]["podSelector"]
