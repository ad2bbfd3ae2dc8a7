"""Of random clusters: traffic is kept exactly where the plain evaluator lets it through at the pods' end."""

import pytest
from hypothesis import given

from registry.connectivity.intervals import union
from registry.connectivity.members import Members
from registry.connectivity.ports import number_of
from registry.world.far_ends import far_ends, read_far_ends
from registry.world.traffic import Traffic
from registry.world.ways import Ways
from tests.connectivity import plain
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import clusters
from tests.connectivity.expected import Expected
from tests.connectivity.networks import network_of, pod_key

DATABASES = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "db"}}}
BLOCK = {"ipBlock": {"cidr": "10.0.0.2/31"}}
ADDRESSES = ("10.0.0.2", "10.0.0.3")
DNS = (("UDP", 53),), (("TCP", 53), ("TCP", 80))


def traffic(direction):
    ports = [union((number_of(*one),) * 2 for one in group) for group in DNS]
    return Traffic(
        name="t", direction=direction, template="t", ports=tuple(ports) if direction == "egress" else ()
    )


def passes(cluster, pod, far, direction, group):
    """Whether the pod's own policies let it through at one port of a group at least, by the book."""
    rules = plain.all_rules(cluster, pod, direction.capitalize())
    return rules is None or any(
        plain.rule_allows(cluster, rule, far, far if direction == "egress" else pod, at)
        for rule in rules
        for at in group
    )


@pytest.mark.parametrize("direction", ["egress", "ingress"])
@share(4)
@given(clusters())
def test_traffic_passes_where_every_far_end_is_let_through(direction, cluster):
    told(cluster=cluster)
    network = network_of(cluster)
    ends = far_ends(Members(network), read_far_ends([DATABASES, BLOCK]))
    ways = Ways(Members(network), traffic(direction), ends)
    groups = DNS if direction == "egress" else [Expected(cluster).ports]
    far = [one for one in cluster["pods"] if one["labels"].get("app") == "db" and not one["hostNetwork"]]
    if cluster["blocksMatchPods"] or any(one["hostNetwork"] for one in cluster["pods"]):
        far += [one for one in cluster["pods"] if set(ADDRESSES) & set(plain.addresses_of(cluster, one))]
    for pod in cluster["pods"]:
        expected = all(
            passes(cluster, pod, one, direction, group) for one in (*far, *ADDRESSES) for group in groups
        )
        assert ways.passes(network.pods(pod_key(pod["namespace"], pod["name"]))) is expected, pod
