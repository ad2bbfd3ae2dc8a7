"""The live network takes in what changed, and what it handed out stays as it was."""

import msgspec
import pytest

from registry.connectivity.network import Network
from registry.connectivity.objects import Origin, PodKey, PolicyKey
from registry.model.documents import canonical
from registry.planning.names import policy_name
from registry.planning.objects import Key, LivePolicy
from registry.planning.pods import Pods, Port
from registry.world.live_network import LiveNetwork
from registry.world.triggers import Triggers
from tests.planning.build import DB, Cluster, catalogue, namespace, workload

PLACE = PolicyKey("shop", "p")


def policy(spec, **fields):
    return LivePolicy(
        namespace="shop", name="p", uid="p", resource_version="1", spec=canonical(spec), **fields
    )


@pytest.fixture
def live():
    return LiveNetwork()


def policies_of(live, key=DB):
    return live.ask(lambda network, _: [read.policy.name for read in network.pods(PodKey(key)).ingress])


def unevaluated(live):
    return live.ask(lambda _, unevaluated: unevaluated)


def test_a_workload_that_appears_is_selected_by_the_policies_that_are_there(live):
    live.feed.take(None, policy({"podSelector": {"matchLabels": {"app": "db"}}}))
    live.feed.take(None, workload({}))
    assert policies_of(live) == ["p"]


def test_a_policy_that_goes_selects_nothing_any_more(live):
    one = policy({"podSelector": {}})
    live.feed.take(None, workload({}))
    live.feed.take(None, one)
    live.catch_up()
    live.feed.take(one, None)
    assert policies_of(live) == []


def test_a_namespaces_labels_are_followed(live):
    before = namespace()
    live.feed.take(None, before)
    live.catch_up()
    live.feed.take(before, msgspec.structs.replace(before, labels={"team": "a"}))
    assert live.ask(lambda network, _: network.namespaces["shop"].labels)["team"] == "a"


def test_a_namespace_that_goes_with_all_in_it_is_forgotten(live):
    one, inside = namespace(), workload({})
    live.feed.take(None, one)
    live.feed.take(None, inside)
    live.catch_up()
    live.feed.take(one, None)
    live.feed.take(inside, None)
    assert live.ask(lambda network, _: network.namespaces) == {}


def test_ports_are_followed_although_planning_does_not_look_at_them(live):
    triggers = Triggers(lambda _key: None, ())
    triggers.followed = live.feed.take
    before = workload({})
    pods = Pods(labels=before.pods.labels, ports=frozenset([Port("TCP", 80, "http")]))
    triggers.on_workload(None, before)
    live.catch_up()
    triggers.on_workload(before, msgspec.structs.replace(before, pods=pods))
    assert live.ask(lambda network, _: network.pods(PodKey(DB)).group.ports) == pods.ports


def test_news_of_a_status_are_not_carried_over(live):
    before = workload({})
    live.feed.take(before, msgspec.structs.replace(before, resource_version="2"))
    assert len(live.feed) == 0


def test_many_changes_of_one_object_wait_as_one(live):
    one = workload({})
    for _ in range(10):
        live.feed.take(None, one)
        live.feed.take(one, None)
    assert len(live.feed) == 1


def test_a_generated_policy_has_its_template_revision_and_workload(live):
    cluster = Cluster(catalogue(plain={}))
    cluster.run(workload({"plain": "true"}))
    live.feed.take(None, cluster.policies[policy_name(DB, "plain")])
    [read] = live.ask(lambda network, _: list(network.all_policies()))
    assert read.policy.origin == Origin("plain", 1, DB)


def test_labels_that_somebody_copied_make_no_policy_a_generated_one(live):
    live.feed.take(None, policy({}, labels={"netpol-registry.dev/template": "plain"}))
    [read] = live.ask(lambda network, _: list(network.all_policies()))
    assert read.policy.origin is None


def test_a_workload_that_says_nothing_of_its_pods_is_told_as_left_out(live):
    rollout = Key("argoproj.io", "Rollout", "shop", "web")
    live.feed.take(None, workload({}, rollout, pods=None))
    assert unevaluated(live).workloads == (rollout,)


def test_a_policy_that_cannot_be_read_is_told_and_not_taken_for_what_it_was(live):
    before = policy({"podSelector": {}})
    live.feed.take(None, workload({}))
    live.feed.take(None, before)
    live.catch_up()
    odd = policy({"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "010.0.0.0/8"}}]}]})
    live.feed.take(before, odd)
    assert list(unevaluated(live).policies) == [PLACE]
    assert policies_of(live) == []


@pytest.mark.parametrize(
    "spec",
    [
        {"podSelector": {"matchLabels": {"statefulset.kubernetes.io/pod-name": "db-0"}}},
        {"ingress": [{"from": [{"podSelector": {"matchLabels": {"pod-template-hash": "1"}}}]}]},
    ],
)
def test_a_policy_that_asks_for_labels_that_only_pods_bear_is_told(live, spec):
    live.feed.take(None, policy({"podSelector": {}, **spec}))
    assert list(unevaluated(live).labels) == [PLACE]


def test_what_a_survey_looks_at_stays_as_it_is_while_things_change(live):
    live.feed.take(None, workload({}))

    def look(survey):
        live.feed.take(None, policy({"podSelector": {}}))
        live.catch_up()
        return survey.network.pods(PodKey(DB)).ingress

    assert live.survey(look) == ()
    assert policies_of(live) == ["p"]


def test_flows_are_worked_out_once_for_each_state(live):
    live.feed.take(None, workload({}))
    first = live.survey(lambda survey: survey)
    assert live.survey(lambda survey: survey) is first
    live.feed.take(None, policy({"podSelector": {}}))
    assert live.survey(lambda survey: survey.version) > first.version


def test_a_namespace_that_nobody_told_of_is_told_as_unknown(live):
    live.feed.take(None, workload({}))
    assert unevaluated(live).namespaces == ("shop",)
    live.feed.take(None, namespace())
    assert unevaluated(live).namespaces == ()


def test_changes_that_could_not_be_taken_in_are_taken_in_later(live, monkeypatch):
    live.feed.take(None, workload({}))
    live.feed.take(None, policy({"podSelector": {}}))

    def fail(*_):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(Network, "put_policy", fail)
        with pytest.raises(RuntimeError):
            live.catch_up()
    assert policies_of(live) == ["p"]


def test_what_came_after_changes_that_failed_is_newer(live):
    one = policy({"podSelector": {}})
    live.feed.take(None, one)
    failed = live.feed.fetch()
    live.feed.take(one, None)
    live.feed.give_back(failed)
    assert live.ask(lambda network, _: list(network.all_policies())) == []
