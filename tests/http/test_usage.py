"""Who uses a template, and who may know."""

import pytest

from registry.planning.names import policy_name
from registry.planning.objects import Key, namespace_key
from tests.http.cluster import MANAGED, deploy, generated, label
from tests.http.support import problem
from tests.rights import grant
from tests.store.support import document


@pytest.fixture
def shop(make_namespace):
    return make_namespace(MANAGED)


def usage(service, name, user="admin", query=""):
    service.catch_up()
    answer = service.call("GET", f"{name}/usage{query}", user=user)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_a_user_in_force_is_shown_with_its_revision(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    assert usage(service, name)["items"] == [
        {
            "group": "apps",
            "kind": "Deployment",
            "namespace": shop,
            "name": "db",
            "value": "true",
            "tracking": "pinned",
            "revision": 1,
            "parameters": {},
            "outdated": False,
            "reason": None,
            "message": None,
        }
    ]


def test_a_user_on_an_older_revision_is_outdated_and_counted(service, name, api, shop):
    tag = service.create(name)
    service.call("PUT", name, document(name, 81), if_match=tag)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    found = usage(service, name)
    assert found["items"][0]["outdated"] is True
    assert (found["revision"], found["outdated"], found["revisions"]) == (2, 1, [{"revision": 1, "users": 1}])


@pytest.mark.parametrize(
    "case", [("true", "NotYetApplied"), ("v9", "RevisionUnknown"), ("yes", "InvalidValue")]
)
def test_what_stands_in_the_way_is_told(service, name, api, shop, case):
    value, reason = case
    service.create(name)
    deploy(api, shop, label(name, value))
    found = usage(service, name)
    assert (found["items"][0]["reason"], found["items"][0]["revision"]) == (reason, None)
    assert found["withoutPolicy"] == 1


def test_a_choice_that_another_template_of_its_group_takes_is_told(service, name, api, shop):
    for one in (name, f"{name}-b"):
        service.create(one, exclusiveGroup=name)
    deploy(api, shop, label(name) | label(f"{name}-b"))
    assert usage(service, name)["items"][0]["reason"] == "GroupTaken"


def test_a_policy_of_somebody_else_in_the_way_is_told(service, name, api, shop):
    service.create(name)
    taken = policy_name(Key("apps", "Deployment", shop, "db"), name)
    body = {"metadata": {"name": taken}, "spec": {"podSelector": {}}}
    api.create(f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies", body)
    deploy(api, shop, label(name))
    assert usage(service, name)["items"][0]["reason"] == "NameTaken"


def test_a_policy_of_somebody_else_in_the_way_of_a_namespace_s_own_is_told(
    service, name, api, make_namespace
):
    service.create(name, scope="namespace")
    space = make_namespace(MANAGED | label(name))
    taken = policy_name(namespace_key(space), name)
    body = {"metadata": {"name": taken}, "spec": {"podSelector": {}}}
    api.create(f"/apis/networking.k8s.io/v1/namespaces/{space}/networkpolicies", body)
    assert usage(service, name)["items"][0]["reason"] == "NameTaken"


def test_a_user_in_an_excluded_namespace_is_told(service, name, api):
    service.create(name)
    excluded = service.settings.store_namespace
    deploy(api, excluded, label(name))
    assert usage(service, name)["items"][0]["reason"] == "NamespaceExcluded"


def test_parameters_that_are_not_valid_are_told(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name), parameters={f"params.netpol-registry.dev/{name}": '{"port": 1}'})
    [user] = usage(service, name)["items"]
    assert (user["reason"], user["parameters"]) == ("InvalidParameters", {"port": 1})


def test_a_user_in_a_namespace_that_is_not_managed_waits(service, name, api, make_namespace):
    service.create(name)
    deploy(api, make_namespace(), label(name, "latest"))
    [user] = usage(service, name)["items"]
    assert (user["reason"], user["tracking"]) == ("NamespaceNotManaged", "latest")


def test_a_namespace_is_a_user_by_its_label_or_by_default(service, name, make_namespace):
    service.create(name, scope="namespace", defaultIn={"matchLabels": {"team": name}})
    labelled, default = make_namespace(MANAGED | label(name, "v1")), make_namespace(MANAGED | {"team": name})
    found = {user["name"]: user["value"] for user in usage(service, name)["items"]}
    assert found == {labelled: "v1", default: None}


def test_an_opted_out_workload_is_no_user(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name, "false"))
    assert usage(service, name)["items"] == []


def test_a_policy_that_nothing_refers_to_is_told(service, name, api, shop):
    service.create(name)
    generated(api, shop, name)
    [user] = usage(service, name)["items"]
    assert (user["reason"], user["value"], user["revision"]) == ("NotReferenced", None, 1)


def test_the_users_come_in_pages_with_the_counts_of_all(service, name, api, shop):
    service.create(name)
    for plural in ("deployments", "statefulsets"):
        deploy(api, shop, label(name), plural)
    first = usage(service, name, query="?limit=1")
    last = usage(service, name, query=f"?limit=1&cursor={first['next']}")
    assert [page["items"][0]["kind"] for page in (first, last)] == ["Deployment", "StatefulSet"]
    assert (first["total"], first["withoutPolicy"], last["next"]) == (2, 2, None)


def test_users_of_a_deleted_template_wait_for_it(service, name, api, shop):
    tag = service.create(name)
    deploy(api, shop, label(name))
    service.call("DELETE", f"{name}?force=true", if_match=tag)
    assert usage(service, name)["items"][0]["reason"] == "TemplateUnknown"


def test_users_of_what_never_was_are_not_found(service, name):
    assert problem(service.call("GET", f"{name}/usage")) == (404, "template-not-found")


def test_whoever_may_list_everything_is_told_that_all_is_there(service, name):
    service.create(name)
    assert usage(service, name, "admin")["complete"] is True


def test_whoever_may_list_nothing_sees_and_counts_nobody(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    found = usage(service, name, "stranger")
    assert (found["items"], found["total"], found["complete"]) == ([], 0, False)
    assert (found["revisions"], found["outdated"], found["withoutPolicy"]) == ([], 0, 0)


def test_users_are_shown_in_the_namespaces_where_the_caller_may_list_them(service, name, api, make_namespace):
    service.create(name)
    mine, other = make_namespace(MANAGED), make_namespace(MANAGED)
    for namespace in (mine, other):
        deploy(api, namespace, label(name))
    grant(api, mine, "deployments.apps", "list")
    assert [user["namespace"] for user in usage(service, name, "stranger")["items"]] == [mine]


def test_only_kinds_that_the_caller_may_list_are_shown(service, name, api, shop):
    service.create(name)
    for plural in ("deployments", "statefulsets"):
        deploy(api, shop, label(name), plural)
    grant(api, shop, "deployments.apps", "list")
    assert [user["kind"] for user in usage(service, name, "stranger")["items"]] == ["Deployment"]
