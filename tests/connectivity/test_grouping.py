"""Pods of one owner are one group, unless a policy can tell them apart."""

import time

import pytest

from registry.connectivity.grouping import Marks, Member, group, marks_of
from registry.connectivity.objects import Policy
from registry.connectivity.rules import Reader
from registry.model.documents import canonical
from registry.planning.objects import Key
from registry.planning.pods import Port

WEB = Key("apps", "Deployment", "shop", "web")


def member(pod, ports=(), host_network=False, **labels):
    return Member(
        workload=WEB,
        pod=pod,
        labels=tuple(sorted(labels.items())),
        ports=frozenset(ports),
        host_network=host_network,
    )


def marks(*expressions):
    spec = {"podSelector": {"matchExpressions": list(expressions)}}
    return marks_of([Reader().read(Policy(namespace="shop", name="p", spec=canonical(spec)))])


def asks(key, operator="In", *values):
    return {"key": key, "operator": operator, "values": list(values)}


def variants(members, asked=()):
    [found] = group([members], marks(*asked))
    return sorted((one.key.variant, one.pods) for one in found.groups)


BY_HASH = [member("a", hash="1"), member("b", hash="2"), member("c")]


@pytest.mark.parametrize(
    ("members", "asked", "expected"),
    [
        (BY_HASH, [], [("", 3)]),
        (BY_HASH, [asks("app", "In", "web")], [("", 3)]),
        (BY_HASH, [asks("hash", "In", "1")], [("hash=1", 1), ("no hash", 1), ("other hash", 1)]),
        (BY_HASH, [asks("hash", "Exists")], [("hash", 2), ("no hash", 1)]),
        (BY_HASH, [asks("hash", "NotIn", "1", "2")], [("hash=1", 1), ("hash=2", 1), ("no hash", 1)]),
        (
            [member("a"), member("b", [Port("TCP", 80, "http")])],
            [],
            [("no ports", 1), ("ports TCP 80 http", 1)],
        ),
        ([member("a"), member("b", host_network=True)], [], [("host network", 1), ("own network", 1)]),
        ([member("")], [], [("", None)]),
    ],
)
def test_pods_are_apart_where_policies_tell_them_apart(members, asked, expected):
    assert variants(members, asked) == expected


def test_a_group_bears_the_labels_that_all_of_it_bear():
    [found] = group([[member("a", app="web", hash="1"), member("b", app="web", hash="2")]], Marks())
    assert found.groups[0].labels == (("app", "web"),)


def test_a_group_keeps_a_label_that_policies_ask_for():
    members = [member("a", hash="1"), member("b", hash="2")]
    [found] = group([members], marks(asks("hash", "Exists")))
    assert [key for key, _ in found.groups[0].labels] == ["hash"]


def test_each_pod_is_in_its_group():
    [found] = group([BY_HASH], marks(asks("hash", "In", "1")))
    assert found.of["shop", "a"].variant == "hash=1"
    assert found.of["shop", "c"].variant == "no hash"


def test_what_is_alike_in_each_state_bears_one_key():
    before, after = group([[member("a", hash="1")], [member("a", hash="2")]], marks(asks("hash", "In", "1")))
    assert before.groups[0].key == after.groups[0].key


def test_variants_are_named_alike_in_all_states():
    split = [member("a", hash="1"), member("b", hash="2")]
    before, after = group([split[:1], split], marks(asks("hash", "In", "1", "2")))
    assert before.groups[0].key in [one.key for one in after.groups]


def at(*addresses, host_network=False):
    names = "abcdef"[: len(addresses)]
    return [
        Member(workload=WEB, pod=pod, addresses=(address,), host_network=host_network)
        for pod, address in zip(names, addresses, strict=True)
    ]


def about(block, **options):
    spec = {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": block}}]}]}
    policy = Policy(namespace="shop", name="p", spec=canonical(spec))
    return marks_of([Reader().read(policy)], **options)


@pytest.mark.parametrize(
    ("members", "options", "expected"),
    [
        (at("10.0.0.1", "10.0.0.9"), {}, [("", 2)]),
        (
            at("10.0.0.1", "10.0.0.9"),
            {"blocks_match_pods": True},
            [("in 10.0.0.0/30", 1), ("in no ipBlock", 1)],
        ),
        (at("10.0.0.1", "10.0.0.3"), {"blocks_match_pods": True}, [("", 2)]),
        (at("10.0.0.1", "10.0.0.9", host_network=True), {}, [("in 10.0.0.0/30", 1), ("in no ipBlock", 1)]),
        (
            at("10.0.0.1", "fd00::1", "9.9.9.9"),
            {"blocks_match_pods": True},
            [("in 10.0.0.0/30", 1), ("in no ipBlock", 2)],
        ),
    ],
)
def test_pods_are_apart_where_blocks_tell_them_apart(members, options, expected):
    [found] = group([members], about("10.0.0.0/30", **options))
    assert sorted((one.key.variant, one.pods) for one in found.groups) == expected


def test_a_hundred_thousand_pods_take_no_longer_than_their_number():
    members = [member(f"web-{n}", app="web", hash=str(n)) for n in range(100_000)]
    begun = time.process_time()
    [found] = group([members], marks(asks("app", "In", "web")))
    assert time.process_time() - begun < 20
    assert found.groups[0].pods == 100_000
