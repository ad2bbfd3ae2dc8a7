"""Who may do what: bearer tokens and the cluster's own RBAC, asked of the real API server."""

import pytest

from devcluster.product import bind_store_namespace
from registry.settings import Settings
from tests.cluster import create_namespace, unique_name
from tests.http.support import problem, running
from tests.rights import grant, unbind_readers
from tests.store.support import document

OPERATIONS = {
    ("GET", ""): "list",
    ("POST", ""): "create",
    ("GET", "web"): "get",
    ("PUT", "web"): "update",
    ("PATCH", "web"): "patch",
    ("DELETE", "web"): "delete",
    ("GET", "web/revisions"): "get",
    ("GET", "web/revisions/1"): "get",
    ("POST", "web/render"): "get",
    ("GET", "web/diff?from=1"): "get",
    ("POST", "web/rollback"): "update",
    ("GET", "web/usage"): "get",
}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_needs_a_token(service, method, path):
    answer = service.call(method, path, user=None)
    assert problem(answer) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_refuses_an_unknown_token(service, method, path):
    answer = service.call(method, path, user=None, Authorization="Bearer made-up")
    assert problem(answer) == (401, "unauthenticated")


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "made-up", "Bearer " + "x" * 20_000])
def test_anything_but_a_bearer_token_is_refused(service, header):
    assert problem(service.call("GET", user=None, Authorization=header)) == (401, "unauthenticated")


@pytest.mark.parametrize(("operation", "verb"), OPERATIONS.items())
def test_without_any_role_every_operation_is_refused_naming_the_verb(unbound, operation, verb):
    answer = unbound.call(*operation, user="stranger")
    assert problem(answer) == (403, "forbidden")
    found = answer.get_json()
    assert (found["verb"], found["user"]) == (verb, "stranger")
    assert found["resource"] == "templates.netpol-registry.dev"


@pytest.mark.parametrize("user", ["developer", "viewer", "stranger"])
def test_every_user_of_the_cluster_may_read(service, user):
    assert service.call("GET", user=user).status_code == 200
    assert service.call("GET", "default-one", user=user).status_code == 200


@pytest.mark.parametrize("user", ["developer", "viewer", "stranger"])
def test_only_who_is_bound_may_write(service, user, name):
    assert problem(service.call("POST", body=document(name), user=user)) == (403, "forbidden")


def test_a_role_for_one_template_is_enough_for_it_alone(service, api, name):
    tag = service.create(name)
    namespace = service.settings.store_namespace
    grant(api, namespace, "templates.netpol-registry.dev", "update", name, user="developer")
    body = document(name, 81)
    assert service.call("PUT", name, body, "developer", if_match=tag).status_code == 200
    refused = service.call("PUT", "default-one", document("default-one", 81), "developer", if_match="*")
    assert problem(refused) == (403, "forbidden")


def test_answers_of_the_api_server_are_reused(service, audit):
    service.call("GET", user="viewer")
    audit.restart()
    for _ in range(10):
        service.call("GET", user="viewer")
    assert not [write for write in audit.writes(user="server") if "review" in write.resource]


def test_the_log_names_who_wrote(service, name, caplog):
    caplog.set_level("INFO", "registry.http")
    service.create(name)
    assert f"'admin' saved template {name}: revision 1" in caplog.text


def test_no_token_is_logged(service, name, caplog):
    caplog.set_level("DEBUG")
    service.create(name)
    assert service.control_plane.token("admin") not in caplog.text


@pytest.fixture(scope="module")
def unbound(control_plane, api):
    """A service whose namespace gives readers nothing."""
    namespace = unique_name("unbound")
    create_namespace(api, namespace)
    bind_store_namespace(api, namespace)
    unbind_readers(api, namespace)
    with running(control_plane, Settings(store_namespace=namespace)) as service:
        yield service
