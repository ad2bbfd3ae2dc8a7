"""Rollouts without a cluster: the plan of a reference that is moved, verdicts, and progress."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import contract
from registry.planning.changes import Plan, Problem
from registry.planning.names import policy_name
from registry.planning.objects import Key, namespace_key
from registry.planning.resolve import Applied
from registry.planning.rollout_progress import Held, counts, places, select
from registry.planning.rollouts import (
    MESSAGE_LENGTH,
    MESSAGES,
    Failure,
    Rollout,
    Status,
    grouped,
    keys_of,
    verdict,
    with_failures,
)
from tests.planning.build import DB, PRESET, Cluster, actions, catalogue, reasons, told, workload

NAME = policy_name(DB, "postgres")
PORTS = [{"spec": {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": n}]}]}} for n in (1, 2)]
NARROW = {
    "parameters": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"port": {"type": "integer", "minimum": 1, "maximum": 10, "default": 5}},
    }
}
OTHER = Key("apps", "Deployment", "shop", "other")


def moved_cluster(revisions: list[Any], value: str = "true", **fields: Any) -> tuple[Cluster, Any]:
    """A workload whose reference was applied at the first revision; all revisions are there now."""
    cluster, one = Cluster(catalogue(postgres=revisions[:1])), workload({"postgres": value}, **fields)
    cluster.run(one)
    cluster.catalogue = catalogue(postgres=revisions)
    return cluster, one


def planned(cluster: Cluster, one: Any, revision: int = 2) -> Plan:
    return cluster.plan(one, targets={"postgres": revision})


def test_a_target_moves_a_pinned_reference_in_place():
    cluster, one = moved_cluster(PORTS)
    before = cluster.policies[NAME]
    cluster.carry_out(planned(cluster, one))
    after = cluster.policies[NAME]
    assert (after.uid, after.labels[contract.REVISION_LABEL]) == (before.uid, "2")
    assert after.annotations[contract.TRACKING_ANNOTATION] == "pinned"


@pytest.mark.parametrize("value", ["v1", "latest"])
def test_a_target_moves_no_reference_that_says_its_revision(value: str):
    cluster, one = moved_cluster([*PORTS, PORTS[0]], value)
    cluster.run(one)
    assert planned(cluster, one, 2).changes == []


def test_a_target_does_not_decide_a_first_revision():
    cluster = Cluster(catalogue(postgres=PORTS))
    assert planned(cluster, workload({"postgres": "true"}), 1).in_force["postgres"].revision == 2


def test_parameters_that_the_target_refuses_keep_what_is_in_force():
    cluster, one = moved_cluster([{}, NARROW], parameters={"postgres": "port: 99"})
    plan = planned(cluster, one)
    assert (actions(plan), reasons(plan)) == ([], ["InvalidParameters"])
    assert plan.in_force["postgres"].revision == 1


def test_a_target_that_is_not_recorded_keeps_what_is_in_force():
    cluster, one = moved_cluster(PORTS)
    plan = planned(cluster, one, 9)
    assert (actions(plan), reasons(plan)) == ([], ["RevisionUnknown"])


def test_a_policy_deleted_by_hand_comes_back_at_the_target():
    cluster, one = moved_cluster(PORTS)
    del cluster.policies[NAME]
    assert planned(cluster, one).in_force["postgres"].revision == 2


def test_moving_is_no_drift():
    cluster, one = moved_cluster(PORTS)
    assert told(planned(cluster, one)) == []


def test_a_preset_that_becomes_none_waits_for_the_defaults():
    cluster, one = moved_cluster([PRESET, {**PORTS[0]}])
    [change] = planned(cluster, one).changes
    assert change.after_defaults


APPLIED = Applied(2, {}, "pinned")


@pytest.mark.parametrize(
    ("plan", "state"),
    [
        (Plan(in_force={"t": APPLIED}), "moved"),
        (Plan(in_force={"t": msgspec.structs.replace(APPLIED, revision=1)}), "released"),
        (Plan(in_force={"t": msgspec.structs.replace(APPLIED, tracking="exact")}), "released"),
        (Plan(), "released"),
        (Plan(in_force={"t": APPLIED}, problems=(Problem("t", "Reason", "why"),)), "failed"),
        (Plan(in_force={"t": APPLIED}, problems=(Problem("other", "Reason", "why"),)), "moved"),
        (Plan(problems=(Problem("t", "NamespaceNotManaged", "why", keep=False),)), "released"),
    ],
)
def test_a_verdict_follows_the_plan(plan: Plan, state: str):
    assert verdict(plan, "t", 2).state == state


def test_who_still_has_to_be_written_is_left():
    cluster, one = moved_cluster(PORTS)
    assert verdict(planned(cluster, one), "postgres", 2).state == "left"


def rollout(*keys: Key) -> Rollout:
    users = grouped(keys)
    return Rollout(
        template="t", revision=2, users=users, batch=1, pause=0, skipped=0, author="ann", started="now"
    )


KEYS = st.builds(
    Key,
    st.sampled_from(["", "apps", "argoproj.io"]),
    st.sampled_from(["Deployment", "Rollout"]),
    st.sampled_from(["shop", "bank"]),
    st.from_regex(r"[a-z][a-z0-9.-]{0,20}[a-z0-9]", fullmatch=True),
)


@given(st.sets(KEYS, max_size=20))
def test_stored_users_read_back_as_they_were(keys: set[Key]):
    stored = msgspec.json.decode(msgspec.json.encode(rollout(*keys)), type=Rollout)
    assert (set(keys_of(stored.users)), stored.total) == (keys, len(keys))


def test_users_are_in_order_of_namespace_and_name():
    keys = [Key("apps", "Deployment", "b", "a"), Key("apps", "Deployment", "a", "z"), namespace_key("a")]
    assert [key.kind_name for key in keys_of(grouped(keys))] == [
        "Deployment.apps/z",
        "Namespace/a",
        "Deployment.apps/a",
    ]


def test_a_user_spoiled_by_hand_is_left_out():
    assert list(keys_of({"shop": ("nonsense", "Deployment.apps/db")})) == [DB]


def test_only_pinned_users_with_a_policy_are_selected():
    third = Key("apps", "Deployment", "shop", "third")
    fourth = Key("apps", "Deployment", "shop", "fourth")
    users = {DB: Held(1, True), OTHER: Held(2, True), third: Held(1, False), fourth: Held(None, True)}
    assert select(users, 2) == ([DB], [OTHER], [third, fourth])


@pytest.mark.parametrize(
    ("held", "failed", "position"),
    [
        (Held(2, True), False, "moved"),
        (Held(2, True), True, "moved"),
        (Held(1, True), False, "left"),
        (Held(3, True), False, "left"),
        (Held(1, True), True, "failed"),
        (Held(1, False), False, "released"),
        (Held(None, True), True, "released"),
        (None, False, "released"),
    ],
)
def test_a_place_is_what_the_cluster_says(held: Held | None, failed: bool, position: str):
    status = with_failures(Status(), {DB: Failure("Reason", "why")}) if failed else Status()
    found = places(rollout(DB), status, {DB: held} if held else {})
    assert counts(found) == {"moved": 0, "left": 0, "failed": 0, "released": 0} | {position: 1}


def test_the_first_failure_of_a_user_stays():
    status = with_failures(Status(), {DB: Failure("First", "one")})
    assert with_failures(status, {DB: Failure("Second", "two")}) == status


def test_messages_are_kept_of_the_first_failures_and_cut():
    failed = {
        Key("apps", "Deployment", "shop", f"w{n}"): Failure("R", "m" * 1000) for n in range(MESSAGES + 9)
    }
    kept = with_failures(Status(), failed).failures["shop"].values()
    assert sorted(map(len, (one.message for one in kept))) == [0] * 9 + [MESSAGE_LENGTH] * MESSAGES


def test_failures_are_kept_from_one_batch_to_the_next():
    status = with_failures(Status(), {DB: Failure("R", "one")})
    status = with_failures(status, {OTHER: Failure("R", "two")})
    assert set(status.failures["shop"]) == {DB.kind_name, OTHER.kind_name}
