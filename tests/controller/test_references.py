"""The sync contract, row by row, for references on workloads: what is in the cluster after each event."""

from typing import Any

import pytest

from tests.cluster import AuditLog, eventually, until_passes
from tests.controller.shop import PLURALS, Shop, limit_policies, ports
from tests.controller.store import Catalogue, ingress_port

pytestmark = pytest.mark.usefixtures("controller")


@pytest.mark.parametrize("kind", PLURALS)
def test_a_reference_creates_the_policy(shop: Shop, kind: str):
    workload = shop.run("db", {"postgres": "true"}, kind=kind)
    policy = shop.await_policy("postgres")
    assert policy["spec"] == {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 5432}]}],
    }
    assert policy["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "apps/v1",
            "kind": kind,
            "name": "db",
            "uid": workload["metadata"]["uid"],
            "blockOwnerDeletion": False,
        }
    ]


def test_a_label_restarts_no_pod(shop: Shop):
    shop.run("db")
    shop.refer("db", postgres="true")
    shop.await_policy("postgres")
    assert "template.netpol-registry.dev/postgres" not in str(shop.api.get(shop.path("db"))["spec"])
    assert shop.api.get(shop.path("db"))["metadata"]["generation"] == 1


@pytest.mark.parametrize("value", [None, "false"])
def test_a_reference_removed_deletes_the_policy(shop: Shop, value: str | None):
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    shop.refer("db", postgres=value)
    shop.await_gone("postgres")


def test_a_move_creates_the_new_policy_before_the_old_one_goes(shop: Shop, audit: AuditLog):
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    shop.refer("db", postgres=None, mysql="true")
    shop.await_templates("mysql")
    writes = eventually(
        lambda: len(found := audit.writes("controller", "networkpolicies", shop.name)) > 2 and found
    )
    assert [write.verb for write in writes] == ["create", "create", "delete"]


def test_a_deleted_workload_takes_its_policy_along(shop: Shop):
    shop.run("db", {"postgres": "true"})
    shop.await_policy("postgres")
    shop.api.delete(shop.path("db"))
    shop.await_gone("postgres")


def orphan(shop: Shop) -> dict[str, Any]:
    shop.run("db", {"postgres": "true"})
    policy = shop.await_policy("postgres")
    shop.api.delete(shop.path("db"), propagationPolicy="Orphan")
    eventually(
        lambda: "netpol-registry.dev/orphaned-since" in shop.policy("postgres")["metadata"]["annotations"]
    )
    return policy


def test_an_orphaned_policy_stays_for_its_grace_then_goes(shop: Shop):
    orphan(shop)
    assert shop.await_event("Orphaned")["involvedObject"]["kind"] == "NetworkPolicy"
    shop.await_gone("postgres")


def test_an_orphaned_policy_is_owned_again_when_its_workload_returns(shop: Shop):
    before = orphan(shop)
    returned = shop.run("db", {"postgres": "true"})

    def owned_again() -> None:
        policy = shop.policy("postgres")
        assert policy["metadata"]["uid"] == before["metadata"]["uid"]
        assert [owner["uid"] for owner in policy["metadata"]["ownerReferences"]] == [
            returned["metadata"]["uid"]
        ]
        assert "netpol-registry.dev/orphaned-since" not in policy["metadata"]["annotations"]

    until_passes(owned_again)


def test_a_changed_selector_updates_in_place(shop: Shop):
    before = orphan(shop)
    shop.run("db", {"postgres": "true"}, app="another")

    def updated() -> None:
        policy = shop.policy("postgres")
        assert policy["metadata"]["uid"] == before["metadata"]["uid"]
        assert policy["spec"]["podSelector"] == {"matchLabels": {"app": "another"}}

    until_passes(updated)


def test_changed_parameters_update_in_place(shop: Shop):
    shop.run("db", {"postgres": "true"})
    before = shop.await_policy("postgres")
    shop.parameterise("db", "postgres", "port: 6000")
    after = eventually(lambda: ports(found := shop.policy("postgres")) == [6000] and found)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


@pytest.mark.parametrize(
    ("value", "parameters", "reason", "mended"),
    [
        ("true", "port: 0", "InvalidParameters", "port: 7000"),
        ("true", "[port", "InvalidParameters", "port: 7000"),
        ("true", "prot: 7000", "InvalidParameters", "port: 7000"),
        ("v99", "port: 7000", "RevisionUnknown", None),
        ("yes", "port: 7000", "InvalidValue", None),
        ("", "port: 7000", "InvalidValue", None),
    ],
)
def test_a_reference_that_turns_invalid_leaves_its_policy_until_mended(
    shop: Shop, value: str, parameters: str, reason: str, mended: str | None
):
    shop.run("db", {"postgres": "true"}, parameters={"postgres": "port: 6000"})
    before = shop.await_policy("postgres")
    shop.api.patch(
        shop.path("db"),
        {
            "metadata": {
                "labels": {"template.netpol-registry.dev/postgres": value},
                "annotations": {"params.netpol-registry.dev/postgres": parameters},
            }
        },
    )
    event = shop.await_event(reason)
    assert (event["type"], event["involvedObject"]["name"]) == ("Warning", "db")
    assert shop.policy("postgres") == before
    shop.refer("db", postgres="true")
    shop.parameterise("db", "postgres", mended or parameters)
    eventually(lambda: ports(shop.policy("postgres")) == [7000])


def test_an_invalid_parameter_is_named(shop: Shop):
    shop.run("db", {"postgres": "true"}, parameters={"postgres": "port: 0"})
    assert "/port" in shop.await_event("InvalidParameters")["message"]


@pytest.mark.parametrize(
    ("template", "reason"), [("no-such-template", "TemplateUnknown"), ("deny-all-ingress", "WrongScope")]
)
def test_what_cannot_be_applied_creates_nothing(shop: Shop, template: str, reason: str):
    shop.run("db", {template: "true"})
    shop.await_event(reason)
    assert shop.policies() == []


def test_an_unknown_template_is_applied_as_soon_as_it_exists(shop: Shop, catalogue: Catalogue):
    shop.run("db", {"comes-later": "true"})
    shop.await_event("TemplateUnknown")
    catalogue.put("comes-later")
    shop.await_policy("comes-later")


def test_parameters_that_vanish_stay_in_force_until_asked_for_the_defaults(shop: Shop):
    shop.run("db", {"postgres": "true"}, parameters={"postgres": "port: 6000"})
    before = shop.await_policy("postgres")
    shop.parameterise("db", "postgres", None)
    shop.await_event("ParametersMissing")
    assert shop.policy("postgres") == before
    shop.parameterise("db", "postgres", "{}")
    eventually(lambda: ports(shop.policy("postgres")) == [5432])


def test_an_older_value_that_comes_back_is_applied_and_told(shop: Shop):
    shop.run("db", {"postgres": "true"}, parameters={"postgres": "port: 6000"})
    shop.await_policy("postgres")
    shop.parameterise("db", "postgres", "port: 7000")
    eventually(lambda: ports(shop.policy("postgres")) == [7000])
    shop.parameterise("db", "postgres", "port: 6000")
    eventually(lambda: ports(shop.policy("postgres")) == [6000])
    shop.await_event("ParametersChanged")


@pytest.mark.parametrize(
    "damage",
    [
        {"spec": {"ingress": None}},
        {"spec": {"podSelector": {"matchLabels": {"app": None}}}},
        {"metadata": {"labels": None}},
        {"metadata": {"annotations": None}},
        {"metadata": {"labels": {"netpol-registry.dev/revision": "9"}}},
        {"metadata": {"labels": {"app.kubernetes.io/managed-by": "me"}}},
        {"metadata": {"ownerReferences": None}},
        {"metadata": {"labels": None, "annotations": None, "ownerReferences": None}},
    ],
    ids=["rules", "pods", "labels", "annotations", "revision", "manager", "owner", "all marks"],
)
def test_drift_is_put_back_in_place(shop: Shop, damage: dict[str, Any]):
    shop.run("db", {"postgres": "true"})
    before = shop.await_policy("postgres")
    shop.api.patch(shop.policy_path(before), damage)
    shop.await_event("DriftRepaired")

    def as_before() -> None:
        after = shop.policy("postgres")
        assert after["spec"] == before["spec"]
        for part in ("uid", "labels", "annotations", "ownerReferences"):
            assert after["metadata"][part] == before["metadata"][part]

    until_passes(as_before)


def test_whoever_set_a_field_that_is_put_back_is_named(shop: Shop):
    shop.run("db", {"postgres": "true"})
    path = shop.policy_path(shop.await_policy("postgres"))
    shop.api.patch(
        path, {"spec": {"podSelector": {"matchLabels": {"x": "y"}}}}, fieldManager="somebodys-tool"
    )
    assert "somebodys-tool" in shop.await_event("DriftRepaired")["message"]


def test_marks_of_others_on_a_policy_stay_through_an_update(shop: Shop):
    shop.run("db", {"postgres": "true"})
    path = shop.policy_path(shop.await_policy("postgres"))
    shop.api.patch(path, {"metadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}})
    shop.parameterise("db", "postgres", "port: 6000")
    policy = eventually(lambda: ports(found := shop.policy("postgres")) == [6000] and found)
    assert (policy["metadata"]["labels"]["team"], policy["metadata"]["annotations"]["note"]) == ("a", "b")


def test_a_policy_deleted_by_hand_comes_back_at_its_revision_with_its_parameters(
    shop: Shop, catalogue: Catalogue
):
    catalogue.put("by-hand", spec=ingress_port(1))
    shop.run("db", {"by-hand": "true", "postgres": "true"}, parameters={"postgres": "port: 6000"})
    old = shop.await_policy("by-hand")
    shop.await_policy("postgres")
    catalogue.put("by-hand", spec=ingress_port(2))
    for template in ("by-hand", "postgres"):
        shop.api.delete(shop.policy_path(shop.policy(template)))
    new = eventually(
        lambda: (found := shop.policy("by-hand"))["metadata"]["uid"] != old["metadata"]["uid"] and found
    )
    assert (new["metadata"]["labels"]["netpol-registry.dev/revision"], ports(new)) == ("1", [1])
    eventually(lambda: ports(shop.policy("postgres")) == [6000])


def test_nothing_is_created_or_repaired_for_a_workload_that_is_being_deleted(shop: Shop):
    shop.run("db", {"postgres": "true"}, finalizers=["example.com/hold"])
    policy = shop.await_policy("postgres")
    shop.api.delete(shop.path("db"))
    shop.refer("db", mysql="true")
    shop.api.delete(shop.policy_path(policy))
    settle(shop)
    assert shop.policies() == []
    shop.api.patch(shop.path("db"), {"metadata": {"finalizers": None}})


def settle(shop: Shop) -> None:
    """Wait until the controller has seen all that happened: a later label has had its effect."""
    shop.run("later", {"nginx-later": "true"})
    shop.await_event("TemplateUnknown")


def test_a_quotas_refusal_is_told_in_the_servers_words(shop: Shop):
    quota = limit_policies(shop, 0)
    shop.run("db", {"postgres": "true"})
    assert "exceeded quota" in shop.await_event("PolicyRefused")["message"]
    shop.api.delete(quota)
    shop.await_policy("postgres")


def test_a_move_to_what_is_refused_keeps_the_old_policy(shop: Shop):
    shop.run("db", {"postgres": "true"})
    before = shop.await_policy("postgres")
    limit_policies(shop, 1)
    shop.refer("db", postgres=None, mysql="true")
    shop.await_event("PolicyRefused")
    assert shop.policies() == [before]


def test_workloads_of_one_selector_have_a_policy_each_and_are_told(shop: Shop):
    shop.run("db", {"postgres": "true"}, app="same")
    shop.run("twin", {"postgres": "true"}, app="same")
    eventually(lambda: len(shop.policies()) == 2)
    told = {"db", "twin"}
    eventually(lambda: {one["involvedObject"]["name"] for one in shop.events("SelectorShared")} == told)
    shop.refer("twin", postgres=None)
    eventually(lambda: len(shop.policies()) == 1)
    assert shop.policy("postgres")["metadata"]["ownerReferences"][0]["name"] == "db"


def test_a_host_network_workload_gets_its_policy_and_a_warning(shop: Shop):
    shop.run("db", {"postgres": "true"}, host_network=True)
    shop.await_policy("postgres")
    shop.await_event("NoEffect")


def test_a_foreign_policy_of_the_derived_name_is_never_touched(shop: Shop):
    shop.run("db", {"postgres": "true"})
    policy = shop.await_policy("postgres")
    shop.refer("db", postgres="false")
    shop.await_gone("postgres")
    foreign = {"metadata": {"name": policy["metadata"]["name"]}, "spec": {"podSelector": {}}}
    before = shop.api.create(shop.policies_path, foreign)
    shop.refer("db", postgres="true")
    shop.await_event("NameTaken")
    assert shop.api.get(shop.policy_path(policy)) == before
    shop.api.delete(shop.policy_path(policy))
    shop.await_policy("postgres")


def test_two_templates_of_one_group_change_neither(shop: Shop):
    shop.run("db", {"allow-all": "true"})
    before = shop.await_policy("allow-all")
    shop.refer("db", deny_all="true")
    shop.await_event("GroupTaken")
    assert shop.policies() == [before]
