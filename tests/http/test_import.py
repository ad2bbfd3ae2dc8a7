"""Templates from elsewhere, saved all or not at all; what is asserted is in the cluster."""

import json

import pytest
import yaml

from registry.http.transfer.documents import MAX_IMPORT_BYTES
from registry.store.store import Store
from tests.http import test_admission
from tests.http.support import problem
from tests.rights import grant, unbind_readers
from tests.store.support import document, edit, text

POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "allow-db"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "api"}}}], "ports": [{"port": 5432}]}],
    },
}


guarded = test_admission.guarded


@pytest.fixture
def own(start_service):
    return start_service()


def bring(service, body, query="", **headers):
    headers.setdefault("content_type", "application/yaml")
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return service.call("POST", f"import{query}", data, **headers)


def brought(service, body, query="", **headers):
    answer = bring(service, body, query, **headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def refused(service, body, query="", **headers):
    """The problem's status and type, and its document."""
    answer = bring(service, body, query, **headers)
    return problem(answer), answer.get_json()


def actions(answer):
    return {item["name"]: item["action"] for item in answer["items"]}


def data(api, service):
    namespace = service.settings.store_namespace
    return api.get(f"/api/v1/namespaces/{namespace}/configmaps/netpol-templates")["data"]


def config_maps(api, service):
    """Name and version of every ConfigMap of the store."""
    listed = api.list(f"/api/v1/namespaces/{service.settings.store_namespace}/configmaps")
    return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in listed}


def export(service, form="documents"):
    return service.call("GET", f"export?format={form}").text


def test_templates_are_created_and_changed(own, api):
    own.create("web", 80)
    answer = brought(own, f"{text('web', 81)}---\n{text('api', 82)}")
    assert actions(answer) == {"web": "change", "api": "create"}
    stored = data(api, own)
    assert (stored["web.yaml"], stored["api.yaml"]) == (text("web", 81), text("api", 82))


def test_each_item_tells_its_revision_and_what_changed(own):
    own.create("web", 80)
    [item] = brought(own, document("web", 81))["items"]
    assert item["revision"] == 2
    assert item["etag"] == own.call("GET", "web").headers["ETag"]
    assert item["changes"] == [
        {"op": "change", "pointer": "/spec/ingress/0/ports/0/port", "before": 80, "after": 81}
    ]


def test_a_list_of_json_is_read(own):
    answer = brought(own, [document("a"), document("b")], content_type="application/json")
    assert actions(answer) == {"a": "create", "b": "create"}


def test_a_dry_run_tells_the_same_and_writes_nothing(own, api):
    before = config_maps(api, own)
    body = [document("web"), document("default-one", 81)]
    answer = brought(own, body, "?dryRun=true")
    assert actions(answer) == {"web": "create", "default-one": "change"}
    assert (answer["dryRun"], [item["revision"] for item in answer["items"]]) == (True, [None, None])
    assert config_maps(api, own) == before


def test_what_is_done_and_what_would_be_is_told_in_a_sentence(own):
    body = [document("web"), document("default-one", 81), document("default-two")]
    foreseen, done = brought(own, body, "?dryRun=true"), brought(own, body)
    assert foreseen["detail"] == "1 to create, 1 to change, 1 unchanged. Nothing was written."
    assert done["detail"] == "1 created, 1 changed, 1 unchanged."


def test_author_and_message_are_recorded(own):
    brought(own, document("web"), "?message=from+Git")
    [revision] = own.call("GET", "web/revisions").get_json()["items"]
    assert (revision["author"], revision["message"]) == ("admin", "from Git")


@pytest.mark.parametrize("form", ["documents", "configmap"])
def test_an_export_comes_back_unchanged_and_makes_no_revision(own, api, form):
    own.create("web", title="Web")
    before = config_maps(api, own)
    answer = brought(own, export(own, form))
    assert set(actions(answer).values()) == {"unchanged"}
    assert config_maps(api, own) == before


@pytest.mark.parametrize("form", ["documents", "configmap"])
def test_an_export_makes_an_equal_store_elsewhere(start_service, api, form):
    one, other = start_service(), start_service()
    path = f"/api/v1/namespaces/{one.settings.store_namespace}/configmaps/netpol-templates"
    one.create("web", defaultIn={}, scope="namespace")
    one.call("POST", body=dict(reversed(document("turned").items())))
    api.patch(path, {"data": {"default-one.yaml": f"# why\n{text('default-one')}"}})
    for name in ("default-one", "default-two"):
        other.call("DELETE", name, if_match="*")
    exported = export(one, form)
    brought(other, exported, "?force=true")
    assert export(other, "documents") == export(one, "documents")
    if form == "configmap":
        assert data(api, other) == yaml.safe_load(exported)["data"]


@pytest.mark.parametrize("form", ["documents", "configmap"])
def test_all_default_templates_come_back(own, form):
    from registry.model.defaults import default_templates  # noqa: PLC0415

    documents = [one.document for one in default_templates()]
    brought(own, documents, "?force=true")
    answer = brought(own, export(own, form))
    assert len(answer["items"]) == len(documents) + 2
    assert set(actions(answer).values()) == {"unchanged"}


def test_when_one_is_invalid_nothing_is_saved(own, api):
    before = config_maps(api, own)
    broken = document("broken", 0)
    kind, body = refused(own, [document("web"), broken])
    assert kind == (422, "invalid-import")
    assert [error["pointer"] for error in body["errors"]] == ["/1/spec/ingress/0/ports/0/port"]
    assert actions(body) == {"web": "create", "broken": "invalid"}
    assert config_maps(api, own) == before


def test_the_document_of_what_is_invalid_is_told_so_that_it_can_be_edited(own):
    broken = document("broken", 0)
    _, body = refused(own, broken)
    assert body["items"][0]["document"] == broken


def test_a_name_twice_in_one_import_is_refused(own):
    kind, body = refused(own, [document("web"), document("web", 81)])
    assert kind == (422, "invalid-import")
    assert [error["pointer"] for error in body["errors"]] == ["/1/name"]


def test_a_scope_that_changes_is_refused(own, api):
    own.create("web")
    kind, body = refused(own, [document("api"), document("web", scope="namespace")])
    assert kind == (422, "invalid-import")
    assert [error["pointer"] for error in body["errors"]] == ["/1/scope"]
    assert actions(body) == {"api": "create", "web": "refused"}
    assert "api.yaml" not in data(api, own)


def test_what_the_cluster_would_not_take_is_refused(guarded, api):
    kind, body = refused(guarded, [document("web"), test_admission.everybody("open")])
    assert kind == (422, "invalid-import")
    assert actions(body) == {"web": "create", "open": "refused"}
    [error] = body["errors"]
    assert (error["pointer"], test_admission.WORDS in error["reason"]) == ("/1/spec", True)
    assert "web.yaml" not in data(api, guarded)


@pytest.mark.parametrize("name", ["import", "export"])
def test_a_template_cannot_have_the_name_of_a_path(service, name):
    kind, body = refused(service, document(name))
    assert (kind, body["errors"][0]["pointer"]) == ((422, "invalid-import"), "/0/name")
    assert problem(service.call("POST", body=document(name))) == (422, "invalid-template")


def test_a_wider_default_needs_force(own, api):
    wide = document("wide", scope="namespace", defaultIn={})
    kind, body = refused(own, [document("web"), wide])
    assert kind == (409, "default-widened")
    assert [error["pointer"] for error in body["errors"]] == ["/1/defaultIn"]
    assert "web.yaml" not in data(api, own)
    brought(own, [document("web"), wide], "?force=true")
    assert {"web.yaml", "wide.yaml"} <= data(api, own).keys()


def test_an_edit_by_somebody_else_in_between_is_told_and_not_overwritten(own, api, monkeypatch):
    own.create("web", 80)
    save_all = Store.save_all

    async def late(store, edits):
        monkeypatch.undo()
        await store.save(edit("web", 90, ("*",)))
        return await save_all(store, edits)

    monkeypatch.setattr(Store, "save_all", late)
    kind, body = refused(own, [document("web", 81), document("api", 82)])
    assert kind == (409, "import-incomplete")
    assert actions(body) == {"web": "conflict", "api": "create"}
    assert [item["revision"] for item in body["items"]] == [None, 1]
    stored = data(api, own)
    assert (stored["web.yaml"], stored["api.yaml"]) == (text("web", 90), text("api", 82))


def test_a_text_that_was_broken_by_hand_is_mended(own, api):
    path = f"/api/v1/namespaces/{own.settings.store_namespace}/configmaps/netpol-templates"
    api.patch(path, {"data": {"default-one.yaml": "name: ["}})
    [item] = brought(own, document("default-one"))["items"]
    assert (item["action"], item["revision"]) == ("unchanged", 1)
    assert data(api, own)["default-one.yaml"] == text("default-one")


def test_a_store_that_would_be_too_full_takes_nothing(own, api):
    before = config_maps(api, own)
    parameters = {"properties": {"a": {"type": "string", "default": "x" * 60_000}}}
    body = "---\n".join(text(f"big-{number}", parameters=parameters) for number in range(20))
    kind, _ = refused(own, body)
    assert kind == (413, "store-full")
    assert config_maps(api, own) == before


def test_a_network_policy_becomes_a_template(own, api):
    [item] = brought(own, POLICY)["items"]
    made = yaml.safe_load(data(api, own)["allow-db.yaml"])
    assert made == item["document"]
    assert made["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": "${port}"}]


def test_what_is_offered_as_a_parameter_can_be_chosen(own, api):
    brought(own, POLICY, "?parameters=none")
    made = yaml.safe_load(data(api, own)["allow-db.yaml"])
    assert made["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 5432}]


def test_policies_of_a_namespace_become_templates(own, api, make_namespace):
    shop = make_namespace()
    path = f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies"
    api.create(path, POLICY)
    api.create(path, {**POLICY, "metadata": {"name": "other"}})
    answer = brought(own, {"fromCluster": {"namespace": shop}})
    assert actions(answer) == {"allow-db": "create", "other": "create"}
    assert {"allow-db.yaml", "other.yaml"} <= data(api, own).keys()


def test_some_policies_of_a_namespace_can_be_named(own, api, make_namespace):
    shop = make_namespace()
    path = f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies"
    api.create(path, POLICY)
    api.create(path, {**POLICY, "metadata": {"name": "other"}})
    answer = brought(own, {"fromCluster": {"namespace": shop, "networkPolicies": ["other"]}})
    assert actions(answer) == {"other": "create"}


def test_a_policy_that_is_not_there_is_told(own, make_namespace):
    body = {"fromCluster": {"namespace": make_namespace(), "networkPolicies": ["gone"]}}
    kind, told = refused(own, body)
    assert kind == (422, "invalid-import")
    assert told["errors"][0]["pointer"] == "/fromCluster/networkPolicies/0"


@pytest.mark.parametrize(
    "mark",
    [
        {"labels": {"netpol-registry.dev/template": "postgres"}},
        {"annotations": {"netpol-registry.dev/digest": "sha256:00"}},
    ],
)
def test_a_generated_policy_is_left_out(own, api, make_namespace, mark):
    shop = make_namespace()
    body = {**POLICY, "metadata": {"name": "db-postgres-1", **mark}}
    api.create(f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies", body)
    answer = brought(own, {"fromCluster": {"namespace": shop}})
    assert (answer["items"], [one["name"] for one in answer["leftOut"]]) == ([], ["db-postgres-1"])


def may(api, own, verbs, *names):
    """Give the stranger verbs on templates."""
    grant(api, own.settings.store_namespace, "templates.netpol-registry.dev", verbs, *names)


def test_an_import_needs_the_right_to_create(own, api):
    kind, body = refused(own, document("web"), user="stranger")
    assert (kind, body["verb"]) == ((403, "forbidden"), "create")
    assert "web.yaml" not in data(api, own)


def test_each_template_that_would_change_needs_the_right_to_update(own, api):
    may(api, own, "create")
    may(api, own, "get update", "default-two")
    changed = [document("web"), document("default-two", 81), document("default-one", 81)]
    kind, body = refused(own, changed, user="stranger")
    assert (kind, body["verb"], body["name"]) == ((403, "forbidden"), "update", "default-one")
    assert "web.yaml" not in data(api, own)
    brought(own, changed[:2], user="stranger")
    assert data(api, own)["default-two.yaml"] == text("default-two", 81)


def test_what_a_template_says_now_is_told_to_those_alone_who_may_get_it(own, api):
    unbind_readers(api, own.settings.store_namespace)
    may(api, own, "create update")
    kind, body = refused(own, document("default-one", 81), "?dryRun=true", user="stranger")
    assert (kind, body["verb"]) == ((403, "forbidden"), "get")


def test_what_does_not_change_needs_no_right_to_update(own, api):
    may(api, own, "create")
    assert actions(brought(own, document("default-one"), user="stranger")) == {"default-one": "unchanged"}


@pytest.mark.parametrize(("names", "verb"), [(None, "list"), (["allow-db"], "get")])
def test_policies_are_read_with_the_caller_s_own_rights(own, api, make_namespace, names, verb):
    shop = make_namespace()
    may(api, own, "create")
    body = {"fromCluster": {"namespace": shop, "networkPolicies": names}}
    kind, told = refused(own, body, user="stranger")
    assert (kind, told["verb"], told["namespace"]) == ((403, "forbidden"), verb, shop)


def test_who_may_read_the_policies_may_import_them(own, api, make_namespace):
    shop = make_namespace()
    api.create(f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies", POLICY)
    may(api, own, "create")
    grant(api, shop, "networkpolicies.networking.k8s.io", "get", "allow-db")
    body = {"fromCluster": {"namespace": shop, "networkPolicies": ["allow-db"]}}
    assert actions(brought(own, body, user="stranger")) == {"allow-db": "create"}


@pytest.mark.parametrize(
    "source",
    [
        None,
        {},
        {"namespace": "../x"},
        {"namespace": "shop", "policies": []},
        {"namespace": "shop", "networkPolicies": "x"},
    ],
)
def test_a_source_that_is_not_understood_is_refused(service, source):
    kind, body = refused(service, {"fromCluster": source})
    assert (kind, body["errors"][0]["pointer"]) == ((422, "invalid-body"), "/fromCluster")


@pytest.mark.parametrize("body", ["", "# nothing\n", "---\n---\n", "[]", "null"])
def test_a_body_without_documents_is_refused(service, body):
    assert refused(service, body)[0] == (422, "invalid-body")


@pytest.mark.parametrize("body", [b"\xff\xfe", "a: [", "a: &a 1\nb: *a\n", "a: 1\n---\nb: {\n"])
def test_a_body_that_cannot_be_read_is_refused(service, body):
    assert refused(service, body)[0] == (400, "malformed-body")


def test_a_body_over_the_limit_is_refused(service):
    assert refused(service, "#" * (MAX_IMPORT_BYTES + 1))[0] == (413, "body-too-large")


def test_another_type_is_refused(service):
    assert refused(service, "{}", content_type="text/plain")[0] == (415, "unsupported-media-type")


@pytest.mark.parametrize("query", ["?parameters=some", "?dryrun=true"])
def test_a_query_that_is_not_known_is_refused(service, query):
    assert refused(service, document("web"), query)[0] == (400, "invalid-query")
