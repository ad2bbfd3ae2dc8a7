"""Findings about single policies, and about policies that undo or repeat each other."""

import pytest

from registry.connectivity.findings.codes import CODES
from registry.connectivity.findings.examples import EXAMPLES
from registry.connectivity.findings.findings import findings
from registry.connectivity.flows import Flows
from registry.planning.pods import Port
from tests.connectivity.found import (
    DB,
    DENY,
    OPEN,
    WEB,
    codes,
    egress,
    found,
    from_,
    ingress,
    only,
    policies,
)
from tests.connectivity.made import names, pods, policy


def test_a_cluster_without_policies_has_no_findings():
    assert codes(WEB, DB) == []


def test_a_policy_that_selects_no_pods_is_told():
    finding, _ = only("SelectsNothing", WEB, policy("shop/old", ingress("gone", "[]")))
    assert finding.message == ("Policy shop/old: no pods are selected: nothing in shop satisfies app=gone.")
    assert finding.severity == "warning"


def test_where_no_workload_is_known_selecting_nothing_is_info():
    finding, _ = only("SelectsNothing", policy("shop/old", DENY))
    assert finding.severity == "info"


def test_a_policy_for_pods_on_the_hosts_network_selects_nothing():
    agent = pods("shop/agent", host_network=True)
    finding, _ = only("SelectsNothing", WEB, agent, policy("shop/agent", ingress("agent", "[]")))
    assert "on the host's network" in finding.message


def test_a_rule_whose_selectors_match_nothing_is_told():
    finding, _ = only("PeersAbsent", WEB, policy("shop/in", ingress("web", f"[{from_('gone')}]")))
    assert finding.severity == "warning"
    assert "rule 1 of ingress is about nobody who is there: pods app=gone in shop" in finding.message


@pytest.mark.parametrize(
    "other", ["{podSelector: {matchLabels: {app: db}}}", "{ipBlock: {cidr: 10.0.0.0/8}}"]
)
def test_a_rule_of_which_one_selector_matches_nothing_is_info(other):
    rule = f"[{{from: [{{podSelector: {{matchLabels: {{app: gone}}}}}}, {other}]}}]"
    finding, _ = only("PeersAbsent", WEB, DB, policy("shop/in", ingress("web", rule)))
    assert finding.severity == "info"


def test_rules_for_addresses_or_anyone_are_about_somebody():
    rules = "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}, {ports: [{port: 80}]}]"
    assert codes(WEB, policy("shop/in", ingress("web", rules))) == []


@pytest.mark.parametrize(("whole", "expected"), [(True, ["PeersAbsent"]), (False, [])])
def test_in_a_part_of_a_cluster_namespaces_without_workloads_say_nothing(whole, expected):
    dns = "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]}"
    assert codes(WEB, policy("shop/dns", egress("web", f"[{dns}]")), whole=whole) == expected


def test_in_a_part_of_a_cluster_known_namespaces_are_looked_at():
    assert codes(WEB, policy("shop/in", ingress("web", f"[{from_('gone')}]")), whole=False) == ["PeersAbsent"]


def test_a_named_port_that_no_selected_container_declares_is_told():
    rule = ingress("web", "[{ports: [{port: http}]}]")
    assert codes(pods("shop/web", Port("TCP", 80, "www")), policy("shop/in", rule)) == ["NamedPortUnresolved"]
    assert codes(pods("shop/web", Port("TCP", 80, "http")), policy("shop/in", rule)) == []


def test_a_named_port_that_only_others_declare_is_told():
    rule = ingress("web", "[{ports: [{port: sql}]}]")
    told = codes(WEB, pods("shop/db", Port("TCP", 5432, "sql")), policy("shop/in", rule))
    assert told == ["NamedPortUnresolved"]


def test_a_named_port_is_of_the_rules_protocol():
    rule = ingress("web", "[{ports: [{port: dns, protocol: UDP}]}]")
    finding, _ = only(
        "NamedPortUnresolved", pods("shop/web", Port("TCP", 53, "dns")), policy("shop/in", rule)
    )
    assert "UDP dns" in finding.message


def test_a_named_port_of_egress_is_looked_up_at_the_destinations():
    rule = egress("web", "[{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: sql}]}]")
    declared = pods("shop/db", Port("TCP", 5432, "sql"))
    assert codes(pods("shop/web", Port("TCP", 1, "sql")), DB, policy("shop/out", rule)) == [
        "NamedPortUnresolved"
    ]
    assert codes(WEB, declared, policy("shop/out", rule)) == []


def test_policies_that_say_the_same_are_told_once():
    again = ingress("web", "[{ports: [{port: 80, protocol: TCP}]}]")
    objects = (policy("shop/b", again, "http"), policy("shop/a", ingress("web", "[{ports: [{port: 80}]}]")))
    finding, _ = only("DuplicatePolicy", WEB, *objects)
    assert policies(finding) == ["shop/a", "shop/b"]


def test_equal_policies_of_two_namespaces_are_no_duplicates():
    assert codes(WEB, pods("blog/web"), policy("shop/a", DENY), policy("blog/a", DENY)) == []


def test_a_denial_that_another_policy_opens_again_is_told():
    finding, network = only(
        "DefaultUndone", WEB, DB, policy("shop/deny", DENY, "deny-all"), policy("shop/x", OPEN)
    )
    assert policies(finding) == ["shop/deny", "shop/x"]
    assert names(network, finding.pods) == ["shop/web"]


@pytest.mark.parametrize(
    "spec",
    [
        ingress("web", "[{ports: [{port: 80}]}]"),
        ingress("web", "[{from: [{podSelector: {}}]}]"),
        egress("web", "[{}]"),
        ingress("nobody", "[{}]"),
    ],
)
def test_a_policy_that_opens_less_does_not_undo_a_denial(spec):
    assert "DefaultUndone" not in codes(
        WEB, DB, policy("shop/deny", DENY, "deny-all"), policy("shop/x", spec)
    )


def test_a_denial_of_nobodys_template_may_be_undone():
    assert "DefaultUndone" not in codes(WEB, policy("shop/deny", DENY), policy("shop/x", OPEN))


def test_policies_of_one_template_are_one_finding():
    objects = [policy(f"shop/p{n}", ingress(f"gone{n}", "[]"), "postgres") for n in range(5)]
    finding, _ = only("SelectsNothing", WEB, *objects)
    assert len(finding.policies) == 5
    assert finding.message.startswith("5 policies of template postgres, revision 1: no pods are selected: ")
    assert finding.message.endswith(" and 2 more.")


def test_the_worst_come_first():
    objects = (
        policy("shop/deny", DENY, "deny-all"),
        policy("shop/open", OPEN),
        policy("shop/old", ingress("x", "[]")),
    )
    told = [one.severity for one, _ in found(WEB, *objects)]
    assert told == ["error", "warning", "warning"]


def test_each_code_has_all_that_a_reader_needs():
    assert all(code.title and code.why.endswith(".") and code.fix.endswith(".") for code in CODES.values())


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_found_in_its_example(code):
    network = EXAMPLES[code].network()
    assert code in [one.code for one in findings(network, Flows(network))]
