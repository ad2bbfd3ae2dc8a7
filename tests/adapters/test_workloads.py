"""Controllers of pods out of their JSON: references, the selector of each kind, whose it is."""

from typing import Any

import msgspec
import pytest

from registry.cluster.resources import (
    CRON_JOBS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
    Resource,
)
from registry.cluster.workloads import custom_decoder, workload_decoder
from registry.planning.objects import Key, Workload
from registry.planning.pods import Pods, Port

META = {"name": "db", "namespace": "shop", "uid": "u", "resourceVersion": "7"}
POSTGRES = {"template.netpol-registry.dev/postgres": "true"}
ROLLOUTS = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
CONTROLLED = {"ownerReferences": [{"name": "other", "uid": "o", "controller": True}]}
OWNED = {"ownerReferences": [{"name": "other", "uid": "o"}]}


def read(resource: Resource, metadata: dict[str, Any] | None = None, **spec: Any) -> Workload | None:
    whole = {"metadata": {**META, **(metadata or {})}, "spec": spec}
    return workload_decoder(resource)(msgspec.json.encode(whole))


def deployment(metadata: dict[str, Any] | None = None, **spec: Any) -> Workload:
    found = read(DEPLOYMENTS, metadata, **spec)
    assert found
    return found


def custom(status: Any, path: tuple[str, ...] = ("status", "selector"), **members: Any) -> Workload:
    whole = {"metadata": {**META, "labels": POSTGRES}, "status": status, **members}
    found = custom_decoder(ROLLOUTS, path)(msgspec.json.encode(whole))
    assert found
    return found


def test_a_workload_keeps_its_references_and_drops_other_labels():
    annotations = {
        "params.netpol-registry.dev/postgres": "port: 1",
        "kubectl.kubernetes.io/last-applied": "...",
    }
    one = deployment({"labels": {**POSTGRES, "app": "db"}, "annotations": annotations})
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


@pytest.mark.parametrize(
    ("resource", "metadata", "spec"),
    [
        (STATEFUL_SETS, {}, {"selector": {"matchLabels": {"app": "db"}}}),
        (REPLICA_SETS, {}, {"selector": {"matchLabels": {"app": "db"}}}),
        (JOBS, {}, {"selector": {"matchLabels": {"app": "db"}}}),
        (REPLICATION_CONTROLLERS, {}, {"selector": {"app": "db"}}),
        (CRON_JOBS, {}, {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"app": "db"}}}}}}),
        (PODS, {"labels": {"app": "db", "netpol-registry.dev/x": "y", **POSTGRES}}, {}),
    ],
    ids=lambda value: value.kind if isinstance(value, Resource) else "",
)
def test_each_kind_tells_its_pods_in_its_own_way(resource: Resource, metadata: Any, spec: Any):
    found = read(resource, metadata, **spec)
    assert found
    assert found.selector == {"matchLabels": {"app": "db"}}


@pytest.mark.parametrize(
    ("resource", "metadata", "spec"),
    [
        (REPLICATION_CONTROLLERS, {}, {"selector": {}}),
        (CRON_JOBS, {}, {"jobTemplate": {"spec": {"template": {}}}}),
        (PODS, {"labels": POSTGRES}, {}),
        (PODS, {}, {}),
    ],
    ids=["no labels", "template without labels", "our labels alone", "pod without labels"],
)
def test_pods_without_labels_are_selected_by_nothing(resource: Resource, metadata: Any, spec: Any):
    found = read(resource, metadata, **spec)
    assert found
    assert found.selector is None


@pytest.mark.parametrize("resource", [REPLICA_SETS, REPLICATION_CONTROLLERS, JOBS, PODS])
def test_what_another_controller_manages_is_no_workload(resource: Resource):
    assert read(resource, CONTROLLED) is None
    assert read(resource, OWNED)


def test_a_deployment_of_an_operator_is_a_workload():
    assert deployment(CONTROLLED)


@pytest.mark.parametrize(
    ("resource", "spec"),
    [
        (DEPLOYMENTS, {"template": {"spec": {"hostNetwork": True}}}),
        (CRON_JOBS, {"jobTemplate": {"spec": {"template": {"spec": {"hostNetwork": True}}}}}),
        (PODS, {"hostNetwork": True}),
    ],
)
def test_a_workload_on_the_hosts_network_is_known(resource: Resource, spec: Any):
    found = read(resource, **spec)
    assert found
    assert found.host_network


def test_a_workload_without_a_pod_template_is_not_on_the_hosts_network():
    found = read(REPLICATION_CONTROLLERS, template=None)
    assert found
    assert not found.host_network


def test_a_workload_being_deleted_is_known():
    assert deployment({"deletionTimestamp": "2026-01-01T00:00:00Z"}).deleting
    assert not deployment().deleting


def test_a_custom_kind_gives_its_selector_as_a_text():
    assert custom({"selector": "app=db"}).selector == {"matchLabels": {"app": "db"}}


@pytest.mark.parametrize(
    "status", [None, {}, {"selector": ""}, {"selector": "a>1"}, {"selector": "(("}, {"selector": {}}, "x"]
)
def test_a_custom_kind_without_a_selector_that_can_be_read_selects_nothing(status: Any):
    assert custom(status).selector is None


def test_a_custom_kind_that_names_no_place_for_its_selector_selects_nothing():
    assert custom({"selector": "app=db"}, path=()).selector is None


def test_the_pod_template_of_a_custom_kind_is_looked_at_where_it_is_usual():
    pods = {"hostNetwork": True, "containers": [{"name": "c"}]}
    template = {"metadata": {"labels": {"app": "db"}}, "spec": pods}
    assert custom({}, spec={"template": template}).pods == Pods(
        (("app", "db"),), undeclared=True, host_network=True
    )


@pytest.mark.parametrize("template", ["of another form", {}, {"spec": {"containers": []}}, None])
def test_what_a_custom_kind_has_there_and_is_no_pod_template_says_nothing_of_its_pods(template: Any):
    assert custom({}, spec={"template": template}).pods is None


def test_a_bare_pods_labels_are_its_own():
    found = read(PODS, {"labels": {"app": "db"}}, containers=[{"ports": [{"containerPort": 80}]}])
    assert found
    assert found.pods == Pods((("app", "db"),), frozenset({Port("TCP", 80)}))
