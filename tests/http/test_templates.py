"""Templates over HTTP: each operation, each refusal."""

import yaml

from tests.cluster import eventually
from tests.http.support import URL, problem
from tests.store.support import document, text


def test_a_created_template_can_be_read(service, name):
    made = service.call("POST", body=document(name))
    assert (made.status_code, made.headers["Location"]) == (201, f"{URL}/{name}")
    read = service.call("GET", name)
    assert read.get_json() == document(name)
    assert read.headers["ETag"] == made.headers["ETag"]


def test_a_template_can_be_sent_and_read_as_yaml(service, name):
    assert service.call("POST", body=text(name), content_type="application/yaml").status_code == 201
    answer = service.call("GET", name, accept="application/yaml")
    assert answer.content_type == "application/yaml"
    assert yaml.safe_load(answer.text) == document(name)


def test_the_author_is_the_authenticated_user(service, name):
    service.call("POST", "?message=for+the+shop", document(name))
    [revision] = service.call("GET", f"{name}/revisions").get_json()["items"]
    assert (revision["author"], revision["message"], revision["revision"]) == ("admin", "for the shop", 1)


def test_a_dry_run_creates_nothing(service, name):
    answer = service.call("POST", "?dryRun=true", document(name))
    assert (answer.status_code, answer.get_json()["dryRun"], answer.get_json()["changed"]) == (
        200,
        True,
        True,
    )
    assert problem(service.call("GET", name)) == (404, "template-not-found")


def test_a_taken_name_is_refused(service, name):
    service.create(name)
    assert problem(service.call("POST", body=document(name, 81))) == (409, "template-exists")


def test_an_invalid_template_is_refused_with_pointers(service, name):
    answer = service.call("POST", body=document(name, port=0))
    assert problem(answer) == (422, "invalid-template")
    assert answer.get_json()["errors"][0]["pointer"].startswith("/spec/ingress/0/ports/0")


def test_a_body_that_cannot_be_read_is_refused(service):
    answer = service.call("POST", body="a: [", content_type="application/yaml")
    assert problem(answer) == (400, "malformed-body")


def test_a_body_of_another_type_is_refused(service):
    answer = service.call("POST", body="<xml/>", content_type="application/xml")
    assert problem(answer) == (415, "unsupported-media-type")


def test_a_body_without_a_type_is_refused(service):
    assert problem(service.call("POST", body="{}", content_type="")) == (415, "unsupported-media-type")


def test_a_compressed_body_is_refused(service):
    answer = service.call("POST", body=b"\x1f\x8b", content_encoding="gzip")
    assert problem(answer) == (415, "unsupported-media-type")


def test_a_body_that_is_too_large_is_refused(service):
    assert problem(service.call("POST", body="x" * 70_000)) == (413, "body-too-large")


def test_an_unchanged_template_is_answered_with_304(service, name):
    tag = service.create(name)
    answer = service.call("GET", name, if_none_match=tag)
    assert (answer.status_code, answer.data) == (304, b"")


def test_json_and_yaml_have_different_etags_and_either_may_stand_in_if_match(service, name):
    service.create(name)
    json_tag = service.call("GET", name).headers["ETag"]
    yaml_tag = service.call("GET", name, accept="application/yaml").headers["ETag"]
    assert json_tag != yaml_tag
    assert service.call("PUT", name, document(name, 81), if_match=yaml_tag).status_code == 200


def test_a_replaced_template_is_a_new_revision(service, name):
    tag = service.create(name)
    answer = service.call("PUT", name, document(name, 81), if_match=tag)
    assert (answer.status_code, answer.get_json()["revision"], answer.get_json()["changed"]) == (200, 2, True)
    assert service.call("GET", name).headers["ETag"] == answer.headers["ETag"]


def test_replacing_a_template_by_itself_makes_no_revision_and_says_so(service, name):
    tag = service.create(name)
    answer = service.call("PUT", name, document(name), if_match=tag).get_json()
    assert (answer["revision"], answer["changed"]) == (1, False)
    assert answer["detail"].startswith("Nothing changed")


def test_replacing_needs_if_match(service, name):
    service.create(name)
    assert problem(service.call("PUT", name, document(name, 81))) == (428, "precondition-required")


def test_a_stale_if_match_is_refused_with_who_changed_it(service, name):
    tag = service.create(name)
    current = service.call("PUT", name, document(name, 81), if_match=tag).headers["ETag"]
    answer = service.call("PUT", name, document(name, 82), if_match=tag)
    assert problem(answer) == (412, "precondition-failed")
    assert answer.headers["ETag"] == current
    found = answer.get_json()["current"]
    assert (found["revision"], found["etag"], found["author"]) == (2, current, "admin")


def test_a_weak_etag_never_matches(service, name):
    tag = service.create(name)
    answer = service.call("PUT", name, document(name, 81), if_match=f"W/{tag}")
    assert problem(answer) == (412, "precondition-failed")


def test_replacing_what_is_not_there_is_refused(service, name):
    answer = service.call("PUT", name, document(name), if_match="*")
    assert problem(answer) == (404, "template-not-found")


def test_a_template_cannot_be_renamed(service, name):
    tag = service.create(name)
    answer = service.call("PUT", name, document("other"), if_match=tag)
    assert problem(answer) == (422, "invalid-template")
    assert answer.get_json()["errors"][0]["pointer"] == "/name"


def test_the_scope_never_changes(service, name):
    tag = service.create(name)
    answer = service.call("PUT", name, document(name, scope="namespace"), if_match=tag)
    assert problem(answer) == (422, "scope-changed")


def test_the_scope_stays_also_after_a_deletion(service, name):
    tag = service.create(name)
    service.call("DELETE", name, if_match=tag)
    assert problem(service.call("POST", body=document(name, scope="namespace"))) == (422, "scope-changed")


def test_a_new_default_has_to_be_forced(service, name):
    body = document(name, scope="namespace", defaultIn={"matchLabels": {"team": "nobody"}})
    assert problem(service.call("POST", body=body)) == (409, "default-widened")
    assert service.call("POST", "?force=true", body).status_code == 201


def test_a_wider_default_has_to_be_forced(service, name):
    narrow = {"matchLabels": {"team": "nobody", "stage": "test"}}
    tag = service.create(name, scope="namespace", defaultIn=narrow)
    wide = document(name, scope="namespace", defaultIn={"matchLabels": {"team": "nobody"}})
    assert problem(service.call("PUT", name, wide, if_match=tag)) == (409, "default-widened")


def test_a_stale_edit_is_told_before_a_wider_default(service, name):
    service.create(name, scope="namespace")
    wide = document(name, scope="namespace", defaultIn={})
    assert problem(service.call("PUT", name, wide, if_match='"9-0"')) == (412, "precondition-failed")


def test_a_deleted_template_is_gone_and_its_history_stays(service, name):
    tag = service.create(name)
    assert service.call("DELETE", name, if_match=tag).status_code == 200
    assert problem(service.call("GET", name)) == (404, "template-not-found")
    revisions = service.call("GET", f"{name}/revisions").get_json()["items"]
    assert [(one["revision"], one["deleted"]) for one in revisions] == [(2, True), (1, False)]


def test_deleting_needs_if_match(service, name):
    service.create(name)
    assert problem(service.call("DELETE", name)) == (428, "precondition-required")


def test_deleting_with_a_stale_if_match_is_refused(service, name):
    service.create(name)
    assert problem(service.call("DELETE", name, if_match='"7-0"')) == (412, "precondition-failed")


def test_deleting_as_a_dry_run_deletes_nothing(service, name):
    tag = service.create(name)
    assert service.call("DELETE", f"{name}?dryRun=true", if_match=tag).get_json()["dryRun"] is True
    assert service.call("GET", name).status_code == 200


def test_a_template_in_use_is_not_deleted_and_its_users_are_named(service, name, api, make_namespace):
    tag = service.create(name)
    shop = make_namespace()
    deploy(api, shop, "db", {f"template.netpol-registry.dev/{name}": "true"})
    answer = service.call("DELETE", name, if_match=tag)
    assert problem(answer) == (409, "template-in-use")
    assert answer.get_json()["users"] == [{"kind": "Deployment", "namespace": shop, "name": "db"}]
    assert service.call("DELETE", f"{name}?force=true", if_match=tag).status_code == 200


def test_a_generated_policy_and_a_namespace_are_users(service, name, api, make_namespace):
    tag = service.create(name)
    shop = make_namespace({f"template.netpol-registry.dev/{name}": "latest"})
    policy = {
        "metadata": {"name": "p", "labels": {"netpol-registry.dev/template": name}},
        "spec": {"podSelector": {}},
    }
    api.create(f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies", policy)
    users = service.call("DELETE", name, if_match=tag).get_json()["users"]
    assert [user["kind"] for user in users] == ["Namespace", "NetworkPolicy"]


def test_an_opted_out_workload_is_no_user(service, name, api, make_namespace):
    tag = service.create(name)
    deploy(api, make_namespace(), "db", {f"template.netpol-registry.dev/{name}": "false"})
    assert service.call("DELETE", name, if_match=tag).status_code == 200


def test_the_list_is_by_name_in_pages(service, name):
    for letter in "abc":
        service.create(f"{name}-{letter}", category=name)
    first = service.call("GET", f"?category={name}&limit=2").get_json()
    assert ([item["name"][-1] for item in first["items"]], first["total"]) == (["a", "b"], 3)
    last = service.call("GET", f"?category={name}&limit=2&cursor={first['next']}").get_json()
    assert ([item["name"][-1] for item in last["items"]], last["next"]) == (["c"], None)


def test_a_template_created_between_two_pages_shifts_nothing(service, name):
    for letter in "bcd":
        service.create(f"{name}-{letter}", category=name)
    first = service.call("GET", f"?category={name}&limit=2").get_json()
    service.create(f"{name}-a", category=name)
    last = service.call("GET", f"?category={name}&limit=2&cursor={first['next']}").get_json()
    assert [item["name"][-1] for item in last["items"]] == ["d"]


def test_the_list_filters_by_scope_and_text(service, name):
    service.create(f"{name}-a", title=f"Great {name}")
    service.create(f"{name}-b", scope="namespace", description=f"As {name.upper()} has it")
    found = service.call("GET", f"?text={name.upper()}&scope=namespace").get_json()
    assert [item["name"] for item in found["items"]] == [f"{name}-b"]


def test_a_foreign_cursor_is_refused(service):
    assert problem(service.call("GET", "?cursor=%21")) == (400, "invalid-query")


def test_a_query_parameter_that_is_not_valid_is_refused(service):
    answer = service.call("GET", "?limit=0")
    assert problem(answer) == (400, "invalid-query")
    assert answer.get_json()["errors"][0]["pointer"] == "/limit"


def test_a_misspelt_query_parameter_is_refused(service, name):
    assert problem(service.call("POST", "?dryrun=true", document(name))) == (400, "invalid-query")


def test_the_store_refuses_what_the_config_map_cannot_hold(start_service, api):
    full = start_service()
    main = f"/api/v1/namespaces/{full.settings.store_namespace}/configmaps/netpol-templates"
    api.patch(main, {"data": {"big.yaml": "x" * 1_047_500}})
    large = document("large", description="y" * 1000)
    answer = eventually(lambda: (got := full.call("POST", body=large)).status_code == 413 and got)
    assert problem(answer) == (413, "store-full")
    found = answer.get_json()
    assert found["size"] > found["limit"] == 1_048_576
    assert found["largest"][0] == {"name": "big", "bytes": 1_047_500}


def deploy(api, namespace, name, labels):
    body = {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        },
    }
    api.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", body)
