import pytest
from hypothesis import given

from registry.model.documents import load_yaml
from registry.model.networkpolicy import check_spec
from registry.model.normalise import normalise_spec
from tests.model.strategies import specs


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("{}", "{policyTypes: [Ingress]}"),
        ("{policyTypes: []}", "{policyTypes: [Ingress]}"),
        ("{ingress: [], egress: []}", "{policyTypes: [Ingress]}"),
        ("{egress: [{}]}", "{egress: [{}], policyTypes: [Ingress, Egress]}"),
        ("{policyTypes: [Egress, Ingress]}", "{policyTypes: [Egress, Ingress]}"),
        ("{policyTypes: [Egress], ingress: [{}]}", "{policyTypes: [Egress], ingress: [{}]}"),
        ("{podSelector: {}}", "{podSelector: {}, policyTypes: [Ingress]}"),
        (
            "{podSelector: {matchLabels: {}, matchExpressions: []}}",
            "{podSelector: {}, policyTypes: [Ingress]}",
        ),
        ("{ingress: [{from: [], ports: []}]}", "{ingress: [{}], policyTypes: [Ingress]}"),
        ("{ingress: [{from: null}]}", "{ingress: [{}], policyTypes: [Ingress]}"),
        ("{ingress: [{ports: [{}]}]}", "{ingress: [{ports: [{protocol: TCP}]}], policyTypes: [Ingress]}"),
        (
            "{policyTypes: [Egress], egress: [{ports: [{protocol: UDP}, {port: 5}]}]}",
            "{policyTypes: [Egress], egress: [{ports: [{protocol: UDP}, {protocol: TCP, port: 5}]}]}",
        ),
        (
            "{ingress: [{from: [{podSelector: {matchLabels: {}}, namespaceSelector: {}}]}]}",
            "{ingress: [{from: [{podSelector: {}, namespaceSelector: {}}]}], policyTypes: [Ingress]}",
        ),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: []}}]}]}",
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}], policyTypes: [Ingress]}",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: []}]}}",
            "{podSelector: {matchExpressions: [{key: a, operator: Exists}]}, policyTypes: [Ingress]}",
        ),
    ],
)
def test_a_spec_is_written_as_the_api_server_stores_it(written, stored):
    assert normalise_spec(load_yaml(written)) == load_yaml(stored)


@given(specs)
def test_normalising_twice_changes_nothing(spec):
    once = normalise_spec(spec)
    assert normalise_spec(once) == once


@given(specs)
def test_a_normalised_spec_is_still_valid(spec):
    assert check_spec(normalise_spec(spec), pod_selector=True) == []


@given(specs)
def test_as_many_rules_as_before(spec):
    stored = normalise_spec(spec)
    assert [len(stored.get(side, [])) for side in ("ingress", "egress")] == [
        len(spec.get(side, [])) for side in ("ingress", "egress")
    ]


def test_the_given_spec_is_left_alone():
    spec = {"ingress": [{"from": [], "ports": [{"port": 1}]}]}
    normalise_spec(spec)["ingress"][0]["ports"][0]["port"] = 2
    assert spec == {"ingress": [{"from": [], "ports": [{"port": 1}]}]}


def test_the_order_of_lists_is_kept():
    ports = [{"protocol": "TCP", "port": port} for port in (3, 1, 2)]
    assert normalise_spec({"ingress": [{"ports": ports}]})["ingress"][0]["ports"] == ports


def test_fields_of_a_later_kubernetes_are_kept():
    assert normalise_spec({"podSelector": {}, "newField": {"x": 1}})["newField"] == {"x": 1}
