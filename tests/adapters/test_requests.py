"""Requests in the words of RBAC."""

import pytest

from registry.cluster.requests import resource_of, verb_of


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [
        ("GET", "/api/v1/namespaces", "list"),
        ("GET", "/api/v1/namespaces/shop", "get"),
        ("GET", "/api/v1/namespaces/shop/configmaps", "list"),
        ("GET", "/api/v1/namespaces/shop/configmaps/c", "get"),
        ("GET", "/apis/apps/v1/deployments", "list"),
        ("GET", "/apis/apps/v1/namespaces/shop/deployments/db", "get"),
        ("POST", "/apis/apps/v1/namespaces/shop/deployments", "create"),
        ("PUT", "/apis/apps/v1/namespaces/shop/deployments/db", "update"),
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/db", "patch"),
        ("DELETE", "/apis/apps/v1/namespaces/shop/deployments/db", "delete"),
    ],
)
def test_a_request_has_the_verb_that_rbac_knows_it_by(method: str, path: str, verb: str):
    assert verb_of(method, path, watch=False) == verb


def test_a_watch_is_no_list():
    assert verb_of("GET", "/apis/apps/v1/deployments", watch=True) == "watch"


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/api/v1/namespaces", "namespaces"),
        ("/api/v1/namespaces/shop", "namespaces"),
        ("/api/v1/namespaces/shop/configmaps", "configmaps"),
        ("/api/v1/namespaces/shop/configmaps/c", "configmaps"),
        ("/apis/apps/v1/deployments", "deployments.apps"),
        ("/apis/apps/v1/namespaces/shop/deployments/db", "deployments.apps"),
        ("/api/v1/namespaces/shop/pods/a/eviction", "pods"),
        ("/apis/apps/v1", "/apis/apps/v1"),
        ("/apis/apps", "/apis/apps"),
        ("/apis", "/apis"),
        ("/api/v1", "/api/v1"),
        ("/api", "/api"),
        ("/readyz", "/readyz"),
    ],
)
def test_a_request_is_about_a_resource_in_whatever_namespace(path: str, resource: str):
    assert resource_of(path) == resource
