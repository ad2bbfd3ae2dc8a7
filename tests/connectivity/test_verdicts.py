"""Of random clusters: the engine's verdicts and explanations are those of the plain evaluator."""

from hypothesis import given

from registry.connectivity.addresses import address_of
from registry.connectivity.explain import explain
from registry.connectivity.verdict import verdict
from tests.connectivity import plain
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import clusters
from tests.connectivity.expected import Expected
from tests.connectivity.networks import network_of, pod_key


def peer_of(network, end):
    """The engine's peer of an end."""
    return address_of(end) if isinstance(end, str) else network.pods(pod_key(end["namespace"], end["name"]))


def connections(expected):
    """All pairs of pods, and pods with addresses outside, both ways."""
    pods = list(expected.pods.values())
    yield from ((source, destination) for source in pods for destination in pods)
    for address in expected.outside:
        yield from ((pod, address) for pod in pods)
        yield from ((address, pod) for pod in pods)


def answers(expected, network):
    """Every connection and port with the engine's verdict."""
    for source, destination in connections(expected):
        ends = peer_of(network, source), peer_of(network, destination)
        for port in expected.ports:
            yield source, destination, port, verdict(network, *ends, *port)


@share(14)
@given(clusters())
def test_every_verdict_is_that_of_the_plain_evaluator(cluster):
    told(cluster=cluster)
    expected, network = Expected(cluster), network_of(cluster)
    for source, destination, port, found in answers(expected, network):
        assert found == plain.verdict(cluster, source, destination, port), (source, destination, port)


@share(7)
@given(clusters())
def test_every_explanation_has_the_policies_rules_and_verdict_of_the_plain_evaluator(cluster):
    expected, network = Expected(cluster), network_of(cluster)
    for source, destination in connections(expected):
        ends = peer_of(network, source), peer_of(network, destination)
        for port in expected.ports[:: max(1, len(expected.ports) // 8)]:
            found = explain(network, *ends, *port)
            assert found.verdict == plain.verdict(cluster, source, destination, port)
            assert found.itself == plain.is_itself(source, destination)
            assert_said(found.egress, plain.reasons(cluster, source, destination, port, "Egress"))
            assert_said(found.ingress, plain.reasons(cluster, destination, source, port, "Ingress"))


def assert_said(side, reasons):
    """The policies of a side are these, each with whether its rules are about the peer, and the port."""
    said = {tuple(one.policy.key): [(rule.peer, rule.port) for rule in one.rules] for one in side.policies}
    assert said == reasons
    assert all(rule.allows != bool(rule.missing) for one in side.policies for rule in one.rules)
    assert side.isolated == bool(reasons)
    assert side.allowed == (not reasons or any(all(rule) for rules in reasons.values() for rule in rules))
