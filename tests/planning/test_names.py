"""Derived names, whose a policy is, and what label values ask for."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import contract
from registry.planning.names import MAX_NAME, owner_key, policy_name, template_of
from registry.planning.objects import Key, LivePolicy, Manager, namespace_key
from registry.planning.references import Malformed, Reference, parse_reference

DB = Key("apps", "Deployment", "shop", "db")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
subdomains = st.from_regex(SUBDOMAIN, fullmatch=True).filter(lambda name: len(name) <= MAX_NAME)


@given(subdomains, st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True))
def test_every_derived_name_is_a_dns_subdomain(workload: str, template: str):
    name = policy_name(Key("apps", "Deployment", "shop", workload), template)
    assert len(name) <= MAX_NAME
    assert SUBDOMAIN.fullmatch(name)


def test_kinds_of_one_name_have_policies_of_their_own():
    assert policy_name(DB, "postgres") != policy_name(DB._replace(kind="StatefulSet"), "postgres")


def live(**fields: Any) -> LivePolicy:
    marks = {
        "labels": {contract.MANAGED_BY_LABEL: contract.MANAGER, contract.TEMPLATE_LABEL: "postgres"},
        "annotations": {contract.WORKLOAD_ANNOTATION: "Deployment.apps/db"},
    }
    whole = {"name": policy_name(DB, "postgres"), **marks, **fields}
    return LivePolicy(namespace="shop", uid="u", resource_version="1", **whole)


def test_a_policy_of_ours_names_its_workload():
    assert owner_key(live()) == DB


def test_the_owner_reference_serves_when_the_annotation_is_gone():
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "db"}
    assert owner_key(live(annotations={}, owners=(owner,))) == DB


def test_a_namespaces_policy_names_the_namespace():
    key = namespace_key("shop")
    policy = live(
        name=policy_name(key, "postgres"), annotations={contract.WORKLOAD_ANNOTATION: "Namespace/shop"}
    )
    assert owner_key(policy) == key


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "my-own-policy"},
        {"labels": {contract.TEMPLATE_LABEL: "postgres"}},
        {"labels": {contract.MANAGED_BY_LABEL: contract.MANAGER, contract.TEMPLATE_LABEL: "mysql"}},
        {"annotations": {contract.WORKLOAD_ANNOTATION: "Deployment.apps/other"}},
    ],
    ids=["another name", "no mark", "another template", "another workload"],
)
def test_labels_alone_make_no_policy_ours(fields: dict[str, Any]):
    assert owner_key(live(**fields)) is None


def test_the_field_manager_is_a_mark():
    labels = {contract.TEMPLATE_LABEL: "postgres"}
    assert owner_key(live(labels=labels, managers=(Manager(contract.MANAGER, ""),))) == DB


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", Reference("t", "pinned")),
        ("latest", Reference("t", "latest")),
        ("v7", Reference("t", "exact", 7)),
        ("false", None),
    ],
)
def test_the_values_of_the_contract(value: str, expected: Reference | None):
    assert parse_reference("t", value) == expected


@pytest.mark.parametrize(
    "value", ["", "True", "yes", "v0", "v07", "v-1", "v", "7", "v1.0", "v٣", "v9999999999"]
)
def test_any_other_value_is_refused(value: str):
    with pytest.raises(Malformed):
        parse_reference("t", value)


def test_a_policy_whose_labels_were_taken_away_is_known_by_its_name():
    stripped = live(labels={}, managers=(Manager(contract.MANAGER, ""),))
    assert (owner_key(stripped), template_of(stripped)) == (DB, "postgres")
