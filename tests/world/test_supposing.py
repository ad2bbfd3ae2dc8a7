"""Two states of a network: the live one is never touched, and says only what is not part of the change."""

import msgspec
import pytest

from registry.connectivity.diff import diff
from registry.connectivity.flows import Flows
from registry.connectivity.objects import PodKey, Policy, PolicyKey
from registry.connectivity.ports import shown
from registry.connectivity.verdict import verdict
from registry.model.documents import canonical
from registry.planning.objects import Key
from registry.planning.pods import Pods
from registry.world.live_network import LiveNetwork
from registry.world.network_objects import group_with
from registry.world.preview import PolicyChange
from registry.world.supposing import BeforeAfter, Supposed, suppose, written
from tests.planning.build import DB, namespace, workload
from tests.world.simulated import WEB

PLACE = PolicyKey("shop", "p")
ROLLOUT = Key("argoproj.io", "Rollout", "shop", "roll")


@pytest.fixture
def live():
    found = LiveNetwork()
    for key in (DB, WEB):
        found.feed.take(None, workload({}, key))
    return found


def spec(port):
    rule = {"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": port}]}
    return canonical(
        {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"], "ingress": [rule]}
    )


def change(before=None, after=None, key=DB):
    raw = [msgspec.Raw(spec(port) if port else b"null") for port in (before, after)]
    action = "update" if before and after else "create" if after else "delete"
    return written([(key, PolicyChange(name="p", template="t", action=action, before=raw[0], after=raw[1]))])


def differences(live, supposed):
    states = suppose(live, supposed)
    return [
        (shown(one.added), shown(one.removed))
        for one in diff(Flows(states.before, states.after))
        if one.sources
    ]


def test_a_policy_that_changes_adds_and_removes_connections(live):
    assert differences(live, change(80, 81)) == [(["TCP 81"], ["TCP 80"])]


def test_a_policy_that_goes_opens_what_it_isolated(live):
    [(added, removed)] = differences(live, change(80, None))
    assert (added[0], removed) == ("TCP 1-79", [])


def test_what_the_change_found_counts_not_what_is_there_this_moment(live):
    assert differences(live, change(80, 80)) == []


def test_the_live_network_stays_as_it_is(live):
    suppose(live, change(None, 80))
    assert live.ask(lambda network, _: list(network.all_policies())) == []


def test_labels_of_a_namespace_are_as_they_will_be(live):
    states = suppose(live, Supposed({}, (msgspec.structs.replace(namespace(), labels={"team": "a"}),)))
    assert "team" not in states.before.namespaces["shop"].labels
    assert states.after.namespaces["shop"].labels["team"] == "a"


def test_policies_of_a_namespaces_own_references_are_in_it(live):
    states = suppose(live, change(None, 80, Key("", "Namespace", "shop", "shop")))
    web, db = (states.after.pods(PodKey(key)) for key in (WEB, DB))
    assert not verdict(states.after, web, db, "TCP", 81).allowed


def test_a_policy_that_cannot_be_read_is_left_out_and_told(live):
    old = canonical({"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "010.0.0.0/8"}}]}]})
    policy = Policy(namespace="shop", name="p", spec=old)
    states = suppose(live, Supposed({PLACE: BeforeAfter(policy, None)}))
    assert list(states.before.all_policies()) == []
    assert "010.0.0.0/8" in states.unreadable[PLACE]


def test_pods_that_a_workload_does_not_tell_can_be_given(live):
    custom = msgspec.structs.replace(workload({}, ROLLOUT), pods=None)
    live.feed.take(None, custom)
    group = group_with(ROLLOUT, Pods(labels=(("app", "roll"),)))
    states = suppose(live, Supposed({}, living=(group,)))
    assert states.after.pods(PodKey(ROLLOUT)).group == group
    assert ROLLOUT not in states.unevaluated.workloads
    assert ROLLOUT in suppose(live, Supposed({})).unevaluated.workloads
