"""Each sentence on NetworkPolicies in Kubernetes' documentation, as a policy and whom it lets through.

https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

import pytest

from registry.connectivity.addresses import address_of
from registry.connectivity.verdict import verdict
from registry.planning.pods import Port
from tests.connectivity.made import cluster, key, pods, policy

PODS = (
    pods("default/db", Port("TCP", 6379, "redis"), Port("UDP", 6379, "stats"), role="db"),
    pods("default/front", role="frontend"),
    pods("default/plain"),
    pods("mine/front", Port("TCP", 8080, "redis"), role="frontend"),
    pods("mine/plain"),
    pods("other/front", role="frontend"),
    pods("default/host", host_network=True, role="frontend"),
)
NAMES = [f"{one.key.namespace}/{one.key.workload.name}" for one in PODS]
NAMESPACES = {"default": {"project": "default"}, "mine": {"project": "mine"}}
OTHERS = {*NAMES} - {"default/db"}
ELSEWHERE = {"mine/front", "mine/plain", "other/front", "default/host"}
BESIDE = {"default/front", "default/plain", "default/db"}
LABELLED = {*NAMES} - {"default/host"}
ON_DB = "podSelector: {matchLabels: {role: db}}"


def network(*specs):
    policies = [policy(f"default/{number}", f"{{{spec}}}") for number, spec in enumerate(specs)]
    return cluster(*PODS, *policies, namespaces=NAMESPACES)


def end(made, name):
    return made.pods(key(name)) if "/" in name else address_of(name)


def reaching(made, at=("TCP", 6379), among=NAMES):
    """Who may connect to default/db."""
    return {name for name in among if verdict(made, end(made, name), end(made, "default/db"), *at).allowed}


def reached(made, at=("TCP", 6379), among=NAMES):
    """To whom default/db may connect."""
    return {name for name in among if verdict(made, end(made, "default/db"), end(made, name), *at).allowed}


FROM = {
    "podSelector: {}": BESIDE,
    "podSelector: {matchLabels: {role: frontend}}": {"default/front"},
    "namespaceSelector: {}": LABELLED,
    "namespaceSelector: {matchLabels: {project: mine}}": {"mine/front", "mine/plain"},
    "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}": {"other/front"},
    "namespaceSelector: {matchExpressions: [{key: project, operator: In, values: [mine, default]}]}": {
        *BESIDE,
        "mine/front",
        "mine/plain",
    },
    "namespaceSelector: {matchExpressions: [{key: project, operator: NotIn, values: [mine]}]}": {
        *BESIDE,
        "other/front",
    },
    "namespaceSelector: {matchExpressions: [{key: project, operator: DoesNotExist}]}": {"other/front"},
    "namespaceSelector: {matchExpressions: [{key: project, operator: Exists}]}": {
        *BESIDE,
        "mine/front",
        "mine/plain",
    },
    "podSelector: {matchExpressions: [{key: role, operator: NotIn, values: [frontend]}]}": {
        "default/plain",
        "default/db",
    },
    "podSelector: {matchExpressions: [{key: role, operator: DoesNotExist}]}": {"default/plain"},
    "podSelector: {matchLabels: {role: frontend, app: plain}}": set(),
    "namespaceSelector: {matchLabels: {project: mine}}, podSelector: {matchLabels: {role: frontend}}": {
        "mine/front"
    },
    "namespaceSelector: {}, podSelector: {matchLabels: {role: frontend}}": {
        "default/front",
        "mine/front",
        "other/front",
    },
    "ipBlock: {cidr: 0.0.0.0/0}": set(),
}


@pytest.mark.parametrize("peer", FROM)
def test_a_peer_in_from_lets_in_just_these_pods(peer):
    assert reaching(network(f"{ON_DB}, ingress: [{{from: [{{{peer}}}]}}]")) == FROM[peer]


@pytest.mark.parametrize("peer", FROM)
def test_a_peer_in_to_lets_out_to_just_these_pods(peer):
    assert reached(network(f"{ON_DB}, policyTypes: [Egress], egress: [{{to: [{{{peer}}}]}}]")) == FROM[peer]


def test_two_selectors_in_one_item_have_both_to_hold_in_two_items_either():
    selectors = (
        "namespaceSelector: {matchLabels: {project: mine}}",
        "podSelector: {matchLabels: {role: frontend}}",
    )
    both = network(f"{ON_DB}, ingress: [{{from: [{{{', '.join(selectors)}}}]}}]")
    either = network(f"{ON_DB}, ingress: [{{from: [{{{'}, {'.join(selectors)}}}]}}]")
    assert reaching(both) == {"mine/front"}
    assert reaching(either) == {"mine/front", "mine/plain", "default/front"}


TYPES = {
    "": (set(), OTHERS),
    "policyTypes: []": (set(), OTHERS),
    "policyTypes: [Ingress]": (set(), OTHERS),
    "policyTypes: [Egress]": (OTHERS, set()),
    "policyTypes: [Ingress, Egress]": (set(), set()),
    "ingress: []": (set(), OTHERS),
    "egress: []": (set(), OTHERS),
    "egress: [{to: [{podSelector: {}}]}]": (set(), BESIDE - {"default/db"}),
    "egress: [{}]": (set(), OTHERS),
    "ingress: [{}]": (OTHERS, OTHERS),
    "policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]": (set(), OTHERS),
    "policyTypes: [Egress], ingress: [{}]": (OTHERS, set()),
    "ingress: [{from: []}]": (OTHERS, OTHERS),
    "ingress: [{ports: []}]": (OTHERS, OTHERS),
    "policyTypes: [Egress], egress: [{to: [], ports: []}]": (OTHERS, OTHERS),
}


@pytest.mark.parametrize("spec", TYPES)
def test_policy_types_and_rules_say_which_directions_are_isolated(spec):
    made = network(f"{ON_DB}{', ' if spec else ''}{spec}")
    assert (reaching(made, among=OTHERS), reached(made, among=OTHERS)) == TYPES[spec]


PORTS = {
    "{}": {("TCP", 1), ("TCP", 6379), ("TCP", 6400), ("TCP", 65535)},
    "{port: 6379}": {("TCP", 6379)},
    "{port: 6379, protocol: UDP}": {("UDP", 6379)},
    "{protocol: UDP}": {("UDP", 6379), ("UDP", 53)},
    "{protocol: SCTP}": {("SCTP", 7)},
    "{port: 7, protocol: SCTP}": {("SCTP", 7)},
    "{port: redis}": {("TCP", 6379)},
    "{port: redis, protocol: UDP}": set(),
    "{port: stats, protocol: UDP}": {("UDP", 6379)},
    "{port: stats}": set(),
    "{port: none}": set(),
    "{port: 6379, endPort: 6400}": {("TCP", 6379), ("TCP", 6400)},
    "{port: 6300, endPort: 6379}": {("TCP", 6379)},
    "{port: 6380, endPort: 6400}": {("TCP", 6400)},
    "{port: 6379, endPort: 6379}": {("TCP", 6379)},
    "{port: 1, endPort: 65535, protocol: UDP}": {("UDP", 6379), ("UDP", 53)},
    "{port: 6379}, {protocol: SCTP}": {("TCP", 6379), ("SCTP", 7)},
}
ASKED = [*(("TCP", one) for one in (1, 6379, 6400, 65535)), ("UDP", 6379), ("UDP", 53), ("SCTP", 7)]


@pytest.mark.parametrize("ports", PORTS)
def test_ports_of_an_ingress_rule_are_those_of_the_selected_pods(ports):
    made = network(f"{ON_DB}, ingress: [{{ports: [{ports}]}}]")
    assert {at for at in ASKED if reaching(made, at, ["mine/plain"])} == PORTS[ports]


@pytest.mark.parametrize("ports", PORTS)
def test_ports_of_an_egress_rule_are_those_of_the_destination(ports):
    made = network("podSelector: {matchLabels: {app: plain}}, policyTypes: [Egress], "
                   f"egress: [{{ports: [{ports}]}}]")  # fmt: skip
    ends = end(made, "default/plain"), end(made, "default/db")
    assert {at for at in ASKED if verdict(made, *ends, *at).allowed} == PORTS[ports]


def test_a_named_port_is_another_number_at_another_destination():
    made = network(f"{ON_DB}, policyTypes: [Egress], egress: [{{ports: [{{port: redis}}]}}]")
    assert reached(made, ("TCP", 8080)) == {"mine/front"}
    assert reached(made, ("TCP", 6379)) == {"default/db"}


def test_a_named_port_is_nothing_outside_of_the_cluster():
    made = network(f"{ON_DB}, policyTypes: [Egress], egress: [{{ports: [{{port: redis}}]}}]")
    assert reached(made, ("TCP", 6379), ["192.0.2.1"]) == set()


def test_peers_and_ports_of_a_rule_have_both_to_hold():
    made = network(f"{ON_DB}, ingress: [{{from: [{{podSelector: {{}}}}], ports: [{{port: 80}}]}}]")
    assert reaching(made, ("TCP", 80)) == BESIDE
    assert reaching(made, ("TCP", 81)) == set()


def test_peers_of_one_rule_have_no_part_in_the_ports_of_another():
    front = "from: [{podSelector: {matchLabels: {role: frontend}}}], ports: [{port: 80}]"
    made = network(
        f"{ON_DB}, ingress: [{{{front}}}, {{from: [{{podSelector: {{}}}}], ports: [{{port: 81}}]}}]"
    )
    assert reaching(made, ("TCP", 80)) == {"default/front"}
    assert reaching(made, ("TCP", 81)) == BESIDE


BLOCKS = {
    "cidr: 172.17.0.0/16": {"172.17.0.0", "172.17.1.7", "172.17.255.255"},
    "cidr: 172.17.0.0/16, except: [172.17.1.0/24]": {"172.17.0.0", "172.17.255.255"},
    "cidr: 172.17.0.0/16, except: [172.17.1.0/24, 172.17.255.255/32]": {"172.17.0.0"},
    "cidr: 172.17.9.9/16": {"172.17.0.0", "172.17.1.7", "172.17.255.255"},
    "cidr: 172.17.1.7/32": {"172.17.1.7"},
    "cidr: 0.0.0.0/0": {"172.16.255.255", "172.17.0.0", "172.17.1.7", "172.17.255.255", "172.18.0.0"},
    "cidr: '2001:db8::/32'": {"2001:db8::1"},
    "cidr: '2001:db8::/32', except: ['2001:db8::/64']": set(),
    "cidr: '::/0'": {"2001:db8::1", "::1"},
}
AROUND = ["172.16.255.255", "172.17.0.0", "172.17.1.7", "172.17.255.255", "172.18.0.0", "2001:db8::1", "::1"]


@pytest.mark.parametrize("block", BLOCKS)
def test_an_ip_block_lets_in_its_addresses_without_the_excepted(block):
    assert (
        reaching(network(f"{ON_DB}, ingress: [{{from: [{{ipBlock: {{{block}}}}}]}}]"), among=AROUND)
        == (BLOCKS[block])
    )


@pytest.mark.parametrize("block", BLOCKS)
def test_an_ip_block_lets_out_to_its_addresses_without_the_excepted(block):
    made = network(f"{ON_DB}, policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{{block}}}}}]}}]")
    assert reached(made, among=AROUND) == BLOCKS[block]


def test_what_one_block_excepts_another_one_may_allow():
    blocks = "{ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}}, {ipBlock: {cidr: 172.17.1.7/32}}"
    assert "172.17.1.7" in reaching(network(f"{ON_DB}, ingress: [{{from: [{blocks}]}}]"), among=AROUND)


def test_selectors_match_nothing_outside_of_the_cluster():
    made = network(f"{ON_DB}, ingress: [{{from: [{{namespaceSelector: {{}}}}]}}]")
    assert reaching(made, among=AROUND) == set()


def test_by_default_a_pod_is_not_isolated():
    made = network("podSelector: {matchLabels: {role: frontend}}, policyTypes: [Ingress, Egress]")
    assert reaching(made) == {*NAMES} - {"default/front"}
    assert reaching(made, among=AROUND) == {*AROUND}


def test_policies_do_not_conflict_they_are_additive():
    front = f"{ON_DB}, ingress: [{{from: [{{podSelector: {{matchLabels: {{role: frontend}}}}}}]}}]"
    mine = f"{ON_DB}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{project: mine}}}}}}]}}]"
    assert reaching(network(front, "podSelector: {}", mine)) == {"default/front", "mine/front", "mine/plain"}


def test_policies_are_additive_for_what_goes_out_too():
    egress = f"{ON_DB}, policyTypes: [Egress], egress"
    front = f"{egress}: [{{to: [{{podSelector: {{matchLabels: {{role: frontend}}}}}}]}}]"
    nothing = "podSelector: {}, policyTypes: [Egress]"
    other = f"{egress}: [{{to: [{{ipBlock: {{cidr: 192.0.2.0/24}}}}]}}]"
    made = network(nothing, front, other)
    assert reached(made) == {"default/front"}
    assert reached(made, among=["192.0.2.1", "192.0.3.1"]) == {"192.0.2.1"}


def test_both_the_egress_of_the_source_and_the_ingress_of_the_destination_have_to_allow():
    ingress = f"{ON_DB}, ingress: [{{from: [{{podSelector: {{}}}}]}}]"
    egress = "podSelector: {matchLabels: {app: plain}}, policyTypes: [Egress]"
    assert reaching(network(ingress)) == BESIDE
    assert reaching(network(ingress, egress)) == BESIDE - {"default/plain"}


def test_a_policy_selects_pods_of_its_own_namespace_alone():
    made = network("podSelector: {}, policyTypes: [Ingress]")
    mine = {
        name for name in NAMES if verdict(made, *(end(made, one) for one in (name, "mine/front")), "TCP", 1)
    }
    assert mine == {*NAMES}


def test_pods_on_the_network_of_the_host_are_selected_by_no_policy():
    made = network("podSelector: {}, policyTypes: [Ingress, Egress]")
    host = end(made, "default/host")
    assert verdict(made, end(made, "mine/front"), host, "TCP", 80).allowed
    assert verdict(made, host, end(made, "mine/front"), "TCP", 80).allowed


def test_pods_on_the_network_of_the_host_are_let_in_by_a_rule_without_peers():
    assert "default/host" in reaching(network(f"{ON_DB}, ingress: [{{ports: [{{port: 6379}}]}}]"))


@pytest.mark.parametrize("blocks_match_pods", [False, True])
def test_pods_on_the_network_of_the_host_have_the_address_of_the_node(blocks_match_pods):
    made = network(f"{ON_DB}, ingress: [{{from: [{{ipBlock: {{cidr: 10.9.0.0/16}}}}]}}]")
    made.blocks_match_pods = blocks_match_pods
    made.put_pods(on_node("10.9.0.1"))
    assert reaching(made) == {"default/host"}
    made.put_pods(on_node("10.8.0.1"))
    assert reaching(made) == set()


def on_node(address):
    host = pods("default/host", host_network=True)
    return type(host)(key=host.key, host_network=True, addresses=(address,))


@pytest.mark.parametrize(("blocks_match_pods", "allowed"), [(False, set()), (True, {"default/front"})])
def test_whether_blocks_match_pods_is_an_option(blocks_match_pods, allowed):
    made = network(
        f"{ON_DB}, ingress: [{{from: [{{ipBlock: {{cidr: 10.1.0.0/16, except: [10.1.2.0/24]}}}}]}}]"
    )
    made.blocks_match_pods = blocks_match_pods
    for name, address in (("default/front", "10.1.1.1"), ("default/plain", "10.1.2.1")):
        one = made.pods(key(name)).group
        made.put_pods(type(one)(key=one.key, labels=one.labels, addresses=(address,)))
    assert reaching(made) == allowed


@pytest.mark.parametrize(("count", "allowed"), [(1, True), (2, False), (None, False)])
def test_a_pod_reaches_itself_and_of_several_one_reaches_another_only_if_allowed(count, allowed):
    made = network("podSelector: {}, policyTypes: [Ingress, Egress]")
    one = made.pods(key("default/db")).group
    made.put_pods(type(one)(key=one.key, labels=one.labels, pods=count))
    assert reaching(made, among=["default/db"]) == ({"default/db"} if allowed else set())


EXAMPLES = {
    "default deny all ingress": ("podSelector: {}, policyTypes: [Ingress]", set(), ELSEWHERE),
    "allow all ingress": ("podSelector: {}, ingress: [{}], policyTypes: [Ingress]", {*NAMES}, {*NAMES}),
    "default deny all egress": ("podSelector: {}, policyTypes: [Egress]", ELSEWHERE, set()),
    "allow all egress": ("podSelector: {}, egress: [{}], policyTypes: [Egress]", {*NAMES}, {*NAMES}),
    "default deny all": ("podSelector: {}, policyTypes: [Ingress, Egress]", set(), set()),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_default_policies_of_the_documentation_do_what_their_names_say(name):
    spec, into, out = EXAMPLES[name]
    made = network(spec)
    assert (reaching(made), reached(made)) == (into, out)


def test_the_first_example_of_the_documentation_does_what_it_says():
    made = network("""
        podSelector: {matchLabels: {role: db}},
        policyTypes: [Ingress, Egress],
        ingress: [{
          from: [
            {ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}},
            {namespaceSelector: {matchLabels: {project: mine}}},
            {podSelector: {matchLabels: {role: frontend}}}],
          ports: [{protocol: TCP, port: 6379}]}],
        egress: [{to: [{ipBlock: {cidr: 10.0.0.0/24}}], ports: [{protocol: TCP, port: 5978}]}]""")
    outside = ["172.17.0.1", "172.17.1.1", "172.17.2.0", "10.0.0.1", "10.0.1.1"]
    assert reaching(made) == {"default/front", "mine/front", "mine/plain"}
    assert reaching(made, among=outside) == {"172.17.0.1", "172.17.2.0"}
    assert reaching(made, ("TCP", 6380)) == reaching(made, ("UDP", 6379)) == set()
    assert reached(made, ("TCP", 5978), outside) == {"10.0.0.1"}
    assert reached(made, ("TCP", 5978)) == reached(made, ("TCP", 5979), outside) == set()


def test_a_protocol_that_policies_do_not_know_is_refused():
    made = network()
    with pytest.raises(KeyError):
        verdict(made, end(made, "default/db"), end(made, "mine/plain"), "ICMP", 1)
