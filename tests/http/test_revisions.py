"""Revisions and rendering over HTTP."""

from tests.cluster import eventually
from tests.http.support import problem
from tests.store.support import document

FROM_PARAMETER = {
    "parameters": {"properties": {"port": {"type": "integer", "default": 80}}},
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"protocol": "TCP", "port": "${port}"}]}]},
}
TO_API_SERVER = {"spec": {"policyTypes": ["Egress"], "egress": [{"to": "${cluster.apiServer}"}]}}


def test_revisions_are_listed_newest_first_in_pages(service, name):
    tag = service.create(name)
    for port in (81, 82):
        tag = service.call("PUT", name, document(name, port), if_match=tag).headers["ETag"]
    first = service.call("GET", f"{name}/revisions?limit=2").get_json()
    last = service.call("GET", f"{name}/revisions?limit=2&cursor={first['next']}").get_json()
    assert [one["revision"] for one in first["items"] + last["items"]] == [3, 2, 1]
    assert last["next"] is None


def test_an_old_revision_has_its_document(service, name):
    tag = service.create(name)
    service.call("PUT", name, document(name, 81), if_match=tag)
    answer = service.call("GET", f"{name}/revisions/1")
    assert (answer.get_json()["template"], answer.headers["ETag"]) == (document(name), tag)


def test_a_deletion_is_a_revision_without_a_document(service, name):
    service.call("DELETE", name, if_match=service.create(name))
    answer = service.call("GET", f"{name}/revisions/2").get_json()
    assert (answer["deleted"], answer["template"]) == (True, None)


def test_an_unknown_revision_is_told(service, name):
    service.create(name)
    assert problem(service.call("GET", f"{name}/revisions/2")) == (404, "revision-not-found")


def test_revisions_of_an_unknown_template_are_told(service, name):
    assert problem(service.call("GET", f"{name}/revisions")) == (404, "template-not-found")


def render(service, name, body, query=""):
    return service.call("POST", f"{name}/render{query}", body)


def test_a_template_is_rendered_with_its_parameters_and_the_selector(service, name):
    service.call("POST", body=document(name) | FROM_PARAMETER)
    asked = {"parameters": {"port": 9090}, "namespace": "shop", "selector": {"matchLabels": {"app": "db"}}}
    assert render(service, name, asked).get_json()["spec"] == {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"protocol": "TCP", "port": 9090}]}],
    }


def test_defaults_are_filled_in(service, name):
    service.call("POST", body=document(name) | FROM_PARAMETER)
    assert render(service, name, {}).get_json()["parameters"] == {"port": 80}


def test_an_old_revision_is_rendered(service, name):
    tag = service.create(name)
    service.call("PUT", name, document(name, 81), if_match=tag)
    found = render(service, name, {}, "?revision=1").get_json()
    assert (found["revision"], found["spec"]["ingress"][0]["ports"][0]["port"]) == (1, 80)


def test_a_fact_that_is_not_known_is_listed(service, name):
    service.call("POST", body=document(name) | TO_API_SERVER)
    found = render(service, name, {}).get_json()
    assert (found["spec"], found["unknownFacts"][0]["fact"]) == (None, "cluster.apiServer")


def test_a_fact_that_is_detected_is_rendered(service, name, api):
    service.call("POST", body=document(name) | TO_API_SERVER)
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    labels = {"kubernetes.io/service-name": "kubernetes"}
    body = {"metadata": {"name": "seen", "labels": labels}, "addressType": "IPv4"}
    api.create(slices, {**body, "endpoints": [{"addresses": ["10.9.8.7"]}]})
    try:
        eventually(lambda: "10.9.8.7/32" in str(render(service, name, {}).get_json()["spec"]))
    finally:
        api.delete(f"{slices}/seen")


def test_parameters_that_are_not_valid_are_refused_with_pointers(service, name):
    service.call("POST", body=document(name) | FROM_PARAMETER)
    answer = render(service, name, {"parameters": {"port": "x"}})
    assert problem(answer) == (422, "invalid-parameters")
    assert answer.get_json()["errors"][0]["pointer"] == "/parameters/port"


def test_a_selector_that_is_not_valid_is_refused(service, name):
    service.create(name)
    answer = render(service, name, {"selector": {"matchLabels": {"a b": "c"}}})
    assert problem(answer) == (422, "invalid-parameters")


def test_an_unknown_field_of_a_render_request_is_refused(service, name):
    service.create(name)
    assert problem(render(service, name, {"params": {}})) == (422, "invalid-body")


def test_rendering_a_revision_that_is_not_there_is_refused(service, name):
    service.create(name)
    assert problem(render(service, name, {}, "?revision=7")) == (404, "revision-not-found")
