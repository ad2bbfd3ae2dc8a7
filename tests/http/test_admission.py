"""Before a template is saved, the cluster's API server has to take the policies that it becomes."""

import json

import pytest

from registry.cluster.errors import ApiError, Unreachable
from registry.model.facts import DEFAULT_FACTS, PRIVATE
from tests.cluster import eventually, unique_name
from tests.http.support import problem
from tests.store.support import document

POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
RULES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
MERGE_PATCH = "application/merge-patch+json"
WORDS = "the whole Internet is not to be let in"
NETWORKS = {"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "resources": ["networkpolicies"]}
NOT_EVERYBODY = (
    "object.spec.?ingress.orValue([]).all(rule, "
    "rule.?from.orValue([]).size() > 0 && rule.from.all(peer, peer.?ipBlock.cidr.orValue('') != '0.0.0.0/0'))"
)
WITH_CIDR = {"required": ["cidr"], "properties": {"cidr": {"type": "string"}}}


def open_to(*cidrs):
    return {
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]}],
    }


def everybody(name):
    return document(name, spec=open_to("0.0.0.0/0"))


@pytest.fixture
def guarded(start_service, api):
    """A service whose store's namespace has an admission policy against 0.0.0.0/0."""
    service, rule = start_service(), unique_name("no-internet")
    selector = {"matchLabels": {"kubernetes.io/metadata.name": service.settings.store_namespace}}
    spec = {
        "matchConstraints": {"resourceRules": [{**NETWORKS, "operations": ["CREATE"]}]},
        "validations": [{"expression": NOT_EVERYBODY, "message": WORDS}],
    }
    api.create(RULES, {"metadata": {"name": rule}, "spec": spec})
    binding = {
        "policyName": rule,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": selector},
    }
    api.create(BINDINGS, {"metadata": {"name": rule}, "spec": binding})
    name = unique_name("probe")
    eventually(lambda: service.call("POST", "?dryRun=true", everybody(name)).status_code == 422)
    yield service
    api.delete(f"{BINDINGS}/{rule}")
    api.delete(f"{RULES}/{rule}")


def recorded(service, name):
    return service.call("GET", f"{name}/revisions").get_json().get("total", 0)


def test_what_the_cluster_refuses_is_not_created(guarded, name):
    answer = guarded.call("POST", body=everybody(name))
    assert problem(answer) == (422, "policy-refused")
    assert WORDS in answer.get_json()["detail"]
    assert recorded(guarded, name) == 0


@pytest.mark.parametrize("query", ["", "?force=true", "?dryRun=true"])
def test_what_the_cluster_refuses_is_not_replaced(guarded, name, query):
    guarded.create(name)
    assert problem(guarded.call("PUT", name + query, everybody(name), if_match="*")) == (
        422,
        "policy-refused",
    )
    assert recorded(guarded, name) == 1


def test_what_the_cluster_refuses_is_not_patched(guarded, name):
    guarded.create(name)
    patch = {"spec": open_to("0.0.0.0/0")}
    answer = guarded.call("PATCH", name, patch, if_match="*", content_type=MERGE_PATCH)
    assert problem(answer) == (422, "policy-refused")
    assert recorded(guarded, name) == 1


def test_no_template_is_rolled_back_to_what_the_cluster_refuses_now(guarded, name, monkeypatch):
    with monkeypatch.context() as unchecked:
        unchecked.setattr("registry.http.templates.saving.check_admission", lambda *_: _accepted())
        guarded.create(name, spec=open_to("0.0.0.0/0"))
    guarded.call("PUT", name, document(name), if_match="*")
    answer = guarded.call("POST", f"{name}/rollback", {"revision": 1}, if_match="*")
    assert problem(answer) == (422, "policy-refused")
    assert recorded(guarded, name) == 2


async def _accepted():
    pass


def test_each_example_is_tried(guarded, name):
    parameters = {**WITH_CIDR, "examples": [{"cidr": "10.0.0.0/8"}, {"cidr": "0.0.0.0/0"}]}
    answer = guarded.call("POST", body=document(name, parameters=parameters, spec=open_to("${cidr}")))
    assert problem(answer) == (422, "policy-refused")
    assert "with the example at /parameters/examples/1: " in answer.get_json()["detail"]


def test_what_the_cluster_takes_is_saved_and_leaves_no_policy(guarded, name, api):
    parameters = {**WITH_CIDR, "examples": [{"cidr": "10.0.0.0/8"}]}
    guarded.create(name, parameters=parameters, spec=open_to("${cidr}"))
    assert (
        api.list(f"/apis/networking.k8s.io/v1/namespaces/{guarded.settings.store_namespace}/networkpolicies")
        == []
    )


def test_a_rule_that_the_defaults_drop_is_not_tried(guarded, name):
    parameters = {"properties": {"peers": {"type": "array", "default": []}}}
    spec = {"policyTypes": ["Ingress"], "ingress": [{"from": ["${peers}"]}]}
    guarded.create(name, parameters=parameters, spec=spec)


def test_a_deletion_is_not_tried(guarded, name, audit):
    guarded.create(name)
    audit.restart()
    assert guarded.call("DELETE", name, if_match="*").status_code == 200
    assert audit.writes(resource="networkpolicies", namespace=guarded.settings.store_namespace) == []


def test_a_defect_is_told_where_it_stands_in_the_document(start_service, name):
    one = start_service(facts={**DEFAULT_FACTS, PRIVATE: ["0.0.0.0/0"]})
    spec = open_to("0.0.0.0/0")
    spec["ingress"][0]["from"][0]["ipBlock"]["except"] = ["${cluster.private}"]
    spec["ingress"].insert(0, {"from": ["${peers}"]})  # renders to nothing, so the server does not see it
    parameters = {"properties": {"peers": {"type": "array", "default": []}}}
    answer = one.call("POST", body=document(name, parameters=parameters, spec=spec))
    assert problem(answer) == (422, "policy-refused")
    [error] = answer.get_json()["errors"]
    assert error["pointer"] == "/spec/ingress/1/from/0/ipBlock/except/0"
    assert error["reason"].startswith("With `cluster.private` filled in: Invalid value")


def test_without_the_right_to_try_nothing_is_saved(start_service, api, name):
    one = start_service()
    bindings = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{one.settings.store_namespace}/rolebindings"
    api.delete(f"{bindings}/netpol-registry-dry-run")
    answer = eventually(lambda: (got := one.call("POST", body=document(name))).status_code != 201 and got)
    assert problem(answer) == (503, "dry-run-failed")
    assert "deploy/rbac.yaml" in answer.get_json()["detail"]
    assert recorded(one, name) == 0


def test_under_a_quota_that_is_used_up_nothing_is_saved(start_service, api, name):
    one = start_service()
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"count/networkpolicies.networking.k8s.io": "0"}}}
    api.create(f"/api/v1/namespaces/{one.settings.store_namespace}/resourcequotas", quota)
    answer = eventually(
        lambda: (got := one.call("POST", "?dryRun=true", document(name))).status_code != 200 and got
    )
    assert problem(answer) == (503, "dry-run-failed")
    assert "exceeded quota" in answer.get_json()["detail"]


def test_while_a_webhook_fails_nothing_is_saved(start_service, api, name):
    one, hook = start_service(), f"{unique_name('hook')}.example.com"
    webhook = {
        "name": hook,
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [{**NETWORKS, "operations": ["CREATE"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": one.settings.store_namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    api.create(HOOKS, {"metadata": {"name": hook}, "webhooks": [webhook]})
    try:
        answer = eventually(
            lambda: (got := one.call("POST", "?dryRun=true", document(name))).status_code != 200 and got
        )
    finally:
        api.delete(f"{HOOKS}/{hook}")
    assert problem(answer) == (503, "dry-run-failed")
    assert hook in answer.get_json()["detail"]


def failing(service, monkeypatch, error):
    """Let the attempt to create a policy fail."""
    real = service.backend.client.post

    async def post(path, *arguments):
        if path.endswith("/networkpolicies"):
            raise error
        return await real(path, *arguments)

    monkeypatch.setattr(service.backend.client, "post", post)


def test_while_the_api_server_is_out_of_reach_nothing_is_saved(service, name, monkeypatch):
    failing(service, monkeypatch, Unreachable.because(OSError("refused")))
    answer = service.call("POST", body=document(name))
    assert problem(answer) == (503, "dry-run-failed")
    assert answer.headers["Retry-After"] == "2"
    assert recorded(service, name) == 0


@pytest.mark.parametrize("code", [400, 401, 403, 409, 500])
def test_a_webhook_may_refuse_with_any_status(service, name, monkeypatch, code):
    words = 'admission webhook "rules.example.com" denied the request: no peers outside'
    failing(service, monkeypatch, ApiError.of(code, b'{"message": %s}' % json.dumps(words).encode(), None))
    answer = service.call("POST", body=document(name))
    assert problem(answer) == (422, "policy-refused")
    assert words in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("field", "pointer"),
    [
        ("spec.ingress[0].ports[0].port", "/spec/ingress/0/ports/0/port"),
        ("spec.ingress[0].ports[0].endPort", "/spec/ingress/0/ports/0/endPort"),
        (
            "spec.ingress[0].from[0].podSelector.matchLabels[a.b/c]",
            "/spec/ingress/0/from/0/podSelector/matchLabels/a.b~1c",
        ),
        ("spec.ingress[7].ports", "/spec/ingress"),
        ("spec.ingress[x]", "/spec/ingress"),
        ("spec", "/spec"),
        ("metadata.labels", "/spec"),
        ("", "/spec"),
    ],
)
def test_whatever_a_webhook_names_leads_to_a_place_in_the_document(
    service, name, monkeypatch, field, pointer
):
    status = {"reason": "Invalid", "details": {"causes": [{"field": field, "message": "No."}]}}
    failing(service, monkeypatch, ApiError.of(422, json.dumps(status).encode(), None))
    peers = [{"podSelector": {"matchLabels": {"a.b/c": "x"}}}]
    spec = {"ingress": [{"from": peers, "ports": [{"port": 80}]}]}
    [error] = service.call("POST", body=document(name, spec=spec)).get_json()["errors"]
    assert (error["pointer"], error["reason"]) == (pointer, "No.")
