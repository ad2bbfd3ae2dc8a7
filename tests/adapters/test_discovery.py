"""Which custom kinds are workloads, and how they are served."""

from typing import Any

import msgspec
import pytest

from registry.cluster.discovery import CustomKind, decode_custom_kind
from registry.cluster.resources import Resource

SCALE = {"scale": {"specReplicasPath": ".spec.replicas", "labelSelectorPath": ".status.selector"}}
ESTABLISHED = [{"type": "Established", "status": "True"}]


def version(name: str = "v1", subresources: Any = SCALE, **fields: Any) -> dict[str, Any]:
    return {"name": name, "served": True, "storage": False, "subresources": subresources, **fields}


def kind(
    *versions: dict[str, Any], scope: str = "Namespaced", conditions: Any = ESTABLISHED
) -> CustomKind | None:
    whole = {
        "metadata": {"name": "rollouts.argoproj.io", "uid": "u", "resourceVersion": "7"},
        "spec": {"group": "argoproj.io", "scope": scope, "versions": versions},
        "status": {"acceptedNames": {"plural": "rollouts", "kind": "Rollout"}, "conditions": conditions},
    }
    return decode_custom_kind(msgspec.json.encode(whole))


def test_a_kind_that_scales_is_a_workload_with_its_selector_where_it_says():
    found = kind(version())
    assert found
    assert found.resource == Resource("argoproj.io", "v1", "rollouts", "Rollout")
    assert found.selector_path == ("status", "selector")


def test_a_kind_that_scales_without_a_selector_is_a_workload():
    found = kind(version(subresources={"scale": {}}))
    assert found
    assert found.selector_path == ()


@pytest.mark.parametrize(
    "made",
    [
        lambda: kind(version(subresources={"status": {}})),
        lambda: kind(version(subresources=None)),
        lambda: kind(version(served=False)),
        lambda: kind(version(), scope="Cluster"),
        lambda: kind(version(), conditions=None),
        lambda: kind(version(), conditions=[{"type": "Established", "status": "False"}]),
    ],
    ids=["no scale", "no subresources", "not served", "not in namespaces", "new", "not established"],
)
def test_other_kinds_are_no_workloads(made: Any):
    assert made() is None


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([version("v1alpha1"), version("v1beta2"), version("v1beta10")], "v1beta10"),
        ([version("v2alpha1"), version("v1")], "v1"),
        ([version("v1"), version("v10"), version("v9")], "v10"),
        ([version("v1"), version("v1beta1", storage=True)], "v1beta1"),
        ([version("v1beta1"), version("v1", storage=True, served=False)], "v1beta1"),
        ([version("v1beta1"), version("v1", storage=True, subresources=None)], "v1beta1"),
        ([version("future"), version("v1alpha1")], "v1alpha1"),
    ],
)
def test_the_stored_version_is_watched_else_the_most_stable_one(versions: Any, expected: str):
    found = kind(*versions)
    assert found
    assert found.resource.version == expected
