import pytest

from registry.connectivity.addresses import read_cidr
from registry.connectivity.exposure import Exposed, Reach, exposure
from registry.connectivity.flows import Flows
from registry.connectivity.zones import Zones
from registry.planning.pods import Port
from tests.connectivity.made import cluster, names, pods, policy

ANY_POD = Reach(kind="pods", ports=("any",), namespaces="all", pods="all")


def exposed(*objects, namespaces=None, direction="ingress", pods=None, zones=None):
    network = cluster(*objects, namespaces=namespaces)
    return getattr(exposure(network, Flows(network), pods, zones=zones), direction)


def reaches(spec, *objects, direction="ingress", zones=None, namespaces=None):
    found = exposed(
        pods("shop/web"),
        policy("shop/rule", spec),
        *objects,
        direction=direction,
        zones=zones,
        namespaces=namespaces,
    )
    (isolated,) = (one for one in found if one.isolated)
    return list(isolated.reaches)


def ingress(rules):
    return f"{{podSelector: {{matchLabels: {{app: web}}}}, policyTypes: [Ingress], ingress: {rules}}}"


def egress(rules):
    return f"{{podSelector: {{matchLabels: {{app: web}}}}, policyTypes: [Egress], egress: {rules}}}"


def test_workloads_without_isolation_are_told_as_such():
    (found,) = exposed(pods("shop/web"))
    assert found == Exposed({"shop": 1}, isolated=False)


def test_an_isolated_workload_without_rules_is_exposed_to_nobody():
    assert reaches(ingress("[]")) == []


def test_a_rule_for_anyone_lets_in_the_internet_private_addresses_and_any_pod():
    assert reaches(ingress("[{}]")) == [
        Reach(kind="internet", ports=("any",), addresses=("IPv4", "IPv6")),
        ANY_POD,
        Reach(kind="private", ports=("any",), addresses=("IPv4", "IPv6")),
    ]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("{cidr: 10.1.0.0/16}", [("private", ("10.1.0.0/16",))]),
        ("{cidr: 8.8.8.0/24}", [("addresses", ("8.8.8.0/24",))]),
        ("{cidr: 0.0.0.0/0}", [("internet", ("IPv4",)), ("private", ("IPv4",))]),
        ("{cidr: '::/0'}", [("internet", ("IPv6",)), ("private", ("IPv6",))]),
        ("{cidr: 'fd00::/8'}", [("private", ("fd00::/8",))]),
        ("{cidr: 10.0.0.0/7}", [("addresses", ("11.0.0.0/8",)), ("private", ("10.0.0.0/8",))]),
    ],
)
def test_the_internet_is_told_apart_from_parts_of_it_and_from_private_ranges(block, expected):
    found = reaches(ingress(f"[{{from: [{{ipBlock: {block}}}]}}]"))
    assert [(one.kind, one.addresses) for one in found] == expected


def test_the_internet_without_private_ranges_is_still_the_internet():
    private = "[10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16]"
    found = reaches(ingress(f"[{{from: [{{ipBlock: {{cidr: 0.0.0.0/0, except: {private}}}}}]}}]"))
    assert [one.kind for one in found] == ["internet", "private"]
    assert found[1].addresses == ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")


def test_ranges_of_ones_own_are_private():
    found = reaches(
        ingress("[{from: [{ipBlock: {cidr: 8.8.8.0/24}}]}]"), zones=Zones((read_cidr("8.0.0.0/8"),))
    )
    assert [one.kind for one in found] == ["private"]


@pytest.mark.parametrize(
    ("peer", "namespaces", "selector"),
    [
        ("{podSelector: {}}", "own", "all"),
        ("{podSelector: {matchLabels: {tier: front}}}", "own", "tier=front"),
        ("{namespaceSelector: {}}", "all", "all"),
        ("{namespaceSelector: {matchLabels: {team: pay}}}", "team=pay", "all"),
        (
            "{namespaceSelector: {matchLabels: {team: pay}}, podSelector: {matchLabels: {tier: front}}}",
            "team=pay",
            "tier=front",
        ),
    ],
)
def test_selectors_stand_for_workloads_that_may_come(peer, namespaces, selector):
    (found,) = reaches(ingress(f"[{{from: [{peer}], ports: [{{port: 80}}]}}]"))
    assert (found.namespaces, found.pods, found.ports) == (namespaces, selector, ("TCP 80",))


def test_a_selector_that_nothing_matches_now_is_told():
    rule = ingress("[{from: [{podSelector: {matchLabels: {app: later}}}]}]")
    assert [one.now for one in reaches(rule)] == [False]
    assert [one.now for one in reaches(rule, pods("shop/later"))] == [True]


def test_pods_of_another_namespace_do_not_make_a_local_selector_match():
    rule = ingress("[{from: [{podSelector: {matchLabels: {app: later}}}]}]")
    assert [one.now for one in reaches(rule, pods("blog/later"))] == [False]


def test_what_a_wider_rule_allows_anyway_is_not_told_again():
    rules = "[{from: [{podSelector: {}}]}, {from: [{podSelector: {matchLabels: {app: db}}}]}]"
    assert [one.pods for one in reaches(ingress(rules))] == ["all"]


def test_of_a_narrower_rule_the_ports_that_it_adds_are_told():
    rules = (
        "[{from: [{podSelector: {}}], ports: [{port: 80}]},"
        " {from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 80}, {port: 81}]}]"
    )
    assert [(one.pods, one.ports) for one in reaches(ingress(rules))] == [
        ("all", ("TCP 80",)),
        ("app=db", ("TCP 81",)),
    ]


def test_own_and_other_namespaces_do_not_cover_each_other():
    rules = "[{from: [{podSelector: {}}]}, {from: [{namespaceSelector: {matchLabels: {team: pay}}}]}]"
    assert [one.namespaces for one in reaches(ingress(rules))] == ["own", "team=pay"]


def test_all_of_the_own_namespace_are_not_some_of_another():
    peer = "{namespaceSelector: {matchLabels: {team: pay}}, podSelector: {matchLabels: {app: db}}}"
    rules = f"[{{from: [{{podSelector: {{}}}}]}}, {{from: [{peer}]}}]"
    assert [one.namespaces for one in reaches(ingress(rules))] == ["own", "team=pay"]


def test_named_ports_are_those_that_the_workload_declares():
    network = cluster(
        pods("shop/web", Port("TCP", 8080, "http")),
        pods("shop/api", Port("TCP", 9090, "http")),
        policy("shop/http", "{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: http}]}]}"),
    )
    found = exposure(network, Flows(network)).ingress
    told = {names(network, one.pods)[0]: {reach.ports for reach in one.reaches} for one in found}
    assert told == {"shop/web": {("TCP 8080",)}, "shop/api": {("TCP 9090",)}}


def test_named_ports_of_destinations_that_are_not_there_keep_their_names():
    (found,) = reaches(
        egress("[{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: sql}]}]"), direction="egress"
    )
    assert found.ports == ("TCP sql",)


def test_egress_tells_where_a_workload_could_go():
    found = reaches(
        egress("[{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]"), direction="egress"
    )
    assert [(one.kind, one.ports) for one in found] == [("internet", ("TCP 443",)), ("private", ("TCP 443",))]


def test_workloads_of_equal_exposure_in_many_namespaces_are_one_group():
    own = ingress("[{from: [{podSelector: {}}]}]")
    objects = [
        one for number in range(20) for one in (pods(f"n{number}/web"), policy(f"n{number}/own", own, "own"))
    ]
    (found,) = exposed(*objects)
    assert len(found.pods) == 20


def test_those_on_the_hosts_network_are_apart():
    network = cluster(pods("shop/agent", host_network=True), pods("shop/web"))
    found = exposure(network, Flows(network))
    assert names(network, found.host_network) == ["shop/agent"]
    assert [names(network, one.pods) for one in found.ingress] == [["shop/web"]]


def test_some_workloads_alone_can_be_asked_about():
    network = cluster(pods("shop/web"), pods("blog/front"))
    (found,) = exposure(network, Flows(network), {"blog": 1}).ingress
    assert names(network, found.pods) == ["blog/front"]
