"""The catalogue as files."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from registry.http.transfer.texts import SEPARATOR, documents, manifest
from tests.cluster import eventually
from tests.http.support import problem
from tests.store.support import document, template, text


@pytest.fixture
def own(start_service):
    return start_service()


def export(service, query="", **headers):
    answer = service.call("GET", f"export{query}", **headers)
    assert answer.status_code == 200, answer.text
    return answer


def exported(service, query=""):
    return list(yaml.safe_load_all(export(service, query).text))


def configmap(service, query=""):
    return yaml.safe_load(export(service, f"?format=configmap{query}").text)


def stored(api, service):
    namespace = service.settings.store_namespace
    return api.find(f"/api/v1/namespaces/{namespace}/configmaps/netpol-templates")


def test_all_templates_are_exported_by_name(own):
    own.create("zebra")
    own.create("ant")
    assert [one["name"] for one in exported(own)] == ["ant", "default-one", "default-two", "zebra"]


def test_a_document_keeps_its_author_s_order_of_keys(own):
    turned = dict(reversed(document("turned").items()))
    own.call("POST", body=turned)
    assert list(exported(own, "?name=turned")[0]) == ["spec", "scope", "description", "name"]


def test_the_same_templates_give_the_same_bytes(own):
    first = export(own)
    own.call("DELETE", "default-one", if_match="*")
    own.call("POST", body=document("default-one"))
    again = export(own)
    assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])


def test_a_deleted_template_is_left_out(own):
    own.call("DELETE", "default-one", if_match="*")
    assert [one["name"] for one in exported(own)] == ["default-two"]


def test_names_select(own):
    own.create("ant")
    assert [one["name"] for one in exported(own, "?name=ant&name=default-two")] == ["ant", "default-two"]


def test_a_category_selects(own):
    own.create("ant", category="web")
    assert [one["name"] for one in exported(own, "?category=web")] == ["ant"]


def test_a_name_that_is_not_there_is_not_found(service):
    assert problem(service.call("GET", "export?name=nothing")) == (404, "template-not-found")


def test_the_export_of_one_template_is_its_document(service, name):
    service.create(name)
    assert export(service, f"?name={name}").text == text(name)


def test_an_export_is_a_file_of_yaml(service):
    headers = export(service).headers
    assert headers["Content-Type"] == "application/yaml"
    assert headers["Content-Disposition"] == 'attachment; filename="netpol-templates.yaml"'


@pytest.mark.parametrize("query", ["", "?format=configmap"])
def test_what_the_caller_has_is_not_sent_again(service, query):
    tag = export(service, query).headers["ETag"]
    answer = service.call("GET", f"export{query}", if_none_match=tag)
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize("query", ["", "?format=configmap"])
def test_the_tag_changes_with_a_template(own, query):
    tag = export(own, query).headers["ETag"]
    own.create("ant")
    assert own.call("GET", f"export{query}", if_none_match=tag).status_code == 200


def test_the_tags_of_the_forms_differ(service):
    assert export(service).headers["ETag"] != export(service, "?format=configmap").headers["ETag"]


def test_the_configmap_is_that_of_the_store_without_marks_of_its_cluster(own, api):
    there = stored(api, own)
    labels = {"app.kubernetes.io/managed-by": "netpol-registry", "netpol-registry.dev/store": "catalogue"}
    assert configmap(own) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "netpol-templates",
            "namespace": own.settings.store_namespace,
            "labels": labels,
        },
        "data": there["data"],
    }


def test_comments_in_the_store_are_exported(own, api):
    path = f"/api/v1/namespaces/{own.settings.store_namespace}/configmaps/netpol-templates"
    commented = "# why\n" + text("default-one")
    api.patch(path, {"data": {"default-one.yaml": commented}})
    assert eventually(lambda: configmap(own)["data"]["default-one.yaml"] == commented)


def test_in_the_place_of_a_broken_text_stands_what_is_in_force(own, api):
    path = f"/api/v1/namespaces/{own.settings.store_namespace}/configmaps/netpol-templates"
    api.patch(path, {"data": {"default-one.yaml": "name: [", "other": "x"}})
    eventually(lambda: own.call("GET", "?flagged=true").get_json()["total"])
    assert configmap(own)["data"] == {f"{n}.yaml": text(n) for n in ("default-one", "default-two")}


def test_who_may_not_list_may_not_export(service):
    assert problem(service.call("GET", "export", user=None)) == (401, "unauthenticated")


@pytest.mark.parametrize("query", ["?format=json", "?limit=1"])
def test_a_query_that_is_not_known_is_refused(service, query):
    assert problem(service.call("GET", f"export{query}")) == (400, "invalid-query")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100))
def test_any_text_comes_back_from_the_manifest(written):
    values = {"web.yaml": written}
    assert yaml.safe_load(manifest("ns", "s", values))["data"] == values


def test_no_templates_give_no_documents():
    assert documents([]) == ""


def test_documents_are_separated():
    assert documents([template("a"), template("b")]) == text("a") + SEPARATOR + text("b")
