"""Of random clusters: coverage, exposure and findings are what the plain evaluator says."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from registry.cluster.selectors import parse_selector
from registry.connectivity.addresses import address_of, read_cidr
from registry.connectivity.coverage import coverage
from registry.connectivity.exposure import exposure
from registry.connectivity.findings.one_sided import one_sided
from registry.connectivity.findings.widened import widened
from registry.connectivity.flows import Flows
from registry.connectivity.intervals import contains
from registry.connectivity.objects import Origin
from registry.connectivity.ports import number_of
from registry.connectivity.zones import Zones
from registry.planning.objects import Key
from tests.connectivity import plain
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import NAMESPACES, clusters, labels
from tests.connectivity.expected import Expected
from tests.connectivity.networks import network_of, pod_key, policy_of

DIRECTIONS = {"ingress": "Ingress", "egress": "Egress"}
ZONES = Zones()


def is_in(network, pods, pod):
    place = network.namespaces[pod["namespace"]].index.places[pod_key(pod["namespace"], pod["name"])]
    return bool(pods.get(pod["namespace"], 0) >> place & 1)


@share(3)
@given(clusters())
def test_coverage_counts_whom_policies_isolate(cluster):
    told(cluster=cluster)
    reached = [pod for pod in cluster["pods"] if not pod["hostNetwork"]]
    isolated = [
        {direction for direction in DIRECTIONS.values() if plain.isolating(cluster, pod, direction)}
        for pod in reached
    ]
    counts = coverage(network_of(cluster)).counts
    assert counts.workloads == len(reached)
    assert counts.host_network == len(cluster["pods"]) - len(reached)
    assert counts.ingress == sum("Ingress" in one for one in isolated)
    assert counts.egress == sum("Egress" in one for one in isolated)
    assert counts.both == sum(len(one) == 2 for one in isolated)
    assert counts.unprotected == sum(not one for one in isolated)


def holds_port(texts, protocol, number):
    for text in texts:
        written, _, numbers = text.partition(" ")
        if written == "any" or (written == protocol and not numbers):
            return True
        if written == protocol and numbers.replace("-", "").isdigit():
            low, _, high = numbers.partition("-")
            if int(low) <= number <= int(high or low):
                return True
    return False


def holds_address(reach, text):
    place = address_of(text)
    for written in reach.addresses:
        if written in ("IPv4", "IPv6"):
            kind = ZONES.private if reach.kind == "private" else ZONES.internet
            if contains(kind, place) and (":" in text) == (written == "IPv6"):
                return True
        elif contains((read_cidr(written),), place):
            return True
    return False


def groups_of(network, pod, found):
    """What is told of a pod: exactly one group has it."""
    (group,) = (one for one in found if is_in(network, one.pods, pod))
    return group


@share(5)
@given(clusters())
def test_addresses_that_could_reach_a_workload_are_told_and_no_others(cluster):
    told(cluster=cluster)
    network, expected = network_of(cluster), Expected(cluster)
    found = exposure(network, Flows(network))
    for pod in (one for one in cluster["pods"] if not one["hostNetwork"]):
        for direction, written in DIRECTIONS.items():
            group = groups_of(network, pod, getattr(found, direction))
            assert group.isolated is not expected.is_open(pod, written)
            for address in expected.outside if group.isolated else ():
                ends = (address, pod) if direction == "ingress" else (pod, address)
                for at in expected.ports:
                    allowed = plain.by_policies(cluster, *ends, at)[direction == "ingress"]
                    assert allowed == any(
                        holds_address(one, address) and holds_port(one.ports, *at)
                        for one in group.reaches
                        if one.kind != "pods"
                    ), (direction, pod["name"], address, at)


def selects(text, labels):
    return text == "all" or plain.selector_matches(parse_selector(text), labels)


def holds_stranger(cluster, reach, pod, stranger):
    if reach.kind != "pods" or not selects(reach.pods, stranger["labels"]):
        return False
    if reach.namespaces == "own":
        return stranger["namespace"] == pod["namespace"]
    return selects(reach.namespaces, plain.labels_of_namespace(cluster, stranger["namespace"]))


@st.composite
def strangers(draw):
    return {
        "namespace": draw(st.sampled_from((*NAMESPACES, "new"))),
        "name": "stranger",
        "labels": draw(labels()),
        "ports": [],
        "addresses": [],
        "count": None,
        "hostNetwork": False,
    }


@share(5)
@given(clusters(), strangers())
def test_a_workload_that_comes_tomorrow_reaches_exactly_what_was_told(cluster, stranger):
    told(cluster=cluster, stranger=stranger)
    network, expected = network_of(cluster), Expected(cluster)
    found = exposure(network, Flows(network)).ingress
    later = {**cluster, "pods": [*cluster["pods"], stranger]}
    for pod in (one for one in cluster["pods"] if not one["hostNetwork"]):
        group = groups_of(network, pod, found)
        for at in expected.ports if group.isolated else ():
            _, allowed = plain.by_policies(later, stranger, pod, at)
            assert allowed == any(
                holds_stranger(later, one, pod, stranger) and holds_port(one.ports, *at)
                for one in group.reaches
            ), (pod["name"], at)


def pairs(cluster, expected):
    """All pairs of ends of which one at least is a pod."""
    ends = [*cluster["pods"], *expected.outside]
    return (
        (one, other)
        for one in ends
        for other in ends
        if not isinstance(one, str) or not isinstance(other, str)
    )


def is_told(network, drafts, ends, at, kind):
    """Whether one of the drafts has this connection."""

    def holds(pods, addresses, end):
        if isinstance(end, str):
            return contains(addresses, address_of(end))
        return is_in(network, pods, end)

    return any(
        contains(getattr(change, kind), number_of(*at))
        and holds(change.sources, change.source_addresses, ends[0])
        and holds(change.destinations, change.destination_addresses, ends[1])
        for draft in drafts
        for change in draft.connections
    )


def by_generated_alone(cluster, generated, source, destination, at):
    """The verdict where pods that some generated policy isolates have those alone."""

    def allowed(end, peer, direction):
        policies = plain.isolating(cluster, end, direction)
        ours = [one for one in policies if one["metadata"]["name"] in generated]
        rules = [(one, rule) for one in ours or policies for rule in plain.rules_of(one, direction)]
        return not policies or any(plain.rule_allows(cluster, one, peer, destination, at) for one in rules)

    return allowed(source, destination, "Egress") and allowed(destination, source, "Ingress")


@share(3)
@given(clusters(), st.sets(st.sampled_from(("k", "l", "m")), min_size=1, max_size=2))
def test_what_unmanaged_policies_widen_is_what_generated_ones_alone_would_deny(cluster, generated):
    told(cluster=cluster, generated=sorted(generated))
    network, expected = network_of(cluster), Expected(cluster)
    for policy in map(policy_of, cluster["policies"]):
        if policy.name in generated:
            network.put_policy(
                replace(policy, origin=Origin("t", 1, Key("", "Group", policy.namespace, "p")))
            )
    drafts = list(widened(network))
    for ends in pairs(cluster, expected):
        for at in expected.ports:
            allowed = all(plain.by_policies(cluster, *ends, at))
            wanted = allowed and not by_generated_alone(cluster, generated, *ends, at)
            assert is_told(network, drafts, ends, at, "added") == wanted, (ends, at)


@share(3)
@given(clusters())
def test_a_one_sided_allow_is_allowed_by_one_end_and_denied_by_the_other(cluster):
    told(cluster=cluster)
    network, expected = network_of(cluster), Expected(cluster)
    drafts = list(one_sided(network, Flows(network)))
    by_code = {code: [one for one in drafts if one.code.name == code] for code in ("NotLetIn", "NotLetOut")}
    pods = cluster["pods"]
    for ends in ((one, other) for one in pods for other in pods):
        for at in expected.ports:
            sends, receives = plain.by_policies(cluster, *ends, at)
            if is_told(network, by_code["NotLetIn"], ends, at, "removed"):
                assert (sends, receives) == (True, False), (ends, at)
            if is_told(network, by_code["NotLetOut"], ends, at, "removed"):
                assert (sends, receives) == (False, True), (ends, at)


@share(3)
@given(clusters())
def test_a_rule_that_names_pods_in_vain_is_told(cluster):
    told(cluster=cluster)
    network, expected = network_of(cluster), Expected(cluster)
    drafts = list(one_sided(network, Flows(network)))
    pods = [pod for pod in cluster["pods"] if not pod["hostNetwork"]]
    for source in pods:
        for policy, rule in plain.all_rules(cluster, source, "Egress") or ():
            for destination in pods:
                if source is destination or not names(cluster, policy, rule, destination):
                    continue
                wanted = [at for at in expected.ports if plain.rule_is_about_port(rule, destination, at)]
                received = [at for at in wanted if plain.by_policies(cluster, source, destination, at)[1]]
                if wanted and not received:
                    assert is_told(network, drafts, (source, destination), wanted[0], "removed"), policy


def names(cluster, policy, rule, pod):
    """Whether a rule names a pod by its labels."""
    return any(
        any((peer.get("podSelector") or {}).values()) and plain.peer_matches(cluster, policy, peer, pod)
        for peer in rule.get("to") or ()
        if "podSelector" in peer
    )
