"""Policies are read as the API server would take them, equal rules as one."""

import gc
import json

import pytest

from registry.connectivity.addresses import ALL_ADDRESSES
from registry.connectivity.objects import Policy
from registry.connectivity.ports import EVERY_PORT
from registry.connectivity.rules import Reader, isolates
from tests.connectivity.made import policy

TYPES = [
    ([], False, (True, False)),
    ([], True, (True, True)),
    (["Ingress"], True, (True, False)),
    (["Egress"], False, (False, True)),
    (["Ingress", "Egress"], False, (True, True)),
]


@pytest.mark.parametrize(("types", "has_egress", "found"), TYPES)
def test_policy_types_say_what_is_isolated(types, has_egress, found):
    assert isolates(types, has_egress=has_egress) == found


def rules(rule, namespace="a", reader=None):
    spec = json.dumps({"podSelector": {}, "ingress": [rule]}).encode()
    [found] = (reader or Reader()).read(Policy(namespace=namespace, name="p", spec=spec)).ingress
    return found


@pytest.mark.parametrize(
    "rule", [{}, {"from": []}, {"ports": []}, {"from": [], "ports": []}, {"from": None, "ports": None}]
)
def test_missing_and_empty_lists_are_anyone_at_every_port(rule):
    found = rules(rule)
    assert found.peers.anyone
    assert found.peers.addresses == ALL_ADDRESSES
    assert found.ports == EVERY_PORT


def test_a_peer_without_addresses_is_about_no_address():
    assert rules({"from": [{"namespaceSelector": {}}]}).peers.addresses == ()


SAME = [
    ([{"podSelector": {}}, {"namespaceSelector": {}}], [{"namespaceSelector": {}}, {"podSelector": {}}]),
    ([{"podSelector": {}}, {"podSelector": {}}], [{"podSelector": {}}]),
    ([{"ipBlock": {"cidr": "10.0.0.0/8"}}], [{"ipBlock": {"cidr": "10.1.2.3/8", "except": []}}]),
    (
        [{"ipBlock": {"cidr": "10.0.0.0/31"}}],
        [{"ipBlock": {"cidr": "10.0.0.0/32"}}, {"ipBlock": {"cidr": "10.0.0.1/32"}}],
    ),
    ([{"podSelector": {"matchLabels": {}}}], [{"podSelector": {}}]),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_rules_that_mean_the_same_are_one_object(one, other):
    reader = Reader()
    first = rules({"from": one}, reader=reader)
    assert rules({"from": other}, reader=reader) is first
    assert rules({"from": other}, reader=Reader()) is not first


def test_a_rule_about_its_own_namespace_is_another_one_in_another_namespace():
    reader, rule = Reader(), {"from": [{"podSelector": {}}]}
    first, second = (rules(rule, namespace, reader) for namespace in ("a", "b"))
    assert [one.peers.terms[0].namespace for one in (first, second)] == ["a", "b"]


def test_a_rule_about_all_namespaces_is_the_same_one_everywhere():
    reader, rule = Reader(), {"from": [{"namespaceSelector": {}}]}
    first = rules(rule, "a", reader)
    assert rules(rule, "b", reader) is first


def test_rules_that_nobody_has_any_longer_are_forgotten():
    reader = Reader()
    first = reader.read(policy("a/p", "{podSelector: {}, ingress: [{ports: [{port: 7777}]}]}"))
    del first
    gc.collect()
    assert len(reader._rules) == 0  # noqa: SLF001 (what it holds is its own)


BAD_SPECS = [
    {"podSelector": {"matchLabels": []}},
    {"podSelector": {}, "ingress": {}},
    {"podSelector": {}, "policyTypes": ["ingress"]},
]


@pytest.mark.parametrize("spec", BAD_SPECS)
def test_a_spec_that_no_api_server_would_take_is_refused(spec):
    with pytest.raises(ValueError, match=r"."):
        Reader().read(Policy(namespace="a", name="p", spec=json.dumps(spec).encode()))


BAD_RULES = [
    ({"from": [{"ipBlock": {"cidr": "10.0.0.0/40"}}]}, "10.0.0.0/40"),
    ({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["web"]}}]}, "web"),
    ({"from": [{"ipBlock": {}}]}, "cidr"),
    ({"from": [{}]}, "a peer is either an ipBlock or has selectors"),
    ({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}, "a peer is either"),
    ({"from": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}]}, "Is"),
    ({"from": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}]}, "need values"),
    (
        {
            "from": [
                {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}}
            ]
        },
        "others have none",
    ),
    ({"ports": [{"port": [80]}]}, "port"),
    ({"ports": [{"protocol": "ICMP"}]}, "ICMP"),
    ({"ports": [{"protocol": "tcp", "port": "web"}]}, "tcp"),
    ({"ports": [{"port": 0}]}, "port"),
    ({"ports": [{"port": 70_000}]}, "port"),
    ({"ports": [{"port": 80, "endPort": 70_000}]}, "endPort"),
    ({"ports": [{"port": 80, "endPort": 79}]}, "endPort 79 needs a port"),
    ({"ports": [{"port": "web", "endPort": 79}]}, "endPort 79 needs a port"),
    ({"ports": [{"endPort": 79}]}, "endPort 79 needs a port"),
]


@pytest.mark.parametrize(("rule", "says"), BAD_RULES)
def test_a_rule_that_no_api_server_would_take_is_refused(rule, says):
    with pytest.raises(ValueError, match=says):
        rules(rule)
