"""Policies of the generated name that are no one's: taken over where somebody says so, if nothing changes."""

import pytest

from registry import contract
from registry.planning.names import policy_name
from tests.planning.build import DB, Cluster, actions, catalogue, namespace, reasons, told, workload

ADOPT = contract.ADOPT_ANNOTATION
NAME = policy_name(DB, "web")


def left(revisions=1, at=None) -> Cluster:
    """A cluster with the policy of `web` as it is left behind at revision `at`."""
    ports = [
        {"spec": {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": n}]}]}}
        for n in range(1, revisions + 1)
    ]
    cluster = Cluster(catalogue(web=ports))
    cluster.run(workload({"web": f"v{at or revisions}"}))
    cluster.edit(NAME, labels={}, annotations={}, owners=(), managers=())
    cluster.applied.clear()
    return cluster


def test_without_a_word_it_is_never_touched():
    plan = left().plan(workload({"web": "true"}))
    assert (actions(plan), reasons(plan)) == ([], ["NameTaken"])


def test_an_offered_one_is_updated_in_place_and_told():
    cluster = left()
    cluster.edit(NAME, annotations={ADOPT: "true"})
    plan = cluster.plan(workload({"web": "true"}))
    assert (actions(plan), reasons(plan), told(plan)) == (["update web"], [], ["Adopted"])


def test_afterwards_nothing_is_left_to_do():
    cluster = left()
    cluster.edit(NAME, annotations={ADOPT: "true"})
    cluster.run(workload({"web": "true"}))
    assert ADOPT not in cluster.policies[NAME].annotations
    assert actions(cluster.plan(workload({"web": "true"}))) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"spec": b'{"podSelector":{},"policyTypes":["Ingress"]}'},
        {"owners": ({"kind": "Application", "name": "shop", "uid": "1", "apiVersion": "example.com/v1"},)},
        {"deleting": True},
    ],
)
def test_one_that_is_not_just_so_is_not_touched_even_if_offered(changed):
    cluster = left()
    cluster.edit(NAME, annotations={ADOPT: "true"}, **changed)
    plan = cluster.plan(workload({"web": "true"}))
    assert (actions(plan), reasons(plan)) == ([], ["NameTaken"])


def test_one_that_is_offered_at_a_revision_is_pinned_to_that():
    cluster = left(revisions=3, at=2)
    cluster.edit(NAME, annotations={ADOPT: "v2"})
    cluster.run(workload({"web": "true"}))
    assert cluster.policies[NAME].labels[contract.REVISION_LABEL] == "2"


@pytest.mark.parametrize("value", ["", "v0", "v7", "latest", "no"])
def test_other_words_offer_the_current_revision_or_nothing(value):
    cluster = left(revisions=2, at=1)
    cluster.edit(NAME, annotations={ADOPT: value})
    assert actions(cluster.plan(workload({"web": "true"}))) == []


def test_nobody_asks_for_it_so_it_stays():
    cluster = left()
    cluster.edit(NAME, annotations={ADOPT: "true"})
    assert actions(cluster.plan(workload({}))) == []


def test_in_a_namespace_that_is_left_policies_are_released():
    cluster = Cluster(catalogue(web={}))
    cluster.run(workload({"web": "true"}))
    cluster.namespace = namespace(managed=False, leaving=True)
    assert actions(cluster.plan(workload({"web": "true"}))) == ["release web"]


def test_one_that_is_being_deleted_is_not_released():
    cluster = Cluster(catalogue(web={}))
    cluster.run(workload({"web": "true"}))
    cluster.edit(NAME, deleting=True)
    cluster.namespace = namespace(managed=False, leaving=True)
    assert actions(cluster.plan(workload({"web": "true"}))) == []
