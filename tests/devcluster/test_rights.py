"""The static users have the rights that the tour and the other tests count on."""

import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane

DEPLOYMENT = {"group": "apps", "resource": "deployments", "namespace": "default"}
TEMPLATE = {"group": "netpol-registry.dev", "resource": "templates", "namespace": "netpol-registry"}
POLICY = {"group": "networking.k8s.io", "resource": "networkpolicies", "namespace": "default"}
TRIED_POLICY = POLICY | {"namespace": "netpol-registry"}
POD = {"group": "", "resource": "pods", "namespace": "default"}
CRON_JOB = {"group": "batch", "resource": "cronjobs", "namespace": "default"}
DEFINITION = {"group": "apiextensions.k8s.io", "resource": "customresourcedefinitions"}
STORE = {"group": "", "resource": "configmaps", "namespace": "netpol-registry"}
DNS_SERVICE = {"group": "", "resource": "services", "namespace": "kube-system"}
OTHER_SERVICE = {"group": "", "resource": "services", "namespace": "default"}
OTHER_CONFIG = {"group": "", "resource": "configmaps", "namespace": "default"}


@pytest.mark.parametrize(
    ("user", "verb", "resource", "expected"),
    [
        ("admin", "update", TEMPLATE, True),
        ("developer", "patch", DEPLOYMENT, True),
        ("developer", "get", TEMPLATE, True),
        ("developer", "update", TEMPLATE, False),
        ("viewer", "get", DEPLOYMENT, True),
        ("viewer", "patch", DEPLOYMENT, False),
        ("stranger", "get", DEPLOYMENT, False),
        ("stranger", "list", TEMPLATE, True),
        ("controller", "create", POLICY, True),
        ("controller", "patch", DEPLOYMENT, False),
        ("controller", "watch", POD, True),
        ("controller", "create", POD, False),
        ("controller", "watch", CRON_JOB, True),
        ("controller", "watch", DEFINITION, True),
        ("controller", "update", DEFINITION, False),
        ("controller", "update", STORE, True),
        ("controller", "get", OTHER_CONFIG, False),
        ("controller", "watch", DNS_SERVICE, True),
        ("controller", "watch", OTHER_SERVICE, False),
        ("server", "watch", DNS_SERVICE, True),
        ("server", "watch", POD, True),
        ("server", "watch", DEFINITION, True),
        ("server", "update", STORE, True),
        ("server", "get", OTHER_CONFIG, False),
        ("server", "create", POLICY, False),
        ("server", "create", TRIED_POLICY, True),
        ("server", "update", TRIED_POLICY, False),
    ],
)
def test_user_may(control_plane: ControlPlane, user, verb, resource, expected):
    caller = control_plane.api(user)
    review = {"spec": {"resourceAttributes": {"verb": verb, **resource}}}
    answer = caller.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    caller.close()
    assert answer["status"]["allowed"] is expected


def test_a_store_namespace_of_its_own_is_as_writable_as_the_registrys(
    control_plane: ControlPlane, make_store_namespace, api: Api
):
    store = make_store_namespace()
    controller = control_plane.api("controller")
    controller.create(f"/api/v1/namespaces/{store}/configmaps", {"metadata": {"name": "netpol-templates"}})
    controller.close()
    assert api.find(f"/api/v1/namespaces/{store}/configmaps/netpol-templates")
