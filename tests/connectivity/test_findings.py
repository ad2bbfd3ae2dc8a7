import pytest

from registry.connectivity import ports
from registry.connectivity.findings.codes import CODES
from registry.connectivity.findings.examples import EXAMPLES
from registry.connectivity.findings.findings import findings
from registry.connectivity.flows import Flows
from registry.planning.pods import Port
from tests.connectivity.made import cluster, names, pods, policy

DENY = "{podSelector: {}, policyTypes: [Ingress]}"
OPEN = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{}]}"


def ingress(app, rules):
    return f"{{podSelector: {{matchLabels: {{app: {app}}}}}, policyTypes: [Ingress], ingress: {rules}}}"


def egress(app, rules):
    return f"{{podSelector: {{matchLabels: {{app: {app}}}}}, policyTypes: [Egress], egress: {rules}}}"


def to(app, *numbers):
    at = f", ports: [{', '.join(f'{{port: {number}}}' for number in numbers)}]" if numbers else ""
    return f"{{to: [{{podSelector: {{matchLabels: {{app: {app}}}}}}}]{at}}}"


def from_(app, *numbers):
    return to(app, *numbers).replace("{to:", "{from:")


def found(*objects, whole=True, namespaces=None):
    network = cluster(*objects, namespaces=namespaces)
    return [(one, network) for one in findings(network, Flows(network), whole=whole)]


def codes(*objects, **options):
    return [one.code for one, _ in found(*objects, **options)]


def only(code, *objects, **options):
    (one,) = (one for one in found(*objects, **options) if one[0].code == code)
    return one


def connections(finding, network):
    return [
        (
            names(network, one.sources),
            names(network, one.destinations),
            ports.shown(one.added or one.removed),
            "added" if one.added else "removed",
        )
        for one in finding.connections
    ]


def policies(finding):
    return [str(one.key) for one in finding.policies]


WEB, DB = pods("shop/web"), pods("shop/db")


def test_a_cluster_without_policies_has_no_findings():
    assert codes(WEB, DB) == []


def test_a_policy_that_selects_no_pods_is_told():
    finding, _ = only("SelectsNothing", WEB, policy("shop/old", ingress("gone", "[]")))
    assert finding.message == ("Policy shop/old: no pods are selected: nothing in shop satisfies app=gone.")
    assert finding.severity == "warning"


def test_where_no_workload_is_known_selecting_nothing_is_info():
    finding, _ = only("SelectsNothing", policy("shop/old", DENY))
    assert finding.severity == "info"


def test_a_policy_for_pods_on_the_hosts_network_selects_nothing():
    agent = pods("shop/agent", host_network=True)
    finding, _ = only("SelectsNothing", WEB, agent, policy("shop/agent", ingress("agent", "[]")))
    assert "on the host's network" in finding.message


def test_a_rule_whose_selectors_match_nothing_is_told():
    finding, _ = only("PeersAbsent", WEB, policy("shop/in", ingress("web", f"[{from_('gone')}]")))
    assert finding.severity == "warning"
    assert "rule 1 of ingress is about nobody who is there: pods app=gone in shop" in finding.message


@pytest.mark.parametrize(
    "other", ["{podSelector: {matchLabels: {app: db}}}", "{ipBlock: {cidr: 10.0.0.0/8}}"]
)
def test_a_rule_of_which_one_selector_matches_nothing_is_info(other):
    rule = f"[{{from: [{{podSelector: {{matchLabels: {{app: gone}}}}}}, {other}]}}]"
    finding, _ = only("PeersAbsent", WEB, DB, policy("shop/in", ingress("web", rule)))
    assert finding.severity == "info"


def test_rules_for_addresses_or_anyone_are_about_somebody():
    rules = "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}, {ports: [{port: 80}]}]"
    assert codes(WEB, policy("shop/in", ingress("web", rules))) == []


@pytest.mark.parametrize(("whole", "expected"), [(True, ["PeersAbsent"]), (False, [])])
def test_in_a_part_of_a_cluster_namespaces_without_workloads_say_nothing(whole, expected):
    dns = "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]}"
    assert codes(WEB, policy("shop/dns", egress("web", f"[{dns}]")), whole=whole) == expected


def test_in_a_part_of_a_cluster_known_namespaces_are_looked_at():
    assert codes(WEB, policy("shop/in", ingress("web", f"[{from_('gone')}]")), whole=False) == ["PeersAbsent"]


def test_a_named_port_that_no_selected_container_declares_is_told():
    rule = ingress("web", "[{ports: [{port: http}]}]")
    assert codes(pods("shop/web", Port("TCP", 80, "www")), policy("shop/in", rule)) == ["NamedPortUnresolved"]
    assert codes(pods("shop/web", Port("TCP", 80, "http")), policy("shop/in", rule)) == []


def test_a_named_port_that_only_others_declare_is_told():
    rule = ingress("web", "[{ports: [{port: sql}]}]")
    told = codes(WEB, pods("shop/db", Port("TCP", 5432, "sql")), policy("shop/in", rule))
    assert told == ["NamedPortUnresolved"]


def test_a_named_port_is_of_the_rules_protocol():
    rule = ingress("web", "[{ports: [{port: dns, protocol: UDP}]}]")
    finding, _ = only(
        "NamedPortUnresolved", pods("shop/web", Port("TCP", 53, "dns")), policy("shop/in", rule)
    )
    assert "UDP dns" in finding.message


def test_a_named_port_of_egress_is_looked_up_at_the_destinations():
    rule = egress("web", "[{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: sql}]}]")
    declared = pods("shop/db", Port("TCP", 5432, "sql"))
    assert codes(pods("shop/web", Port("TCP", 1, "sql")), DB, policy("shop/out", rule)) == [
        "NamedPortUnresolved"
    ]
    assert codes(WEB, declared, policy("shop/out", rule)) == []


def test_policies_that_say_the_same_are_told_once():
    again = ingress("web", "[{ports: [{port: 80, protocol: TCP}]}]")
    objects = (policy("shop/b", again, "http"), policy("shop/a", ingress("web", "[{ports: [{port: 80}]}]")))
    finding, _ = only("DuplicatePolicy", WEB, *objects)
    assert policies(finding) == ["shop/a", "shop/b"]


def test_equal_policies_of_two_namespaces_are_no_duplicates():
    assert codes(WEB, pods("blog/web"), policy("shop/a", DENY), policy("blog/a", DENY)) == []


def test_a_denial_that_another_policy_opens_again_is_told():
    finding, network = only(
        "DefaultUndone", WEB, DB, policy("shop/deny", DENY, "deny-all"), policy("shop/x", OPEN)
    )
    assert policies(finding) == ["shop/deny", "shop/x"]
    assert names(network, finding.pods) == ["shop/web"]


@pytest.mark.parametrize(
    "spec",
    [
        ingress("web", "[{ports: [{port: 80}]}]"),
        ingress("web", "[{from: [{podSelector: {}}]}]"),
        egress("web", "[{}]"),
        ingress("nobody", "[{}]"),
    ],
)
def test_a_policy_that_opens_less_does_not_undo_a_denial(spec):
    assert "DefaultUndone" not in codes(
        WEB, DB, policy("shop/deny", DENY, "deny-all"), policy("shop/x", spec)
    )


def test_a_denial_of_nobodys_template_may_be_undone():
    assert "DefaultUndone" not in codes(WEB, policy("shop/deny", DENY), policy("shop/x", OPEN))


def test_egress_to_pods_that_do_not_let_it_in_is_told():
    finding, network = only(
        "NotLetIn",
        WEB,
        DB,
        policy("shop/out", egress("web", f"[{to('db', 5432)}]")),
        policy("shop/in", ingress("db", "[]"), "deny"),
    )
    assert policies(finding) == ["shop/out"]
    assert connections(finding, network) == [(["shop/web"], ["shop/db"], ["TCP 5432"], "removed")]
    assert "shop/Deployment.apps/web to shop/Deployment.apps/db at TCP 5432" in finding.message


def test_ingress_from_pods_that_may_not_send_is_told():
    finding, network = only(
        "NotLetOut",
        WEB,
        DB,
        policy("shop/out", egress("web", "[]")),
        policy("shop/in", ingress("db", f"[{from_('web', 5432)}]")),
    )
    assert policies(finding) == ["shop/in"]
    assert connections(finding, network) == [(["shop/web"], ["shop/db"], ["TCP 5432"], "removed")]


@pytest.mark.parametrize(
    ("rules_of_egress", "rules_of_ingress"),
    [
        (f"[{to('db', 5432)}]", f"[{from_('web', 5432)}]"),
        (f"[{to('db', 5432)}]", "[{}]"),
        (f"[{to('db')}]", f"[{from_('web', 5432)}]"),
        ("[{to: [{podSelector: {}}]}]", "[]"),
        ("[{}]", "[]"),
        ("[{to: [{namespaceSelector: {matchLabels: {team: shop}}}]}]", "[]"),
    ],
)
def test_allows_that_fit_or_are_not_on_purpose_are_not_one_sided(rules_of_egress, rules_of_ingress):
    told = codes(
        WEB,
        DB,
        policy("shop/out", egress("web", rules_of_egress)),
        policy("shop/in", ingress("db", rules_of_ingress)),
        namespaces={"shop": {"team": "shop"}},
    )
    assert told == []


def test_the_ports_that_a_rule_lists_and_that_do_not_get_through_are_told():
    finding, network = only(
        "NotLetIn",
        WEB,
        DB,
        policy("shop/out", egress("web", f"[{to('db', 5432, 9187)}]")),
        policy("shop/in", ingress("db", f"[{from_('web', 5432)}]")),
    )
    assert connections(finding, network) == [(["shop/web"], ["shop/db"], ["TCP 9187"], "removed")]


def test_an_end_that_nothing_isolates_allows_all():
    assert codes(WEB, DB, policy("shop/out", egress("web", f"[{to('db', 5432)}]"))) == []


def test_named_ports_are_the_destinations_on_both_sides():
    database = pods("shop/db", Port("TCP", 5432, "sql"))
    rule = "[{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: sql}]}]"
    out = policy("shop/out", egress("web", rule))
    assert codes(WEB, database, out, policy("shop/in", ingress("db", f"[{from_('web', 5432)}]"))) == []
    assert codes(WEB, database, out, policy("shop/in", ingress("db", f"[{from_('web', 1)}]"))) == [
        "NotLetIn",
        "NotLetOut",
    ]


def test_what_an_unmanaged_policy_opens_at_generated_isolation_is_told():
    finding, network = only(
        "UnmanagedWidens",
        WEB,
        DB,
        policy("shop/deny", ingress("db", "[]"), "deny"),
        policy("shop/by-hand", ingress("db", f"[{from_('web', 5432)}]")),
    )
    assert policies(finding) == ["shop/by-hand", "shop/deny"]
    assert connections(finding, network) == [(["shop/web"], ["shop/db"], ["TCP 5432"], "added")]


def test_addresses_that_an_unmanaged_policy_lets_in_are_told():
    finding, _ = only(
        "UnmanagedWidens",
        DB,
        policy("shop/deny", ingress("db", "[]"), "deny"),
        policy("shop/by-hand", ingress("db", "[{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]")),
    )
    assert [one.source_addresses != () for one in finding.connections] == [True]


@pytest.mark.parametrize(
    ("generated", "unmanaged"),
    [
        (f"[{from_('web')}]", f"[{from_('web', 5432)}]"),
        ("[{}]", f"[{from_('web', 5432)}]"),
        ("[]", f"[{from_('gone')}]"),
    ],
)
def test_what_generated_policies_allow_anyway_is_not_widened(generated, unmanaged):
    told = codes(
        WEB,
        DB,
        policy("shop/own", ingress("db", generated), "own"),
        policy("shop/by-hand", ingress("db", unmanaged)),
    )
    assert "UnmanagedWidens" not in told


def test_a_connection_that_the_other_end_denies_is_not_opened():
    told = codes(
        WEB,
        DB,
        policy("shop/deny", ingress("db", "[]"), "deny"),
        policy("shop/by-hand", ingress("db", f"[{from_('web', 5432)}]")),
        policy("shop/silent", egress("web", "[]")),
    )
    assert "UnmanagedWidens" not in told


def test_a_workload_that_no_generated_policy_isolates_is_not_widened():
    told = codes(WEB, DB, policy("shop/a", ingress("db", "[]")), policy("shop/b", ingress("db", "[{}]")))
    assert "UnmanagedWidens" not in told


def test_of_several_unmanaged_policies_each_is_told_with_its_own():
    told = [
        (policies(one)[0], connections(one, network)[0][0])
        for one, network in found(
            WEB,
            DB,
            pods("shop/api"),
            policy("shop/deny", ingress("db", "[]"), "deny"),
            policy("shop/a", ingress("db", f"[{from_('web')}]")),
            policy("shop/b", ingress("db", f"[{from_('api')}]")),
        )
    ]
    assert told == [("shop/a", ["shop/web"]), ("shop/b", ["shop/api"])]


def test_a_generated_policy_is_no_unmanaged_one_though_it_lets_the_connection_in():
    told = [
        policies(one)[0]
        for one, _ in found(
            WEB,
            DB,
            policy("shop/db", ingress("db", f"[{from_('web')}]"), "db"),
            policy("shop/db-by-hand", ingress("db", "[]")),
            policy("shop/web", egress("web", "[]"), "deny"),
            policy("shop/web-by-hand", egress("web", f"[{to('db')}]")),
        )
        if one.code == "UnmanagedWidens"
    ]
    assert told == ["shop/web-by-hand"]


def test_policies_of_one_template_are_one_finding():
    objects = [policy(f"shop/p{n}", ingress(f"gone{n}", "[]"), "postgres") for n in range(5)]
    finding, _ = only("SelectsNothing", WEB, *objects)
    assert len(finding.policies) == 5
    assert finding.message.startswith("5 policies of template postgres, revision 1: no pods are selected: ")
    assert finding.message.endswith(" and 2 more.")


def test_the_worst_come_first():
    objects = (
        policy("shop/deny", DENY, "deny-all"),
        policy("shop/open", OPEN),
        policy("shop/old", ingress("x", "[]")),
    )
    told = [one.severity for one, _ in found(WEB, *objects)]
    assert told == ["error", "warning", "warning"]


def test_each_code_has_all_that_a_reader_needs():
    assert all(code.title and code.why.endswith(".") and code.fix.endswith(".") for code in CODES.values())


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_found_in_its_example(code):
    network = EXAMPLES[code].network()
    assert code in [one.code for one in findings(network, Flows(network))]
