"""A template is attached to every kind of workload, unless another controller manages the object."""

import pytest

from tests.controller.kinds import KINDS, LABELS, create
from tests.http.cluster import MANAGED
from tests.http.support import problem
from tests.http.workloads import TEMPLATE, Team


@pytest.fixture
def team(service, api, make_namespace):
    return Team(api, service, make_namespace(MANAGED))


def path(team, plural, name="db"):
    return f"{KINDS[plural][0]}/namespaces/{team.namespace}/{plural}/{name}"


@pytest.mark.parametrize("plural", KINDS)
def test_a_template_is_attached_to_it_for_its_own_pods(team, service, name, plural):
    service.create(name)
    made = create(team.api, team.namespace, plural)
    selector = made["spec"]["selector"] if plural == "jobs" else {"matchLabels": LABELS}
    [change] = team.done(team.call("PUT", f"{plural}/db/templates/{name}"))["policies"]
    assert change["after"]["podSelector"] == selector
    assert team.api.get(path(team, plural))["metadata"]["labels"][TEMPLATE + name] == "true"


@pytest.mark.parametrize("plural", KINDS)
def test_it_is_listed(team, plural):
    create(team.api, team.namespace, plural)
    kinds = {one["kind"].lower() for one in team.get()["items"]}
    assert plural.removesuffix("s") in kinds


@pytest.mark.parametrize("plural", ["replicasets", "replicationcontrollers", "jobs", "pods"])
def test_one_that_another_controller_manages_is_not_found_and_left_alone(team, service, name, plural):
    service.create(name)
    maps = f"/api/v1/namespaces/{team.namespace}/configmaps"
    uid = team.api.create(maps, {"metadata": {"name": "owner"}})["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "controller": True}
    create(team.api, team.namespace, plural, ownerReferences=[owner])
    answer = team.call("PUT", f"{plural}/db/templates/{name}")
    assert problem(answer) == (404, "workload-not-found")
    assert "managed by another controller" in answer.get_json()["detail"]
