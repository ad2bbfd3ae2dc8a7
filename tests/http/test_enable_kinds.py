"""The plan of enabling a namespace looks at the pods of every kind of workload."""

import pytest

from tests.controller.kinds import KINDS, create
from tests.rights import grant

ENABLE = "/api/v1/namespaces/{}/enable?dryRun=true&workloads=true"


def isolation(service, namespace, user="admin"):
    service.catch_up()
    answer = service.call("POST", ENABLE.format(namespace), {}, user=user)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["isolation"]


@pytest.fixture
def deny(start_service):
    """A service with a default that isolates all pods."""
    service = start_service()
    spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    service.create("deny", scope="namespace", defaultIn={}, spec=spec)
    return service


@pytest.mark.parametrize("plural", KINDS)
def test_workloads_of_every_kind_become_isolated(deny, api, make_namespace, plural):
    namespace = make_namespace()
    create(api, namespace, plural)
    found = isolation(deny, namespace)
    assert (found["isolated"]["ingress"], found["lookedAt"], found["complete"]) == (1, 1, True)


def test_only_kinds_that_the_caller_may_list_are_counted(deny, api, make_namespace):
    namespace = make_namespace()
    for plural in ("jobs", "replicasets"):
        create(api, namespace, plural)
    grant(api, namespace, "namespaces", "get patch")
    grant(api, namespace, "networkpolicies.networking.k8s.io", "list")
    grant(api, namespace, "jobs.batch", "list")
    found = isolation(deny, namespace, user="stranger")
    assert (found["lookedAt"], found["complete"]) == (1, False)
