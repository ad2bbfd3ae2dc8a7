"""From the wire to planning's objects: only what is needed, in the form that planning compares."""

from typing import Any

import msgspec
import pytest

from registry.cluster.decode import decode_endpoints, decode_namespace, decode_policy, workload_decoder
from registry.cluster.resources import DEPLOYMENTS
from registry.planning.objects import Key, Manager, Workload

META = {"name": "db", "namespace": "shop", "uid": "u", "resourceVersion": "7"}


def deployment(metadata: dict[str, Any] | None = None, **spec: Any) -> Workload:
    whole = {"metadata": {**META, **(metadata or {})}, "spec": spec}
    return workload_decoder(DEPLOYMENTS)(msgspec.json.encode(whole))


def test_a_workload_keeps_its_references_and_drops_other_labels():
    labels = {"template.netpol-registry.dev/postgres": "true", "app": "db"}
    annotations = {
        "params.netpol-registry.dev/postgres": "port: 1",
        "kubectl.kubernetes.io/last-applied": "...",
    }
    one = deployment({"labels": labels, "annotations": annotations})
    assert (one.references, one.parameters) == ({"postgres": "true"}, {"postgres": "port: 1"})
    assert one.key == Key("apps", "Deployment", "shop", "db")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"matchLabels": {"app": "db"}}, {"matchLabels": {"app": "db"}}),
        ({"matchLabels": {"app": "db"}, "matchExpressions": []}, {"matchLabels": {"app": "db"}}),
        ({"matchLabels": {}}, None),
        ({"matchLabels": {}, "matchExpressions": []}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_selector_without_requirements_is_none(selector: object, expected: object):
    assert deployment(selector=selector).selector == expected


def test_a_workload_on_the_hosts_network_is_known():
    assert deployment(template={"spec": {"hostNetwork": True}}).host_network
    assert not deployment(template={"spec": {}}).host_network


def test_a_workload_being_deleted_is_known():
    assert deployment({"deletionTimestamp": "2026-01-01T00:00:00Z"}).deleting
    assert not deployment().deleting


@pytest.mark.parametrize(
    ("value", "managed"), [("true", True), ("false", False), ("True", False), ("", False)]
)
def test_a_namespace_is_managed_by_one_value_only(value: str, managed: bool):
    raw = {"metadata": {"name": "shop", "labels": {"netpol-registry.dev/managed": value}}}
    assert decode_namespace(msgspec.json.encode(raw)).managed is managed


def test_a_policy_compares_by_its_normalised_spec():
    def policy(spec: dict[str, Any]) -> bytes:
        return decode_policy(msgspec.json.encode({"metadata": META, "spec": spec})).spec

    stored = policy(
        {
            "podSelector": {},
            "ingress": [{"ports": [{"protocol": "TCP", "port": 1}]}],
            "policyTypes": ["Ingress"],
        }
    )
    assert stored == policy(
        {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 1}], "from": []}], "podSelector": {}}
    )


def test_a_policys_writers_are_known():
    fields = [{"manager": "kubectl-edit", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {}}}]
    raw = {"metadata": {**META, "managedFields": fields}, "spec": {}}
    assert decode_policy(msgspec.json.encode(raw)).managers == (
        Manager("kubectl-edit", "2026-01-01T00:00:00Z"),
    )


def test_the_addresses_of_all_endpoints_are_read():
    endpoints = [{"addresses": ["10.0.0.1", "10.0.0.2"]}, {"addresses": ["fd00::1"]}]
    found = decode_endpoints(msgspec.json.encode({"metadata": META, "endpoints": endpoints}))
    assert found.addresses == ("10.0.0.1", "10.0.0.2", "fd00::1")


def test_a_slice_without_endpoints_has_no_address():
    assert decode_endpoints(msgspec.json.encode({"metadata": META, "endpoints": None})).addresses == ()
