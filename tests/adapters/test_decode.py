"""From the wire to planning's objects: only what is needed, in the form that planning compares."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from registry import contract
from registry.cluster.decode import decode_endpoints, decode_namespace, decode_policy
from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.planning.objects import LivePolicy, Manager
from tests.model.strategies import specs

META = {"name": "db", "namespace": "shop", "uid": "u", "resourceVersion": "7"}


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


@given(specs)
def test_a_policy_however_it_is_written_compares_as_the_api_server_stores_it(spec: dict[str, Any]):
    stored = decode_policy(msgspec.json.encode({"metadata": META, "spec": spec})).spec
    assert stored == canonical(normalise_spec(spec))


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


def test_what_many_policies_have_alike_is_held_once():
    def policy(name: str) -> LivePolicy:
        meta = {
            **META,
            "name": name,
            "labels": {"netpol-registry.dev/template": "postgres"},
            "annotations": {"netpol-registry.dev/description": f"Long {'and ' * 3}longer", "other": name},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": name}],
            "managedFields": [{"manager": "netpol-registry", "time": "2026-01-01T00:00:00Z"}],
        }
        return decode_policy(msgspec.json.encode({"metadata": meta, "spec": {}}))

    one, other = policy("a"), policy("b")
    assert one.labels is other.labels
    assert one.managers is other.managers
    described = contract.DESCRIPTION_ANNOTATION
    assert one.annotations[described] is other.annotations[described]
    assert one.owners[0]["kind"] is other.owners[0]["kind"]
    assert (one.annotations["other"], other.owners[0]["name"]) == ("a", "b")


def test_references_that_many_have_alike_are_held_once():
    labels = {"template.netpol-registry.dev/postgres": "true"}
    raws = [
        msgspec.json.encode({"metadata": {**META, "name": name, "labels": labels}}) for name in ("a", "b")
    ]
    one, other = map(decode_namespace, raws)
    assert one.references is other.references
    assert one.parameters is other.parameters == {}
