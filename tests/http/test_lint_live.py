"""Lint of a template where it is used, as far as the caller may see it."""

import pytest

from registry.cluster.resources import BUILT_IN_WORKLOADS
from tests.cluster import eventually
from tests.controller.kinds import KINDS, create
from tests.http.cluster import MANAGED, label
from tests.http.support import problem
from tests.rights import grant
from tests.store.support import document

PORT = {
    "parameters": {"properties": {"port": {"type": "integer", "default": 5432}}},
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": "${port}"}]}]},
}
CLIENTS = {
    "spec": {
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}],
    }
}
TOOLS = {
    "spec": {
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": "nobody"}}}]}],
    }
}


@pytest.fixture
def shop(make_namespace):
    return make_namespace(MANAGED)


def using(template, parameters=None):
    """The metadata of a workload that uses a template."""
    annotations = {f"params.netpol-registry.dev/{template}": parameters} if parameters else {}
    return {"labels": label(template), "annotations": annotations}


def deploy(api, namespace, metadata=None, app="db", port=5432):
    """A Deployment whose container declares one port."""
    containers = [{"name": "c", "image": "i", "ports": [{"containerPort": port, "name": "main"}]}]
    pods = {"metadata": {"labels": {"app": app}}, "spec": {"containers": containers}}
    meta = {"name": app, **(metadata or {})}
    spec = {"selector": {"matchLabels": {"app": app}}, "template": pods}
    api.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", {"metadata": meta, "spec": spec})


def grant_all_kinds(api, namespace):
    """Let the stranger list workloads of all built-in kinds."""
    for one in BUILT_IN_WORKLOADS:
        grant(api, namespace, f"{one.plural}.{one.group}".rstrip("."), "list")


def lint(service, name, query="", user="admin", body=None):
    service.catch_up()
    method = "POST" if body else "GET"
    answer = service.call(method, f"{name}/lint?live=true{query}", body, user=user)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def codes(found):
    return [(one["code"], one.get("total")) for one in found["findings"]]


def test_a_port_that_a_user_does_not_serve_is_found_and_the_user_is_named(service, name, api, shop):
    service.create(name, **PORT)
    deploy(api, shop, using(name), port=6432)
    found = lint(service, name)
    [finding] = found["findings"]
    assert (finding["code"], finding["pointer"], finding["total"]) == (
        "PortNotServed",
        "/spec/ingress/0/ports",
        1,
    )
    assert finding["users"] == [{"group": "apps", "kind": "Deployment", "namespace": shop, "name": "db"}]
    assert found["live"] == {"users": 1, "unfit": 0, "complete": True}


def test_nothing_is_found_where_the_port_is_served(service, name, api, shop):
    service.create(name, **PORT)
    deploy(api, shop, using(name))
    assert codes(lint(service, name)) == []


def test_each_user_is_looked_at_with_its_own_parameters(service, name, api, shop):
    service.create(name, **PORT)
    deploy(api, shop, using(name, "port: 6432"), port=6432)
    assert codes(lint(service, name)) == []


def test_users_whose_parameters_do_not_fit_are_counted(service, name, api, shop):
    service.create(name, **PORT)
    deploy(api, shop, using(name, "port: main"))
    assert lint(service, name)["live"] == {"users": 0, "unfit": 1, "complete": True}


def test_the_peers_are_looked_for_in_the_namespace_of_the_user(service, name, api, shop, make_namespace):
    service.create(name, **CLIENTS)
    other = make_namespace(MANAGED)
    for namespace in (shop, other):
        deploy(api, namespace, using(name))
    deploy(api, shop, app="web")
    [finding] = lint(service, name)["findings"]
    assert (finding["code"], finding["severity"]) == ("NeverMatches", "info")
    assert [user["namespace"] for user in finding["users"]] == [other]


def test_a_namespace_that_is_not_there_is_found(service, name, api, shop):
    service.create(name, **TOOLS)
    deploy(api, shop, using(name))
    [finding] = lint(service, name)["findings"]
    assert (finding["code"], finding["severity"]) == ("NeverMatches", "warning")


def test_a_document_is_looked_at_for_those_who_use_what_is_stored(service, name, api, shop):
    service.create(name, **PORT)
    deploy(api, shop, using(name))
    assert codes(lint(service, name, body=document(name, **TOOLS))) == [("NeverMatches", 1)]


def test_a_document_that_nobody_uses_has_no_users(service, name):
    found = lint(service, name, body=document(name, **PORT))
    assert found == {"findings": [], "live": {"users": 0, "unfit": 0, "complete": True}}


def test_a_namespace_that_uses_a_template_is_looked_at(service, name, api, make_namespace):
    service.create(name, scope="namespace", spec={**PORT["spec"], "ingress": [{"ports": [{"port": "grpc"}]}]})
    namespace = make_namespace(MANAGED | label(name))
    deploy(api, namespace)
    [finding] = lint(service, name)["findings"]
    assert (finding["code"], finding["users"][0]["kind"]) == ("NamedPortUnresolved", "Namespace")


def test_without_live_nobody_is_looked_at(service, name, api, shop):
    service.create(name, **PORT)
    deploy(api, shop, using(name), port=6432)
    assert service.call("GET", f"{name}/lint").get_json() == {"findings": []}


def test_whoever_may_list_nothing_is_told_nothing(service, name, api, shop):
    service.create(name, **PORT)
    deploy(api, shop, using(name), port=6432)
    found = lint(service, name, user="stranger")
    assert found == {"findings": [], "live": {"users": 0, "unfit": 0, "complete": False}}


def test_whoever_may_list_workloads_of_one_namespace_is_told_of_that(
    service, name, api, shop, make_namespace
):
    service.create(name, **PORT)
    other = make_namespace(MANAGED)
    for namespace in (shop, other):
        deploy(api, namespace, using(name), port=6432)
    grant_all_kinds(api, shop)
    found = lint(service, name, user="stranger")
    assert [user["namespace"] for user in found["findings"][0]["users"]] == [shop]
    assert found["live"] == {"users": 1, "unfit": 0, "complete": False}


def test_nothing_is_concluded_from_namespaces_that_may_not_be_seen(service, name, api, shop):
    service.create(name, **TOOLS)
    deploy(api, shop, using(name))
    grant_all_kinds(api, shop)
    found = lint(service, name, user="stranger")
    assert (found["findings"], found["live"]["users"]) == ([], 1)


def test_nothing_is_concluded_from_kinds_that_may_not_be_seen(service, name, api, shop):
    service.create(name, **CLIENTS)
    deploy(api, shop, using(name))
    grant(api, shop, "deployments.apps", "list")
    assert lint(service, name, user="stranger")["findings"] == []


@pytest.mark.parametrize("plural", KINDS)
def test_users_of_every_kind_are_looked_at(service, name, api, shop, plural):
    service.create(name, scope="workload", spec={**PORT["spec"], "ingress": [{"ports": [{"port": "grpc"}]}]})
    create(api, shop, plural, references={name: "true"})
    found = lint(service, name)
    assert (codes(found), found["live"]["complete"]) == ([("NamedPortUnresolved", 1)], True)


@pytest.mark.parametrize("plural", KINDS)
def test_the_pods_of_every_kind_are_looked_for(service, name, api, shop, plural):
    of_db = {"podSelector": {"matchLabels": {"app": "db"}}}
    service.create(name, spec={**CLIENTS["spec"], "ingress": [{"from": [of_db]}]})
    deploy(api, shop, using(name), app="web")
    assert codes(lint(service, name)) == [("NeverMatches", 1)]
    create(api, shop, plural)
    assert codes(lint(service, name)) == []


def test_what_a_custom_kind_does_not_say_a_pod_that_lives_says(service, name, api, shop, rollouts):
    service.create(name, **PORT)
    rollouts.create(shop, **{name: "true"})
    rollouts.report(shop, "app=db")

    def seen():
        return lint(service, name)

    eventually(lambda: seen()["live"] == {"users": 0, "unfit": 0, "complete": False})
    containers = [{"name": "c", "image": "i", "ports": [{"containerPort": 6432}]}]
    pod = {"metadata": {"name": "db-1", "labels": {"app": "db"}}, "spec": {"containers": containers}}
    api.create(f"/api/v1/namespaces/{shop}/pods", pod)
    eventually(lambda: codes(seen()) == [("PortNotServed", 1)])


@pytest.mark.parametrize("live", ["yes%20please", ""])
def test_live_is_true_or_false(service, name, live):
    answer = service.call("GET", f"{name}/lint?live={live}")
    assert problem(answer) == (400, "invalid-query")
