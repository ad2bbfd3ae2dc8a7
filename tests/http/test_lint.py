"""Lint over HTTP."""

import pytest

from registry.model.documents import dump_yaml
from tests.http.support import problem
from tests.rights import unbind_readers
from tests.store.support import document

OPEN = {"spec": {"policyTypes": ["Ingress"], "ingress": [{"from": []}]}}
POD_ADDRESS = {
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": {"cidr": "10.244.1.7/32"}}]}]}
}
SAME_NAMESPACE = {
    "scope": "namespace",
    "defaultIn": {},
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]},
}
BLOCK = {
    "parameters": {"properties": {"cidr": {"type": "string", "default": "10.0.0.0/8"}}},
    "spec": {"policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": {"cidr": "${cidr}"}}]}]},
}
DENY = {"spec": {"policyTypes": ["Ingress"]}}


def codes(answer):
    assert answer.status_code == 200, answer.text
    return [finding["code"] for finding in answer.get_json()["findings"]]


def test_a_stored_template_is_linted(service, name):
    service.create(name, **OPEN)
    [finding] = service.call("GET", f"{name}/lint").get_json()["findings"]
    assert finding.pop("message")
    assert finding.pop("fix")
    assert finding == {
        "code": "EmptyFromAllowsAll",
        "severity": "error",
        "pointer": "/spec/ingress/0/from",
    }


def test_an_old_revision_is_linted(service, name):
    tag = service.create(name, **OPEN)
    service.call("PUT", name, document(name), if_match=tag)
    assert codes(service.call("GET", f"{name}/lint")) == []
    assert codes(service.call("GET", f"{name}/lint?revision=1")) == ["EmptyFromAllowsAll"]


def test_a_document_is_linted_and_not_saved(service, name):
    assert codes(service.call("POST", f"{name}/lint", document(name, **OPEN))) == ["EmptyFromAllowsAll"]
    assert problem(service.call("GET", name)) == (404, "template-not-found")


def test_a_document_in_yaml_is_linted(service, name):
    text = dump_yaml(document(name, **OPEN))
    answer = service.call("POST", f"{name}/lint", text, content_type="application/yaml")
    assert codes(answer) == ["EmptyFromAllowsAll"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", []),
        ("?podRanges=10.244.0.0/16", ["PodIpInIpBlock"]),
        ("?podRanges=fd00:10:244::/56,%2010.244.0.0/16", ["PodIpInIpBlock"]),
        ("?podRanges=10.245.0.0/16", []),
    ],
)
def test_the_pod_ranges_are_those_of_the_query(service, name, query, expected):
    assert codes(service.call("POST", f"{name}/lint{query}", document(name, **POD_ADDRESS))) == expected


def test_the_pod_ranges_are_those_of_the_settings_unless_some_are_given(start_service, name):
    service = start_service(pod_ranges=("10.244.0.0/16",))
    pod = document(name, **POD_ADDRESS)
    assert codes(service.call("POST", f"{name}/lint", pod)) == ["PodIpInIpBlock"]
    assert codes(service.call("POST", f"{name}/lint?podRanges=10.245.0.0/16", pod)) == []


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [("", []), ('?parameters={"cidr":"128.0.0.0/1"}', ["BroadCidr"]), ("?parameters={}", [])],
)
def test_the_parameters_are_those_of_the_query(service, name, parameters, expected):
    service.create(name, **BLOCK)
    assert codes(service.call("GET", f"{name}/lint{parameters}")) == expected
    answer = service.call("POST", f"{name}/lint{parameters}", document(name, **BLOCK))
    assert codes(answer) == expected


@pytest.mark.parametrize("live", ["", "&live=true"])
@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ('{"cidr":7}', "/parameters/cidr"),
        ('{"cidr":"10.0.0.1/8"}', "/parameters/cidr"),
        ('{"other":1}', "/parameters/other"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_with_their_place(service, name, parameters, pointer, live):
    service.create(name, **BLOCK)
    answer = service.call("GET", f"{name}/lint?parameters={parameters}{live}")
    assert problem(answer) == (422, "invalid-parameters")
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize("parameters", ["{", "[]", "7", ""])
def test_parameters_that_are_no_object_are_refused(service, name, parameters):
    answer = service.call("POST", f"{name}/lint?parameters={parameters}", document(name))
    assert problem(answer) == (400, "invalid-query")
    assert answer.get_json()["errors"][0]["pointer"] == "/parameters"


def test_the_namespace_defaults_are_those_of_the_catalogue(start_service, name):
    service = start_service()
    service.create(name, **SAME_NAMESPACE)
    assert codes(service.call("POST", "deny/lint", document("deny", **DENY))) == ["AlwaysWidened"]


def test_a_deleted_template_is_not_linted(service, name):
    service.call("DELETE", name, if_match=service.create(name))
    assert problem(service.call("GET", f"{name}/lint")) == (404, "template-not-found")


def test_a_revision_that_is_not_there_is_told(service, name):
    service.create(name)
    assert problem(service.call("GET", f"{name}/lint?revision=7")) == (404, "revision-not-found")


@pytest.mark.parametrize("ranges", ["", "10.244.0.0", "10.244.0.0/16,", ",".join(["10.0.0.0/8"] * 17)])
def test_pod_ranges_that_are_none_are_refused(service, name, ranges):
    answer = service.call("POST", f"{name}/lint?podRanges={ranges}", document(name))
    assert problem(answer) == (400, "invalid-query")


def test_a_document_that_is_no_template_is_refused(service, name):
    answer = service.call("POST", f"{name}/lint", {"name": name})
    assert problem(answer) == (422, "invalid-template")


def test_a_document_of_another_name_is_refused(service, name):
    answer = service.call("POST", f"{name}/lint", document("other"))
    assert problem(answer) == (422, "invalid-template")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_lints_without_a_token(service, name, method):
    assert problem(service.call(method, f"{name}/lint", user=None)) == (401, "unauthenticated")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_may_not_read_a_template_may_not_lint_it(start_service, api, name, method):
    service = start_service()
    unbind_readers(api, service.settings.store_namespace)
    answer = service.call(method, f"{name}/lint", document(name), user="stranger")
    assert problem(answer) == (403, "forbidden")
    assert answer.get_json()["verb"] == "get"
