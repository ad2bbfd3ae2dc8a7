"""Which workloads a set of policies isolates, and which traffic it cuts: by rule, as tables."""

from typing import Any

import pytest

from registry.model.facts import DEFAULT_FACTS, SAMPLE_FACTS, Facts
from registry.planning.objects import Key
from registry.planning.pods import Pods
from registry.world.isolation import Policy
from registry.world.reach import Reach, Told, reach

WEB = Key("apps", "Deployment", "shop", "web")
PODS = {WEB: Pods(labels=(("app", "web"),))}
INGRESS = Policy("deny", "deny-all-ingress", {"podSelector": {}, "policyTypes": ["Ingress"]})
EGRESS = Policy("deny-out", "default-deny-egress", {"podSelector": {}, "policyTypes": ["Egress"]})
KUBE_DNS: dict[str, Any] = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
UDP, TCP = {"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}


def out(*rules: dict[str, Any], name: str = "out") -> Policy:
    return Policy(name, "t", {"podSelector": {}, "policyTypes": ["Egress"], "egress": list(rules)})


def into(*rules: dict[str, Any], name: str = "in") -> Policy:
    return Policy(name, "t", {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": list(rules)})


def after(*policies: Policy, before: tuple[Policy, ...] = (), facts: Facts = SAMPLE_FACTS) -> Reach:
    return reach(PODS, before, policies, facts, None)


def told(found: Reach, traffic: str) -> Told:
    return next(one for one in found.traffic if one.traffic.name == traffic)


@pytest.mark.parametrize(
    ("policies", "verdict"),
    [
        ((), "unaffected"),
        ((INGRESS,), "unaffected"),
        ((EGRESS,), "cut"),
        ((EGRESS, out({"to": [KUBE_DNS], "ports": [UDP, TCP]})), "kept"),
        ((EGRESS, out({"to": [KUBE_DNS], "ports": [UDP]})), "cut"),
        ((out({"to": [KUBE_DNS], "ports": [UDP]}), out({"ports": [TCP]}, name="more")), "kept"),
        ((out({"to": [{"namespaceSelector": {}}]}),), "kept"),
        ((out({"to": [{"podSelector": {}}]}),), "cut"),
        ((out({}),), "kept"),
        ((out({"to": [KUBE_DNS], "ports": [{"protocol": "UDP"}, {"protocol": "TCP"}]}),), "kept"),
    ],
)
def test_dns_is_kept_by_rules_that_cover_its_peers_on_udp_and_tcp(policies, verdict):
    assert told(after(*policies), "dns").verdict == verdict


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (
            {"to": [{"ipBlock": {"cidr": "192.0.2.10/32"}}], "ports": [{"protocol": "TCP", "port": 6443}]},
            "kept",
        ),
        (
            {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]},
            "kept",
        ),
        ({"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"protocol": "TCP", "port": 80}]}, "cut"),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["192.0.2.0/24"]}}]}, "cut"),
    ],
)
def test_the_api_server_needs_one_of_its_ports(rule, verdict):
    assert told(after(out(rule)), "apiServer").verdict == verdict


def test_a_fact_that_is_not_known_is_told_as_unknown():
    assert told(after(EGRESS, facts=DEFAULT_FACTS), "apiServer").verdict == "unknown"


def test_a_way_in_on_any_port_counts_since_the_port_is_the_workloads_own():
    rule = {
        "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        "ports": [{"protocol": "TCP", "port": 9100}],
    }
    assert told(after(INGRESS, into(rule)), "monitoring").verdict == "kept"


def test_only_ingress_controllers_that_are_there_need_a_way():
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}
    policies = (INGRESS, into({"from": [peer]}))
    assert (
        told(reach(PODS, (), policies, SAMPLE_FACTS, ["traefik", "shop"]), "ingressControllers").verdict
        == "kept"
    )
    assert (
        told(reach(PODS, (), policies, SAMPLE_FACTS, ["traefik", "kong"]), "ingressControllers").verdict
        == "cut"
    )


def test_without_such_a_namespace_there_is_nothing_to_cut():
    assert told(reach(PODS, (), (INGRESS,), SAMPLE_FACTS, ["shop"]), "monitoring").verdict == "absent"


def test_what_was_cut_before_is_not_cut_again():
    found = after(EGRESS, before=(EGRESS,))
    assert (told(found, "dns").verdict, found.workloads) == ("unaffected", ())


def test_what_a_removed_policy_allowed_is_cut():
    allows = out({"to": [KUBE_DNS], "ports": [UDP, TCP]})
    [hit] = after(EGRESS, before=(EGRESS, allows)).workloads
    assert (hit.isolated, hit.cut) == ((), ("dns",))


def test_a_workload_is_isolated_by_direction():
    [hit] = after(INGRESS, EGRESS, before=(EGRESS,)).workloads
    assert (hit.isolated, hit.freed) == (("ingress",), ())


def test_a_workload_becomes_free_when_no_policy_selects_it():
    [hit] = after(before=(INGRESS,)).workloads
    assert (hit.isolated, hit.freed, hit.cut) == ((), ("ingress",), ())


def test_the_policies_that_keep_it_are_named():
    keeper = out({"to": [KUBE_DNS], "ports": [UDP, TCP]}, name="keeper")
    assert [one.name for one in told(after(EGRESS, keeper), "dns").by] == ["keeper"]


def test_another_workloads_policy_isolates_nothing_here():
    other = Policy("x", "t", {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]})
    assert after(other).workloads == ()


@pytest.mark.parametrize(
    ("selector", "isolated"),
    [
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "front"}}, False),
        (
            {
                "matchLabels": {"app": "web"},
                "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}],
            },
            True,
        ),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
    ],
)
def test_pods_are_selected_by_all_of_a_selector(selector, isolated):
    policy = Policy("x", "t", {"podSelector": selector, "policyTypes": ["Ingress"]})
    assert bool(after(policy).workloads) is isolated


def test_pods_on_the_hosts_network_are_out_of_reach():
    pods = {WEB: Pods(labels=(("app", "web"),), host_network=True)}
    assert reach(pods, (), (INGRESS,), SAMPLE_FACTS, None).workloads == ()
