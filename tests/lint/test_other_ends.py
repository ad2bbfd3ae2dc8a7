"""Of random clusters: where the other end is said to refuse, it refuses all pods that there could be."""

import itertools

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity.intervals import union
from registry.connectivity.ports import Ports, number_of
from registry.connectivity.selectors import LabelSelector, read_selector
from registry.lint.other_ends import FarEnd, KnownPolicies, NearEnd
from tests.connectivity import plain
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import KEYS, clusters, selectors
from tests.connectivity.networks import network_of

PORTS = (("TCP", 53), ("TCP", 80), ("UDP", 80))
NUMBERS = Ports(union((number_of(*one),) * 2 for one in PORTS))
ALL_LABELS = [
    {key: value for key, value in zip(KEYS, values, strict=True) if value}
    for values in itertools.product(*((*values, "another", None) for values in KEYS.values()))
]


def read(selector):
    return read_selector(msgspec.convert(selector, LabelSelector))


@share(6)
@given(clusters(), selectors(), st.sampled_from(["ingress", "egress"]))
def test_what_is_said_to_be_refused_is_refused_to_all_pods_that_there_could_be(cluster, selector, direction):
    told(cluster=cluster, selector=selector)
    network = network_of(cluster)
    known = KnownPolicies({name: space.policies.values() for name, space in network.namespaces.items()})
    for name, pod in itertools.product(network.namespaces, cluster["pods"]):
        home = network.namespaces[pod["namespace"]]
        near = NearEnd(home.name, home.labels, pod["labels"], NUMBERS)
        far = FarEnd(name, read(selector), direction)
        if pod["hostNetwork"] or not known.refuse(far, "t", near):
            continue
        for labels in ALL_LABELS:
            if plain.selector_matches(selector, labels):
                other = {**pod, "namespace": name, "labels": labels, "name": "other", "hostNetwork": False}
                assert is_refused(cluster, other, pod, direction), (other, pod)


def is_refused(cluster, other, pod, direction):
    rules = plain.all_rules(cluster, other, direction.capitalize())
    destination = pod if direction == "egress" else other
    return rules is not None and not any(
        plain.rule_allows(cluster, rule, pod, destination, at) for rule in rules for at in PORTS
    )
