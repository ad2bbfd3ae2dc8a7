"""What a change would do: told before it is made, and nothing is written."""

import pytest

from tests.http.cluster import MANAGED, deploy, generated, label
from tests.http.support import Service, problem
from tests.rights import grant
from tests.store.support import document


@pytest.fixture
def shop(make_namespace):
    return make_namespace(MANAGED)


def ask(service: Service, name, change, user="admin", query=""):
    service.catch_up()
    return service.call("POST", f"{name}/preview{query}", change, user=user)


def preview(service: Service, name, change, **how):
    answer = ask(service, name, change, **how)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def ports(spec):
    return [port["port"] for rule in spec["ingress"] for port in rule["ports"]]


def test_a_document_shows_the_policies_of_those_that_follow_before_and_after(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name, "latest"))
    generated(api, shop, name, tracking="latest")
    found = preview(service, name, {"document": document(name, 81)})
    [[change]] = [one["policies"] for one in found["items"]]
    assert (ports(change["before"]), ports(change["after"])) == ([80], [81])


def test_what_is_shown_names_the_workload_and_its_revisions(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name, "latest"))
    generated(api, shop, name, tracking="latest")
    [hit] = preview(service, name, {"document": document(name, 81)})["items"]
    assert (hit["kind"], hit["namespace"], hit["name"]) == ("Deployment", shop, "db")
    assert (hit["before"]["revision"], hit["after"]["revision"]) == (1, 2)


def test_a_document_of_a_template_that_is_not_there_yet_is_previewed(service, name, api, shop):
    deploy(api, shop, label(name))
    found = preview(service, name, {"document": document(name)})
    assert found["policies"] == {"create": 1, "update": 0, "delete": 0}


def test_a_pinned_user_is_not_hit_by_a_document(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    found = preview(service, name, {"document": document(name, 81)})
    assert (found["items"], found["staying"]) == ([], 1)


def test_the_document_that_is_there_hits_nothing(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name, "latest"))
    generated(api, shop, name, tracking="latest")
    assert preview(service, name, {"document": document(name)})["items"] == []


def test_a_rollback_shows_what_followers_get_back(service, name, api, shop):
    tag = service.create(name)
    service.call("PUT", name, document(name, 81), if_match=tag)
    deploy(api, shop, label(name, "latest"))
    generated(api, shop, name, 2, tracking="latest")
    [hit] = preview(service, name, {"rollback": 1})["items"]
    assert ports(hit["policies"][0]["after"]) == [80]


def test_a_deletion_shows_the_policies_that_go_and_needs_force(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    found = preview(service, name, {"deletion": True})
    assert (found["policies"]["delete"], found["needsForce"]) == (1, True)
    assert found["items"][0]["after"]["reason"] == "TemplateUnknown"


def test_a_deletion_of_what_nothing_uses_needs_no_force(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name, "false"))
    assert preview(service, name, {"deletion": True})["needsForce"] is False


def test_a_rollout_shows_the_pinned_users_that_move(service, name, api, shop):
    tag = service.create(name)
    service.call("PUT", name, document(name, 81), if_match=tag)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    [hit] = preview(service, name, {"rollout": {"revision": 2}})["items"]
    assert (hit["after"]["revision"], ports(hit["policies"][0]["after"])) == (2, [81])


def test_a_rollout_to_some_namespaces_leaves_the_others(service, name, api, shop):
    tag = service.create(name)
    service.call("PUT", name, document(name, 81), if_match=tag)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    assert preview(service, name, {"rollout": {"revision": 2, "namespaces": ["other"]}})["items"] == []


def test_other_parameters_show_the_policy_they_would_give(service, name, api, shop):
    properties = {"port": {"type": "integer", "default": 80}}
    service.create(name, "${port}", parameters={"properties": properties})
    deploy(api, shop, label(name))
    generated(api, shop, name)
    user = {"kind": "Deployment", "namespace": shop, "name": "db", "values": {"port": 8080}}
    [hit] = preview(service, name, {"parameters": user})["items"]
    assert ports(hit["policies"][0]["after"]) == [8080]


def test_parameters_that_do_not_fit_are_told_as_the_user_would_be(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name))
    generated(api, shop, name)
    user = {"kind": "Deployment", "namespace": shop, "name": "db", "values": {"no": 1}}
    [hit] = preview(service, name, {"parameters": user})["items"]
    assert (hit["after"]["reason"], hit["policies"]) == ("InvalidParameters", [])


def test_parameters_of_one_that_does_not_use_the_template_are_not_found(service, name, shop):
    service.create(name)
    user = {"kind": "Deployment", "namespace": shop, "name": "db", "values": {}}
    assert problem(ask(service, name, {"parameters": user})) == (404, "user-not-found")


def test_a_new_default_shows_the_namespaces_it_comes_to_and_needs_force(service, name, make_namespace):
    namespace = make_namespace(MANAGED | {"team": name})
    default = document(name, scope="namespace", defaultIn={"matchLabels": {"team": name}})
    found = preview(service, name, {"document": default})
    assert ([hit["name"] for hit in found["items"]], found["needsForce"]) == ([namespace], True)


def test_the_result_is_linted(service, name):
    spec = {"policyTypes": ["Ingress"], "ingress": [{}]}
    found = preview(service, name, {"document": document(name, spec=spec)})
    assert [one["code"] for one in found["lint"]["findings"]] == ["EmptyRuleAllowsAll"]


def test_the_result_is_linted_among_its_users_when_asked(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name, "latest"))
    spec = document(name)["spec"]
    spec["ingress"][0]["from"] = [{"podSelector": {"matchLabels": {"app": "nobody"}}}]
    found = preview(service, name, {"document": document(name, spec=spec)}, query="?live=true")
    [finding] = found["lint"]["findings"]
    assert (finding["code"], finding["total"]) == ("NeverMatches", 1)


def test_a_deletion_leaves_nothing_to_lint(service, name):
    service.create(name)
    assert preview(service, name, {"deletion": True})["lint"] is None


def test_what_cannot_be_saved_is_refused_with_pointers_into_the_body(service, name):
    answer = ask(service, name, {"document": document(name) | {"scope": "cluster"}})
    assert problem(answer) == (422, "invalid-template")
    assert answer.get_json()["errors"][0]["pointer"] == "/document/scope"


def test_another_scope_is_refused_as_a_save_would_be(service, name):
    service.create(name)
    answer = ask(service, name, {"document": document(name, scope="namespace")})
    assert problem(answer) == (422, "scope-changed")


@pytest.mark.parametrize("change", [{}, {"deletion": True, "rollback": 1}, {"deletion": False}, [], "x"])
def test_anything_but_exactly_one_change_is_refused(service, name, change):
    service.create(name)
    assert problem(ask(service, name, change)) == (422, "invalid-body")


def test_a_wrong_member_is_pointed_at(service, name):
    service.create(name)
    answer = ask(service, name, {"rollout": {"revision": "two"}})
    assert answer.get_json()["errors"][0]["pointer"] == "/rollout/revision"


def test_a_revision_that_was_never_there_is_not_found(service, name):
    service.create(name)
    assert problem(ask(service, name, {"rollback": 9})) == (404, "revision-not-found")


def test_a_rollout_to_what_was_never_there_is_refused_as_the_rollout_itself(service, name):
    service.create(name)
    assert problem(ask(service, name, {"rollout": {"revision": 9}})) == (422, "invalid-body")


def test_a_rollout_by_labels_of_workloads_shows_those(service, name, api, make_namespace):
    tag = service.create(name)
    service.call("PUT", name, document(name, 81), if_match=tag)
    for tier in ("front", "back"):
        namespace = make_namespace(MANAGED)
        deploy(api, namespace, label(name) | {"tier": tier})
        generated(api, namespace, name)
    rollout = {"selector": {"matchLabels": {"tier": "back"}}}
    [hit] = preview(service, name, {"rollout": rollout})["items"]
    assert hit["namespace"] == namespace


@pytest.mark.parametrize("change", [{"deletion": True}, {"rollback": 1}, {"rollout": {"revision": 1}}])
def test_what_was_never_there_is_not_found(service, name, change):
    assert problem(ask(service, name, change)) == (404, "template-not-found")


def test_only_those_are_shown_and_counted_that_the_caller_may_list(service, name, api, make_namespace):
    service.create(name)
    mine, other = make_namespace(MANAGED), make_namespace(MANAGED)
    for namespace in (mine, other):
        deploy(api, namespace, label(name, "latest"))
        generated(api, namespace, name, tracking="latest")
    grant(api, mine, "deployments.apps", "list")
    found = preview(service, name, {"document": document(name, 81)}, user="stranger")
    assert [hit["namespace"] for hit in found["items"]] == [mine]
    assert (found["total"], found["policies"]["update"], found["complete"]) == (1, 1, False)


def test_hits_come_in_pages(service, name, api, make_namespace):
    service.create(name)
    spaces = sorted(make_namespace(MANAGED) for _ in range(3))
    for namespace in spaces:
        deploy(api, namespace, label(name, "latest"))
        generated(api, namespace, name, tracking="latest")
    change = {"document": document(name, 81)}
    first = preview(service, name, change, query="?limit=2")
    last = preview(service, name, change, query=f"?limit=2&cursor={first['next']}")
    assert [hit["namespace"] for page in (first, last) for hit in page["items"]] == spaces


def test_nothing_is_written(service, name, api, shop):
    service.create(name)
    deploy(api, shop, label(name, "latest"))
    generated(api, shop, name, tracking="latest")
    service.catch_up()
    policies = f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies"
    before = api.list(policies), api.list(service.configmaps)
    preview(service, name, {"document": document(name, 81)})
    preview(service, name, {"deletion": True})
    assert (api.list(policies), api.list(service.configmaps)) == before
