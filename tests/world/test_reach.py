"""Which workloads a set of policies isolates, and which traffic it cuts, as tables."""

from typing import Any

import pytest

from registry.connectivity.network import Network
from registry.connectivity.objects import PodGroup, PodKey, Policy
from registry.model.facts import DEFAULT_FACTS, SAMPLE_FACTS, Facts
from registry.planning.objects import Key
from registry.planning.pods import Port
from registry.world.reach import Cluster, Reach, Told, reach
from tests.connectivity.made import key, pods, written

WEB = key("shop/web")
KUBE_DNS: dict[str, Any] = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
UDP, TCP = {"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}


def made(name: str, spec: dict[str, Any]) -> Policy:
    return Policy(namespace="shop", name=name, spec=written(spec))


INGRESS = made("deny", {"podSelector": {}, "policyTypes": ["Ingress"]})
EGRESS = made("deny-out", {"podSelector": {}, "policyTypes": ["Egress"]})


def out(*rules: dict[str, Any], name: str = "out") -> Policy:
    return made(name, {"podSelector": {}, "policyTypes": ["Egress"], "egress": list(rules)})


def into(*rules: dict[str, Any], name: str = "in") -> Policy:
    return made(name, {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": list(rules)})


def after(
    *policies: Policy,
    before: tuple[Policy, ...] = (),
    facts: Facts = SAMPLE_FACTS,
    there: tuple[PodGroup, ...] = (pods("shop/web"),),
    namespaces: list[str] | None = None,
) -> Reach:
    now = Network()
    for group in there:
        now.put_pods(group)
    was, then = now.fork(), now.fork()
    for one in before:
        was.put_policy(one)
    for one in policies:
        then.put_policy(one)
    return reach((was, then), [WEB.workload], Cluster(facts, namespaces))


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
    assert told(after(*policies, namespaces=["traefik", "shop"]), "ingressControllers").verdict == "kept"
    assert told(after(*policies, namespaces=["traefik", "kong"]), "ingressControllers").verdict == "cut"


def test_without_such_a_namespace_there_is_nothing_to_cut():
    assert told(after(INGRESS, namespaces=["shop"]), "monitoring").verdict == "absent"


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
    other = made("x", {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]})
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
    policy = made("x", {"podSelector": selector, "policyTypes": ["Ingress"]})
    assert bool(after(policy).workloads) is isolated


def test_pods_on_the_hosts_network_are_out_of_reach():
    assert after(INGRESS, there=(pods("shop/web", host_network=True),)).workloads == ()


def coredns(**labels: str) -> PodGroup:
    return PodGroup(
        key=PodKey(Key("apps", "Deployment", "kube-system", "coredns")),
        labels=tuple(sorted({"k8s-app": "kube-dns", **labels}.items())),
        ports=frozenset([Port("UDP", 53, "dns"), Port("TCP", 53, "dns-tcp")]),
    )


def test_the_pods_that_are_there_count_with_all_their_labels():
    peer = {**KUBE_DNS, "podSelector": {"matchLabels": {"app": "coredns"}}}
    allows = out({"to": [peer], "ports": [UDP, TCP]})
    there = (pods("shop/web"), coredns(app="coredns"))
    assert told(after(allows, there=there), "dns").verdict == "kept"
    assert told(after(allows), "dns").verdict == "cut"


def test_names_of_ports_are_those_of_the_pods_that_are_there():
    ports = [{"protocol": "UDP", "port": "dns"}, {"protocol": "TCP", "port": "dns-tcp"}]
    allows = out({"to": [KUBE_DNS], "ports": ports})
    assert told(after(allows, there=(pods("shop/web"), coredns())), "dns").verdict == "kept"
    assert told(after(allows), "dns").verdict == "cut"


def test_every_pod_of_the_fact_has_to_be_reached():
    peer = {**KUBE_DNS, "podSelector": {"matchLabels": {"app": "coredns"}}}
    other = PodGroup(key=PodKey(Key("", "Pod", "kube-system", "old")), labels=(("k8s-app", "kube-dns"),))
    there = (pods("shop/web"), coredns(app="coredns"), other)
    assert told(after(out({"to": [peer]}), there=there), "dns").verdict == "cut"


def test_a_way_in_at_a_port_that_nobody_declares_by_that_name_is_none():
    rule = {"ports": [{"protocol": "TCP", "port": "metrics"}]}
    assert told(after(into(rule)), "monitoring").verdict == "cut"
    there = (pods("shop/web", Port("TCP", 9100, "metrics")),)
    assert told(after(into(rule), there=there), "monitoring").verdict == "kept"


def test_a_block_of_addresses_is_reached_by_rules_that_cover_it_together():
    facts = {**SAMPLE_FACTS, "cluster.apiServer": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}
    halves = [{"ipBlock": {"cidr": f"192.0.2.{first}/25"}} for first in (0, 128)]
    both = out({"to": [halves[0]]}), out({"to": [halves[1]]}, name="more")
    assert [one.name for one in told(after(*both, facts=facts), "apiServer").by] == ["more", "out"]
    assert told(after(both[0], facts=facts), "apiServer").verdict == "cut"
