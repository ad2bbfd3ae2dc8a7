"""Findings about connections: one end allows in vain, or an unmanaged policy opens."""

import pytest

from registry.planning.pods import Port
from tests.connectivity.found import (
    DB,
    WEB,
    codes,
    connections,
    egress,
    found,
    from_,
    ingress,
    only,
    policies,
    to,
)
from tests.connectivity.made import pods, policy


def test_egress_to_pods_that_do_not_let_it_in_is_told():
    finding, network = only(
        "NotLetIn",
        WEB,
        DB,
        policy("shop/out", egress("web", f"[{to('db', 5432)}]")),
        policy("shop/in", ingress("db", "[]"), "deny"),
    )
    assert policies(finding) == ["shop/out"]
    assert connections(finding, network) == [(["shop/web"], ["shop/db"], ["TCP 5432"], "removed")]
    assert "shop/Deployment.apps/web to shop/Deployment.apps/db at TCP 5432" in finding.message


def test_ingress_from_pods_that_may_not_send_is_told():
    finding, network = only(
        "NotLetOut",
        WEB,
        DB,
        policy("shop/out", egress("web", "[]")),
        policy("shop/in", ingress("db", f"[{from_('web', 5432)}]")),
    )
    assert policies(finding) == ["shop/in"]
    assert connections(finding, network) == [(["shop/web"], ["shop/db"], ["TCP 5432"], "removed")]


@pytest.mark.parametrize(
    ("rules_of_egress", "rules_of_ingress"),
    [
        (f"[{to('db', 5432)}]", f"[{from_('web', 5432)}]"),
        (f"[{to('db', 5432)}]", "[{}]"),
        (f"[{to('db')}]", f"[{from_('web', 5432)}]"),
        ("[{to: [{podSelector: {}}]}]", "[]"),
        ("[{}]", "[]"),
        ("[{to: [{namespaceSelector: {matchLabels: {team: shop}}}]}]", "[]"),
    ],
)
def test_allows_that_fit_or_are_not_on_purpose_are_not_one_sided(rules_of_egress, rules_of_ingress):
    told = codes(
        WEB,
        DB,
        policy("shop/out", egress("web", rules_of_egress)),
        policy("shop/in", ingress("db", rules_of_ingress)),
        namespaces={"shop": {"team": "shop"}},
    )
    assert told == []


def test_the_ports_that_a_rule_lists_and_that_do_not_get_through_are_told():
    finding, network = only(
        "NotLetIn",
        WEB,
        DB,
        policy("shop/out", egress("web", f"[{to('db', 5432, 9187)}]")),
        policy("shop/in", ingress("db", f"[{from_('web', 5432)}]")),
    )
    assert connections(finding, network) == [(["shop/web"], ["shop/db"], ["TCP 9187"], "removed")]


def test_an_end_that_nothing_isolates_allows_all():
    assert codes(WEB, DB, policy("shop/out", egress("web", f"[{to('db', 5432)}]"))) == []


def test_named_ports_are_the_destinations_on_both_sides():
    database = pods("shop/db", Port("TCP", 5432, "sql"))
    rule = "[{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: sql}]}]"
    out = policy("shop/out", egress("web", rule))
    assert codes(WEB, database, out, policy("shop/in", ingress("db", f"[{from_('web', 5432)}]"))) == []
    assert codes(WEB, database, out, policy("shop/in", ingress("db", f"[{from_('web', 1)}]"))) == [
        "NotLetIn",
        "NotLetOut",
    ]


def test_what_an_unmanaged_policy_opens_at_generated_isolation_is_told():
    finding, network = only(
        "UnmanagedWidens",
        WEB,
        DB,
        policy("shop/deny", ingress("db", "[]"), "deny"),
        policy("shop/by-hand", ingress("db", f"[{from_('web', 5432)}]")),
    )
    assert policies(finding) == ["shop/by-hand", "shop/deny"]
    assert connections(finding, network) == [(["shop/web"], ["shop/db"], ["TCP 5432"], "added")]


def test_addresses_that_an_unmanaged_policy_lets_in_are_told():
    finding, _ = only(
        "UnmanagedWidens",
        DB,
        policy("shop/deny", ingress("db", "[]"), "deny"),
        policy("shop/by-hand", ingress("db", "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]")),
    )
    assert [one.source_addresses != () for one in finding.connections] == [True]


@pytest.mark.parametrize(
    ("generated", "unmanaged"),
    [
        (f"[{from_('web')}]", f"[{from_('web', 5432)}]"),
        ("[{}]", f"[{from_('web', 5432)}]"),
        ("[]", f"[{from_('gone')}]"),
    ],
)
def test_what_generated_policies_allow_anyway_is_not_widened(generated, unmanaged):
    told = codes(
        WEB,
        DB,
        policy("shop/own", ingress("db", generated), "own"),
        policy("shop/by-hand", ingress("db", unmanaged)),
    )
    assert "UnmanagedWidens" not in told


def test_a_connection_that_the_other_end_denies_is_not_opened():
    told = codes(
        WEB,
        DB,
        policy("shop/deny", ingress("db", "[]"), "deny"),
        policy("shop/by-hand", ingress("db", f"[{from_('web', 5432)}]")),
        policy("shop/silent", egress("web", "[]")),
    )
    assert "UnmanagedWidens" not in told


def test_a_workload_that_no_generated_policy_isolates_is_not_widened():
    told = codes(WEB, DB, policy("shop/a", ingress("db", "[]")), policy("shop/b", ingress("db", "[{}]")))
    assert "UnmanagedWidens" not in told


def test_of_several_unmanaged_policies_each_is_told_with_its_own():
    told = [
        (policies(one)[0], connections(one, network)[0][0])
        for one, network in found(
            WEB,
            DB,
            pods("shop/api"),
            policy("shop/deny", ingress("db", "[]"), "deny"),
            policy("shop/a", ingress("db", f"[{from_('web')}]")),
            policy("shop/b", ingress("db", f"[{from_('api')}]")),
        )
    ]
    assert told == [("shop/a", ["shop/web"]), ("shop/b", ["shop/api"])]


def test_a_generated_policy_is_no_unmanaged_one_though_it_lets_the_connection_in():
    told = [
        policies(one)[0]
        for one, _ in found(
            WEB,
            DB,
            policy("shop/db", ingress("db", f"[{from_('web')}]"), "db"),
            policy("shop/db-by-hand", ingress("db", "[]")),
            policy("shop/web", egress("web", "[]"), "deny"),
            policy("shop/web-by-hand", egress("web", f"[{to('db')}]")),
        )
        if one.code == "UnmanagedWidens"
    ]
    assert told == ["shop/web-by-hand"]
