"""The service itself: probes, documentation, headers, and what it does without its API server."""

import re

import pytest
import yaml

from registry.cluster.errors import Unreachable
from registry.http.app import documentation_app
from registry.http.docs import ASSETS
from registry.http.problems import KINDS
from tests.cluster import eventually
from tests.generated import ROOT
from tests.http.support import problem
from tests.store.support import document

MAIN = "/api/v1/namespaces/{}/configmaps/netpol-templates"


def test_a_running_service_is_alive(service):
    assert service.call("GET", "/livez", user=None).get_json() == {"status": "alive"}


def test_a_service_with_a_store_is_ready(service):
    assert service.call("GET", "/readyz", user=None).get_json() == {"store": "ok"}


def test_without_its_store_the_service_is_not_ready_and_says_why(start_service, api):
    one = start_service()
    api.delete(MAIN.format(one.settings.store_namespace))
    answer = eventually(lambda: (got := one.call("GET", "/readyz", user=None)).status_code == 503 and got)
    assert "missing" in answer.get_json()["store"]


def test_without_its_store_every_operation_is_a_problem(start_service, api):
    one = start_service()
    api.delete(MAIN.format(one.settings.store_namespace))
    eventually(lambda: one.call("GET", "/readyz", user=None).status_code == 503)
    name = "default-one"
    answers = [
        one.call("GET"),
        one.call("GET", name),
        one.call("PUT", name, document(name, 81), if_match="*"),
        one.call("POST", body=document("new")),
        one.call("PATCH", name, {}, if_match="*", content_type="application/merge-patch+json"),
        one.call("DELETE", name, if_match="*"),
        one.call("GET", f"{name}/revisions"),
        one.call("GET", f"{name}/diff?from=1"),
        one.call("GET", f"{name}/usage"),
        one.call("POST", f"{name}/rollback", {"revision": 1}, if_match="*"),
        one.call("POST", f"{name}/render", {}),
    ]
    assert [problem(answer) for answer in answers] == [(503, "store-unreadable")] * len(answers)


def test_without_the_api_server_nobody_is_let_in(start_service, monkeypatch):
    one = start_service()

    async def unreachable(*_arguments):
        raise Unreachable.because(OSError("refused"))

    monkeypatch.setattr(one.backend.client, "post", unreachable)
    answer = one.call("GET", user="viewer")
    assert problem(answer) == (503, "cluster-unavailable")
    assert answer.headers["Retry-After"] == "2"


def test_a_bug_is_a_problem_without_its_traceback(start_service, monkeypatch):
    one = start_service()
    monkeypatch.setattr(one.backend.watch, "catalogue", lambda: 1 / 0)
    answer = one.call("GET")
    assert problem(answer) == (500, "internal")
    assert "ZeroDivision" not in answer.text


def test_an_unknown_address_is_a_problem(service):
    assert problem(service.call("GET", "/api/v2")) == (404, "not-found")


def test_a_method_that_is_not_allowed_is_a_problem_naming_those_that_are(service):
    answer = service.call("POST", "default-one")
    assert problem(answer) == (405, "method-not-allowed")
    assert "PUT" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/livez", "/docs", "/docs/start.js", "/api/v1/templates", "/nothing"])
def test_every_answer_has_the_security_headers(service, path):
    headers = service.call("GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src 'unsafe-inline'" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_the_docs_load_from_here_alone(service):
    page = service.call("GET", "/docs", user=None).text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(service.call("GET", f"/{source}", user=None).status_code == 200 for source in sources)
    assert "//" not in "".join(sources)


def test_no_other_file_is_served(service):
    for path in ("../__init__.py", "swagger-ui.js.map", "%2e%2e/__init__.py"):
        assert path not in ASSETS
        assert service.call("GET", f"/docs/{path}", user=None).status_code == 404


def test_the_docs_get_a_document_that_their_viewer_can_show(service):
    assert service.call("GET", "/docs/openapi.json", user=None).get_json()["openapi"] == "3.0.3"


def test_metrics_count_requests_by_operation_and_show_the_store(service):
    service.call("GET")
    text = service.call("GET", "/metrics", user=None).text
    assert 'http_requests_total{method="GET",operation="templates.list_templates",status="200"}' in text
    assert re.search(r"^netpol_registry_store_bytes [1-9]", text, re.MULTILINE)


def test_the_service_answers_the_same_document(service):
    answer = service.call("GET", "/api/v1/openapi.json", user=None)
    assert answer.get_json() == yaml.safe_load((ROOT / "openapi.yaml").read_text("utf-8"))


def operations():
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text("utf-8"))
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_every_route_is_documented():
    documented = {operation.split()[1] for operation, _ in operations()}
    routes = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in documentation_app().url_map.iter_rules()
        if not rule.rule.startswith("/docs") and rule.rule != "/api/v1/openapi.json"
    }
    assert documented == routes


@pytest.mark.parametrize(("operation", "described"), operations())
def test_every_operation_is_described(operation, described):
    assert described["operationId"]
    assert described["summary"].endswith(".")
    if "/api/" in operation:
        assert {"401", "403", "500", "503"} <= described["responses"].keys()
        problems = [content for status, content in described["responses"].items() if status >= "4"]
        assert all("application/problem+json" in answer["content"] for answer in problems)


def test_every_problem_type_is_documented():
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    table = set(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", text, re.MULTILINE))
    assert table == {(kind.slug, str(kind.status)) for kind in KINDS}


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from references(item)


def test_every_reference_in_the_document_leads_somewhere():
    document = yaml.safe_load((ROOT / "openapi.yaml").read_text("utf-8"))
    for reference in set(references(document)):
        target = document
        for token in reference.removeprefix("#/").split("/"):
            target = target[token]
        assert target
