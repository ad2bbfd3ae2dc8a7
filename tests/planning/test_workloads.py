"""Plans for workloads: the rows of the sync contract, without a cluster."""

from datetime import timedelta

import msgspec
import pytest

from registry import contract
from registry.planning.catalogue import Catalogue
from registry.planning.names import policy_name
from registry.planning.objects import Key, LivePolicy, Manager
from tests.planning.build import (
    ALLOW,
    CLOCK,
    DB,
    NOW,
    PRESET,
    Cluster,
    actions,
    catalogue,
    namespace,
    reasons,
    told,
    workload,
)

NAME = policy_name(DB, "postgres")
TWO_PORTS = [{}, {"spec": {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 1}]}]}}]


def revision(cluster: Cluster, name: str = NAME) -> str:
    return cluster.policies[name].labels[contract.REVISION_LABEL]


def at_second_revision(cluster: Cluster) -> None:
    cluster.catalogue = catalogue(postgres=TWO_PORTS)


def test_a_reference_creates_one_policy_for_the_workloads_own_pods():
    plan = Cluster(catalogue(postgres={})).plan(workload({"postgres": "true"}))
    (change,) = plan.changes
    body = change.body()
    assert change.action == "create"
    assert msgspec.json.decode(body["spec"]) == {
        "podSelector": {"matchLabels": {"app": "db"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"protocol": "TCP", "port": 5432}]}],
    }
    assert body["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": "db",
            "uid": "uid-db",
            "blockOwnerDeletion": False,
        }
    ]


def test_nothing_changed_plans_nothing():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    assert cluster.plan(workload({"postgres": "true"})).changes == []


@pytest.mark.parametrize("references", [{}, {"postgres": "false"}])
def test_a_reference_removed_or_false_deletes(references: dict[str, str]):
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    assert actions(cluster.plan(workload(references))) == ["delete postgres"]


def test_a_move_creates_the_new_policy_in_a_phase_before_the_old_one_goes():
    cluster = Cluster(catalogue(postgres={}, mysql={}))
    cluster.run(workload({"postgres": "true"}))
    plan = cluster.plan(workload({"mysql": "true"}))
    assert [[change.action for change in phase] for phase in plan.phases] == [["create"], ["delete"]]


@pytest.mark.parametrize(("value", "expected"), [("true", "1"), ("v1", "1"), ("v2", "2"), ("latest", "2")])
def test_a_new_revision_moves_only_who_asks_for_it(value: str, expected: str):
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    at_second_revision(cluster)
    cluster.run(workload({"postgres": value}))
    assert revision(cluster) == expected


@pytest.mark.parametrize(("before", "expected"), [("v1", "1"), ("latest", "2"), ("false", "2")])
def test_a_change_to_true_keeps_what_is_in_force(before: str, expected: str):
    cluster = Cluster(catalogue(postgres=TWO_PORTS))
    cluster.run(workload({"postgres": before}))
    cluster.run(workload({"postgres": "true"}))
    assert revision(cluster) == expected


def test_a_restart_reads_the_pin_from_the_policy():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    at_second_revision(cluster)
    cluster.applied.clear()
    assert cluster.plan(workload({"postgres": "true"})).changes == []


def test_a_policy_deleted_by_hand_comes_back_at_its_revision():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    at_second_revision(cluster)
    cluster.policies.clear()
    cluster.run(workload({"postgres": "true"}))
    assert revision(cluster) == "1"


@pytest.mark.parametrize(
    ("templates", "references", "parameters", "reason"),
    [
        (catalogue(), {"postgres": "true"}, {}, "TemplateUnknown"),
        (catalogue(postgres={}), {"postgres": "yes"}, {}, "InvalidValue"),
        (catalogue(postgres={}), {"postgres": ""}, {}, "InvalidValue"),
        (catalogue(postgres={}), {"postgres": "v07"}, {}, "InvalidValue"),
        (catalogue(postgres={}), {"postgres": "v7"}, {}, "RevisionUnknown"),
        (catalogue(postgres=ALLOW), {"postgres": "true"}, {}, "WrongScope"),
        (catalogue(postgres={}), {"postgres": "true"}, {"postgres": "port: 0"}, "InvalidParameters"),
        (catalogue(postgres={}), {"postgres": "true"}, {"postgres": "[1"}, "InvalidParameters"),
        (
            catalogue(postgres={"allowedIn": {"matchLabels": {"tier": "gold"}}}),
            {"postgres": "true"},
            {},
            "TemplateNotAllowed",
        ),
        (
            catalogue(
                postgres={"spec": {"policyTypes": ["Egress"], "egress": [{"to": ["${cluster.apiServer}"]}]}}
            ),
            {"postgres": "true"},
            {},
            "FactUnknown",
        ),
    ],
)
def test_what_cannot_be_applied_is_pending_and_leaves_the_existing_policy_alone(
    templates: Catalogue, references: dict[str, str], parameters: dict[str, str], reason: str
):
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    cluster.catalogue = templates
    plan = cluster.plan(workload(references, parameters=parameters))
    assert (reasons(plan), plan.changes) == ([reason], [])


@pytest.mark.parametrize(
    ("references", "parameters", "reason"),
    [
        ({"postgres": "true"}, {"postgres": "port: 0"}, "InvalidParameters"),
        ({"postgres": "yes"}, {"postgres": "port: 99"}, "InvalidValue"),
        ({"postgres": "v9"}, {"postgres": "port: 99"}, "RevisionUnknown"),
    ],
)
def test_a_policy_deleted_or_drifted_during_a_mistake_comes_back_as_it_was(
    references: dict[str, str], parameters: dict[str, str], reason: str
):
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}, parameters={"postgres": "port: 99"}))
    before = cluster.policies.pop(NAME)
    plan = cluster.run(workload(references, parameters=parameters))
    after = cluster.policies[NAME]
    assert reasons(plan) == [reason]
    assert (after.spec, after.labels, after.annotations) == (before.spec, before.labels, before.annotations)


@pytest.mark.parametrize("value", ["true", "v9", "yes"])
def test_a_deleted_template_takes_its_policies_along(value: str):
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    cluster.catalogue = catalogue(postgres=[{}, None])
    plan = cluster.plan(workload({"postgres": value}))
    assert (reasons(plan), actions(plan)) == (["TemplateUnknown"], ["delete postgres"])


def test_a_lost_revision_keeps_its_policy():
    cluster = Cluster(catalogue(postgres=TWO_PORTS))
    cluster.run(workload({"postgres": "v2"}))
    cluster.catalogue = catalogue(postgres={})
    plan = cluster.plan(workload({"postgres": "v2"}))
    assert (reasons(plan), plan.changes) == (["RevisionLost"], [])


@pytest.mark.parametrize("selector", [None, {}])
def test_a_workload_that_selects_every_pod_gets_no_policy(selector: dict[str, str] | None):
    plan = Cluster(catalogue(postgres={})).plan(workload({"postgres": "true"}, selector=selector))
    assert (reasons(plan), plan.changes) == (["NoSelector"], [])


def test_parameters_that_vanish_stay_in_force():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}, parameters={"postgres": "port: 99"}))
    plan = cluster.plan(workload({"postgres": "true"}))
    assert (told(plan), plan.changes) == (["ParametersMissing"], [])


def test_an_empty_object_asks_for_the_defaults():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}, parameters={"postgres": "port: 99"}))
    plan = cluster.run(workload({"postgres": "true"}, parameters={"postgres": "{}"}))
    assert (told(plan), b"5432" in cluster.policies[NAME].spec) == (["ParametersChanged"], True)


def test_a_hand_edited_spec_is_put_back_and_its_editor_named():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    cluster.edit(NAME, spec=b"{}", managers=(Manager("netpol-registry", "1"), Manager("kubectl-edit", "2")))
    (change,) = cluster.plan(workload({"postgres": "true"})).changes
    assert (change.action, change.notes[0].reason) == ("update", "DriftRepaired")
    assert "kubectl-edit" in change.notes[0].message


@pytest.mark.parametrize("damage", [{"labels": {}}, {"annotations": {}}, {"owners": ()}])
def test_stripped_marks_are_put_back(damage: dict[str, object]):
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    cluster.edit(NAME, **damage)
    plan = cluster.plan(workload({"postgres": "true"}), live=tuple(cluster.policies.values()))
    assert (actions(plan), told(plan)) == (["update postgres"], ["DriftRepaired"])


def test_an_owner_s_version_that_moved_is_written_and_not_told_as_an_edit():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    moved = msgspec.structs.replace(workload({"postgres": "true"}), api_version="apps/v2")
    plan = cluster.plan(moved)
    assert (actions(plan), told(plan)) == (["update postgres"], [])


def test_an_edit_beside_an_owner_s_version_that_moved_is_told():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    cluster.edit(NAME, spec=b"{}")
    moved = msgspec.structs.replace(workload({"postgres": "true"}), api_version="apps/v2")
    assert told(cluster.plan(moved)) == ["DriftRepaired"]


def test_a_revision_label_changed_by_hand_moves_no_pin():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    at_second_revision(cluster)
    cluster.edit(NAME, labels={**cluster.policies[NAME].labels, contract.REVISION_LABEL: "2"})
    cluster.run(workload({"postgres": "true"}))
    assert revision(cluster) == "1"


def test_labels_and_annotations_of_others_stay():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    live = cluster.policies[NAME]
    cluster.edit(NAME, labels={**live.labels, "team": "a"}, annotations={**live.annotations, "x": "y"})
    assert cluster.plan(workload({"postgres": "true"})).changes == []
    cluster.run(workload({"postgres": "true"}, parameters={"postgres": "port: 1"}))
    assert (cluster.policies[NAME].labels["team"], cluster.policies[NAME].annotations["x"]) == ("a", "y")


def test_a_foreign_policy_of_the_derived_name_is_never_touched():
    cluster = Cluster(catalogue(postgres={}))
    cluster.policies[NAME] = LivePolicy(namespace="shop", name=NAME, uid="x", resource_version="1")
    plan = cluster.plan(workload({"postgres": "true"}))
    assert (reasons(plan), plan.changes) == (["NameTaken"], [])


def test_two_templates_of_one_group_change_neither():
    cluster = Cluster(catalogue(a={"exclusiveGroup": "g"}, b={"exclusiveGroup": "g"}))
    cluster.run(workload({"a": "true"}))
    plan = cluster.plan(workload({"a": "true", "b": "true"}))
    assert (reasons(plan), plan.changes) == (["GroupTaken", "GroupTaken"], [])


def test_references_in_an_unmanaged_namespace_wait_and_leave_no_policy():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    cluster.namespace = namespace(managed=False)
    plan = cluster.plan(workload({"postgres": "true"}))
    assert (reasons(plan), actions(plan)) == (["NamespaceNotManaged"], ["delete postgres"])


def test_a_disabled_namespace_keeps_no_policy_of_a_workload_whose_deletion_hangs():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    cluster.namespace = namespace(managed=False)
    assert actions(cluster.plan(workload({"postgres": "true"}, deleting=True))) == ["delete postgres"]


@pytest.mark.parametrize("deleting", ["workload", "namespace"])
def test_nothing_is_done_in_what_is_being_deleted(deleting: str):
    cluster = Cluster(catalogue(postgres={}), namespace(deleting=deleting == "namespace"))
    assert not cluster.plan(workload({"postgres": "true"}, deleting=deleting == "workload")).changes


def test_a_policy_with_an_owner_is_left_to_the_garbage_collector():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    assert not cluster.plan(None).changes


def orphaned(cluster: Cluster, age: timedelta) -> None:
    since = (NOW - age).isoformat()
    annotations = {**cluster.policies[NAME].annotations, contract.ORPHANED_ANNOTATION: since}
    cluster.edit(NAME, owners=(), annotations=annotations)


def test_an_orphan_is_marked_and_kept():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    cluster.edit(NAME, owners=())
    plan = cluster.plan(None)
    cluster.carry_out(plan)
    assert (told(plan), plan.wait) == (["Orphaned"], CLOCK.orphan_grace.total_seconds())
    assert cluster.policies[NAME].annotations[contract.ORPHANED_ANNOTATION] == NOW.isoformat()


@pytest.mark.parametrize(("minutes", "expected"), [(59, []), (60, ["delete postgres"])])
def test_an_orphan_goes_after_its_grace(minutes: int, expected: list[str]):
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    orphaned(cluster, timedelta(minutes=minutes))
    assert actions(cluster.plan(None)) == expected


def test_an_orphan_is_owned_again_when_its_workload_returns():
    cluster = Cluster(catalogue(postgres={}))
    cluster.run(workload({"postgres": "true"}))
    orphaned(cluster, timedelta(minutes=1))
    returned = msgspec.structs.replace(workload({"postgres": "true"}), uid="new")
    plan = cluster.run(returned)
    assert (actions(plan), told(plan)) == (["update postgres"], [])
    assert cluster.policies[NAME].owners[0]["uid"] == "new"
    assert contract.ORPHANED_ANNOTATION not in cluster.policies[NAME].annotations


def test_a_shared_selector_and_the_hosts_network_are_told():
    other = Key("apps", "StatefulSet", "shop", "db2")
    plan = Cluster(catalogue(postgres={})).plan(
        workload({"postgres": "true"}, host_network=True), sharing=(other,)
    )
    assert told(plan) == ["SelectorShared", "NoEffect"]


def test_the_pods_of_others_that_its_policies_reach_are_told_the_first_by_name():
    others = tuple(Key("", "Pod", "shop", f"debug-{number}") for number in range(7))
    plan = Cluster(catalogue(postgres={})).plan(workload({"postgres": "true"}), overlapping=others)
    [note] = plan.notes
    assert note.reason == "SelectorOverlaps"
    assert "Pod/debug-4 and 2 more" in note.message


def test_a_preset_goes_only_after_the_defaults_hold_again():
    cluster = Cluster(catalogue(closed=PRESET))
    cluster.run(workload({"closed": "true"}))
    assert [change.after_defaults for change in cluster.plan(workload({})).changes] == [True]


def test_a_preset_that_cannot_be_excluded_is_pending():
    cluster = Cluster(catalogue(closed=PRESET, open=ALLOW))
    cluster.presets = tuple({"matchLabels": {"a": f"{n}", "b": f"{n}"}} for n in range(3))
    one = workload({"closed": "true"}, selector={"matchLabels": {"a": "x", "b": "x"}})
    plan = cluster.plan(one)
    assert (reasons(plan), plan.changes) == (["TooManyPolicies"], [])
