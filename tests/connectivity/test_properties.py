"""What has to hold whatever the answer is: changes of a cluster that change nothing, or only one way."""

from hypothesis import given
from hypothesis import strategies as st

from registry.connectivity.flows import Flows
from registry.connectivity.graph import View, graph
from tests.connectivity import plain
from tests.connectivity.budget import share, told
from tests.connectivity.clusters import KEYS, NAMESPACES, clusters
from tests.connectivity.expected import Expected
from tests.connectivity.networks import network_of
from tests.connectivity.test_changing import picture
from tests.connectivity.test_verdicts import answers


def verdicts(cluster):
    """{(source, destination, port): allowed} of all ends by their names."""
    expected = Expected(cluster)
    return {
        (name_of(source), name_of(destination), port): found.allowed
        for source, destination, port, found in answers(expected, network_of(cluster))
    }


def name_of(end):
    return end if isinstance(end, str) else (end["namespace"], end["name"])


def renamed(written, names):
    """The same JSON with other names wherever they stand as keys or texts."""
    if isinstance(written, dict):
        return {names.get(key, key): renamed(value, names) for key, value in written.items()}
    if isinstance(written, (list, tuple)):
        return [renamed(one, names) for one in written]
    return names.get(written, written) if isinstance(written, str) else written


@share(2)
@given(clusters())
def test_other_names_of_namespaces_and_labels_change_nothing(cluster):
    told(cluster=cluster)
    words = [*NAMESPACES, *KEYS, *(value for values in KEYS.values() for value in values)]
    names = {word: f"z-{place}" for place, word in enumerate(reversed(words))}
    again = verdicts(renamed(cluster, names))
    for (source, destination, port), found in verdicts(cluster).items():
        assert again[renamed_end(source, names), renamed_end(destination, names), port] == found


def renamed_end(end, names):
    return end if isinstance(end, str) else (names[end[0]], end[1])


@share(2)
@given(clusters())
def test_other_names_of_pods_and_policies_change_nothing(cluster):
    told(cluster=cluster)
    other = {
        **cluster,
        "pods": [{**pod, "name": f"z-{pod['name']}"} for pod in cluster["pods"]],
        "policies": [
            {**one, "metadata": {**one["metadata"], "name": f"z-{one['metadata']['name']}"}}
            for one in cluster["policies"]
        ],
    }
    assert list(verdicts(other).values()) == list(verdicts(cluster).values())


@share(2)
@given(clusters(), st.randoms(use_true_random=False))
def test_the_order_of_lists_changes_nothing(cluster, random):
    told(cluster=cluster)
    assert picture(network_of(shuffled(cluster, random))) == picture(network_of(cluster))


def shuffled(written, random):
    if isinstance(written, dict):
        pairs = [(key, shuffled(value, random)) for key, value in written.items()]
        random.shuffle(pairs)
        return dict(pairs)
    if isinstance(written, list):
        found = [shuffled(one, random) for one in written]
        random.shuffle(found)
        return found
    return written


@share(2)
@given(clusters(), clusters())
def test_one_more_rule_never_removes_a_connection(cluster, other):
    told(cluster=cluster, other=other["policies"])
    before = verdicts(cluster)
    for direction in ("Ingress", "Egress"):
        rules = [rule for policy in other["policies"] for rule in plain.rules_of(policy, direction)]
        for policy in cluster["policies"]:
            if rules and direction in plain.directions(policy):
                policy["spec"]["policyTypes"] = plain.directions(policy)
                policy["spec"][direction.lower()] = [*plain.rules_of(policy, direction), rules[0]]
    after = verdicts(cluster)
    assert not [question for question, found in before.items() if found and not after.get(question, found)]


@share(2)
@given(clusters())
def test_a_policy_that_selects_nothing_changes_nothing(cluster):
    told(cluster=cluster)
    nobody = {"podSelector": {"matchLabels": {"app": "nobody"}}, "policyTypes": ["Ingress", "Egress"]}
    more = [{"metadata": {"namespace": name, "name": "nobody"}, "spec": nobody} for name in NAMESPACES]
    assert verdicts({**cluster, "policies": [*cluster["policies"], *more]}) == verdicts(cluster)


@share(2)
@given(clusters())
def test_how_many_replicas_there_are_changes_nothing(cluster):
    told(cluster=cluster)
    one, many = (
        {**cluster, "pods": [{**pod, "count": count} for pod in cluster["pods"]]} for count in (2, 9)
    )
    assert picture(network_of(one)) == picture(network_of(many))
    assert verdicts(one) == verdicts(many)


@share(2)
@given(clusters())
def test_more_pods_that_are_alike_have_the_same_connections(cluster):
    told(cluster=cluster)
    twins = [{**pod, "name": f"twin-{pod['name']}"} for pod in cluster["pods"]]
    found = verdicts({**cluster, "pods": [*cluster["pods"], *twins]})
    for (source, destination, port), allowed in found.items():
        if source != destination:
            ends = (
                end if isinstance(end, str) else (end[0], f"twin-{end[1]}") for end in (source, destination)
            )
            assert found.get((*ends, port), allowed) == allowed


@share(2)
@given(clusters())
def test_a_policy_for_each_rule_is_the_same_as_one_with_all_of_them(cluster):
    told(cluster=cluster)
    parts = []
    for policy in cluster["policies"]:
        spec = {"podSelector": policy["spec"]["podSelector"], "policyTypes": plain.directions(policy)}
        pieces = [spec] + [
            {**spec, direction.lower(): [rule]}
            for direction in spec["policyTypes"]
            for rule in plain.rules_of(policy, direction)
        ]
        for number, piece in enumerate(pieces):
            metadata = {**policy["metadata"], "name": f"{policy['metadata']['name']}-{number}"}
            parts.append({"metadata": metadata, "spec": piece})
    assert picture(network_of({**cluster, "policies": parts})) == picture(network_of(cluster))


@share(2)
@given(clusters())
def test_one_rule_with_all_peers_is_the_same_as_a_rule_for_each(cluster):
    told(cluster=cluster)
    parts = [
        {
            **policy,
            "spec": {**policy["spec"], **{side: apart(policy["spec"][side]) for side in sides(policy)}},
        }
        for policy in cluster["policies"]
    ]
    assert verdicts({**cluster, "policies": parts}) == verdicts(cluster)


def sides(policy):
    return [side for side in ("ingress", "egress") if policy["spec"].get(side)]


def apart(rules):
    """A rule for each pair of a peer and a port."""
    return [one for rule in rules for one in pieces(rule)]


def pieces(rule):
    """A missing list stays missing, and an empty one goes missing."""
    way = "from" if "from" in rule else "to"
    for peer in rule.get(way) or [None]:
        for port in rule.get("ports") or [None]:
            yield {key: [one] for key, one in ((way, peer), ("ports", port)) if one is not None}


@share(3)
@given(clusters())
def test_without_policies_nothing_is_drawn_but_the_pods(cluster):
    told(cluster=cluster)
    network = network_of({**cluster, "policies": []})
    made = graph(network, Flows(network), View(level="workload"))
    assert made.edges == ()
    assert len(made.nodes) == len(cluster["pods"])
