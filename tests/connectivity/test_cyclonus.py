"""The engine says what cyclonus' engine says: of all its test cases, and of random clusters.

Where it does not, cyclonus is wrong: `ERRORS` lists each way with what Kubernetes says, and each is shown to
be still there. That pods are matched by ipBlocks is its choice of what Kubernetes leaves open, so it is made.
"""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity.verdict import verdict
from tests.connectivity import plain
from tests.connectivity.budget import share
from tests.connectivity.budget import told as in_full
from tests.connectivity.clusters import KEYS, clusters
from tests.connectivity.cyclonus_errors import ERRORS
from tests.connectivity.expected import Expected
from tests.connectivity.judge import Judge, Refused, cases, told
from tests.connectivity.networks import apply, network_of, pod_key
from tests.connectivity.test_verdicts import peer_of


@pytest.fixture(scope="module")
def judge():
    with Judge() as one:
        yield one


def cluster_of(step):
    """A step's cluster as `plain` reads it."""
    pods = [{**pod, "count": 1, "hostNetwork": False} for pod in step["pods"]]
    return {**step, "pods": pods, "policies": step["policies"] or [], "blocksMatchPods": True}


def name_of(end):
    return end if isinstance(end, str) else f"{end['namespace']}/{end['name']}"


def steps_between(before, after):
    """The changes that lead from one cluster to another."""
    for name in before["namespaces"].keys() - after["namespaces"].keys():
        yield {"drop namespace": name}
    for name, labels in after["namespaces"].items():
        if before["namespaces"].get(name) != labels:
            yield {"put namespace": (name, labels)}
    for kind in ("pod", "policy"):
        was, now = ({key_of(kind, one): one for one in state[LISTS[kind]]} for state in (before, after))
        yield from ({f"drop {kind}": key} for key in was.keys() - now.keys())
        yield from ({f"put {kind}": one} for key, one in now.items() if was.get(key) != one)


LISTS = {"pod": "pods", "policy": "policies"}


def key_of(kind, one):
    return (
        (one["namespace"], one["name"]) if kind == "pod" else tuple(one["metadata"][part] for part in PARTS)
    )


PARTS = ("namespace", "name")


def differences(network, answers):
    """The connections of which the engine says something else; a pod's to itself apart."""
    for (source, destination, at), said in answers.items():
        ends = [network.pods(pod_key(*end.split("/"))) for end in (source, destination)]
        found = verdict(network, *ends, *at)
        if source == destination:
            assert found.allowed
        elif found != said:
            yield source, destination, at, said


def test_all_test_cases_of_cyclonus_are_answered_alike_after_each_of_their_steps():
    tally, itself = Counter(), 0
    for case in cases():
        before = {"namespaces": {}, "pods": [], "policies": []}
        network = network_of({**before, "blocksMatchPods": True})
        for step in case["steps"]:
            after = cluster_of(step)
            for change in steps_between(before, after):
                apply(network, change)
            answers = told(step["connections"])
            assert list(differences(network, answers)) == [], case["description"]
            itself += sum(not all(said) for (source, to, _), said in answers.items() if source == to)
            tally += Counter(tables=1, answers=len(answers), pairs=len({key[:2] for key in answers}))
            before = after
        tally["cases"] += 1
    print(f"\ncyclonus: {dict(tally)}, {itself} denied to pods themselves")  # noqa: T201 (shown with -rP)
    assert tally["cases"] >= 400
    assert tally["answers"] >= 200_000
    assert itself, "cyclonus lets a pod reach itself now: do not leave that out of the comparison any longer"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.name)
def test_what_cyclonus_is_known_to_get_wrong_it_still_gets_wrong(error, judge):
    network = network_of(error.cluster)
    ends = {name_of(pod): pod for pod in error.cluster["pods"]}
    source, destination = (ends.get(name, name) for name in (error.source, error.destination))
    assert plain.verdict(error.cluster, source, destination, error.at) == error.right
    found = verdict(network, peer_of(network, source), peer_of(network, destination), *error.at)
    assert found == error.right
    try:
        said = judge.asked(error.cluster, [(error.source, error.destination, error.at)])
    except Refused:
        return
    assert list(said.values()) != [error.right], "cyclonus is right now: take it off the list"


@st.composite
def taken_by_cyclonus(draw):
    """Clusters without what it is known to get wrong, and what it has no notion of."""
    cluster = draw(clusters())
    labelled = draw(st.booleans())
    for pod in cluster["pods"]:
        pod |= {"count": 1, "hostNetwork": False, "addresses": (pod["addresses"] or ["10.0.0.9"])[:1]}
        ports = {(one.get("protocol", "TCP"), one["containerPort"]): one for one in pod["ports"]}
        pod["ports"] = [{**one, "protocol": protocol} for (protocol, _), one in ports.items()]
    every_key = dict.fromkeys(KEYS, "none") if labelled else {}
    for pod in cluster["pods"]:
        pod["labels"] = {**every_key, **pod["labels"]}
    for name in {*cluster["namespaces"], *(pod["namespace"] for pod in cluster["pods"])}:
        labels = {**every_key, **cluster["namespaces"].get(name, {})}
        cluster["namespaces"][name] = {**labels, plain.NAME_LABEL: name}
    for policy in cluster["policies"]:
        policy["spec"]["policyTypes"] = plain.directions(policy)
    return {**(cluster if labelled else without_not_in(cluster)), "blocksMatchPods": True}


def without_not_in(written):
    """The same JSON with In for NotIn."""
    if isinstance(written, dict):
        return {key: without_not_in(value) for key, value in written.items()}
    if isinstance(written, list):
        return [without_not_in(one) for one in written]
    return "In" if written == "NotIn" else written


@share(10)
@given(taken_by_cyclonus())
def test_random_clusters_are_judged_as_by_cyclonus(judge, cluster):
    in_full(cluster=cluster)
    expected, network = Expected(cluster), network_of(cluster)
    pods = list(expected.pods.values())
    pairs = [(source, to) for source in pods for to in pods if source is not to]
    pairs += [pair for pod in pods for one in expected.outside for pair in ((pod, one), (one, pod))]
    ends = {name_of(end): peer_of(network, end) for pair in pairs for end in pair}
    asked = [(name_of(source), name_of(to), at) for source, to in pairs for at in expected.ports[::3]]
    for (source, to, at), said in judge.asked(cluster, asked).items():
        assert verdict(network, ends[source], ends[to], *at) == said, (source, to, at)
