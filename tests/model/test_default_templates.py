import re

import pytest

from registry.model.defaults import default_templates, default_texts
from registry.model.documents import load_yaml
from registry.model.facts import DEFAULT_FACTS, SAMPLE_FACTS, check_fact
from registry.model.parameter_schema import closed, sample
from registry.model.parameters import fill
from registry.model.rendering import Context, FactUnknown, render
from registry.model.services import SERVICES
from registry.resources import resource_dir
from tests.model.other_parameters import OTHER_PARAMETERS

TEMPLATES = {template.name: template for template in default_templates()}
PLACE = Context("shop", "checkout", SAMPLE_FACTS)


def names_in(text):
    return set(text.split())


PRESETS = {"allow-all", "internet-only", "project-apps-only", "deny-all"}
OF_NAMESPACE = names_in(
    """
    deny-all-ingress allow-namespace-communication default-deny-all default-deny-egress deny-cross-namespace
    allow-dns block-metadata-service deny-restricted-egress
    """
)
OF_WORKLOAD = names_in(
    """
    allow-port api-from-clients database-access allow-frontend from-ingress-controller from-namespace
    from-all-namespaces from-monitoring to-namespace to-cidr to-internet to-api-server
    deny-ingress deny-egress
    """
)
WELL_KNOWN = names_in(
    """
    http https dns ssh postgres mysql mongodb redis memcached rabbitmq kafka nats elasticsearch
    cassandra clickhouse mssql oracle etcd zookeeper consul vault minio prometheus grafana jaeger
    otlp ldap ldaps smtp imap ftp syslog mqtt nfs
    """
)


def spec_of(name, parameters=None):
    template = TEMPLATES[name]
    given = sample(closed(template.parameters)) if parameters is None else parameters
    return render(template, fill(template, given), PLACE)


def test_every_template_that_was_promised_is_there():
    services = WELL_KNOWN | {f"to-{name}" for name in WELL_KNOWN}
    assert set(TEMPLATES) == PRESETS | OF_NAMESPACE | OF_WORKLOAD | services


def test_a_file_has_the_name_of_its_template():
    assert {load_yaml(text)["name"]: name for name, text in default_texts().items()} == {
        name: f"{name}.yaml" for name in TEMPLATES
    }


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_renders_with_its_defaults(name):
    assert spec_of(name)["policyTypes"] == TEMPLATES[name].spec["policyTypes"]


@pytest.mark.parametrize("name", OTHER_PARAMETERS)
def test_other_parameters_give_another_policy(name):
    assert spec_of(name, OTHER_PARAMETERS[name]) != spec_of(name)


def test_every_template_with_parameters_has_others_to_try():
    assert set(OTHER_PARAMETERS) == {name for name, template in TEMPLATES.items() if template.parameters}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_description_says_what_is_cut(name):
    words = TEMPLATES[name].description.lower()
    for direction in TEMPLATES[name].spec["policyTypes"]:
        phrase = rf"cuts( all| no)( other)? ((in|e)gress and )?{direction.lower()}"
        assert re.search(phrase, words) or spec_of(name)[direction.lower()] == [{}], direction


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_parameter_is_described(name):
    properties = TEMPLATES[name].parameters.get("properties", {})
    assert all(schema.get("description", "").endswith(".") for schema in properties.values())


@pytest.mark.parametrize("name", TEMPLATES)
def test_namespaces_are_selected_by_a_label_that_is_always_there(name):
    selectors = re.findall(r"'namespaceSelector': (\{(?:[^{}]|\{[^{}]*\})*\})", str(TEMPLATES[name].spec))
    assert all(selector == "{}" or "kubernetes.io/metadata.name" in selector for selector in selectors)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_is_the_whole_statement_for_its_workload(name):
    template = TEMPLATES[name]
    assert (template.scope, template.exclusive_group, template.replaces_defaults) == (
        "workload",
        "preset",
        True,
    )


def test_two_templates_are_applied_to_every_managed_namespace():
    defaults = {name for name, template in TEMPLATES.items() if template.default_in is not None}
    assert defaults == {"deny-all-ingress", "allow-namespace-communication"}
    assert all(TEMPLATES[name].default_in == {} for name in defaults)


@pytest.mark.parametrize("name", sorted(OF_NAMESPACE))
def test_templates_of_a_namespace_have_its_scope(name):
    assert TEMPLATES[name].scope == "namespace"


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - OF_NAMESPACE))
def test_all_others_are_for_workloads(name):
    assert TEMPLATES[name].scope == "workload"


DNS = {
    "to": SAMPLE_FACTS["cluster.dns"],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}
INGRESS_CONTROLLERS = {"from": SAMPLE_FACTS["cluster.ingressControllers"]}
PUBLIC = load_yaml("""
- to: [{ipBlock: {cidr: 0.0.0.0/0, except: [
    10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16]}}]
- to: [{ipBlock: {cidr: '::/0', except: ['fc00::/7', 'fe80::/10']}}]
""")
OWN_PODS = [{"podSelector": {}}]
BOTH = ["Ingress", "Egress"]


def one_rule(labels, port):
    rule = {"from": [{"podSelector": {"matchLabels": labels}}], "ports": [{"protocol": "TCP", "port": port}]}
    return {"policyTypes": ["Ingress"], "ingress": [rule]}


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        (
            "allow-all",
            {
                "policyTypes": BOTH,
                "ingress": [{"from": OWN_PODS + INGRESS_CONTROLLERS["from"]}],
                "egress": [{}],
            },
        ),
        ("internet-only", {"policyTypes": BOTH, "ingress": [INGRESS_CONTROLLERS], "egress": [*PUBLIC, DNS]}),
        (
            "project-apps-only",
            {"policyTypes": BOTH, "ingress": [{"from": OWN_PODS}], "egress": [{"to": OWN_PODS}, DNS]},
        ),
        ("deny-all", {"policyTypes": BOTH}),
        ("deny-all-ingress", {"podSelector": {}, "policyTypes": ["Ingress"]}),
        (
            "allow-namespace-communication",
            {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": OWN_PODS}]},
        ),
        ("default-deny-all", {"podSelector": {}, "policyTypes": BOTH}),
        ("default-deny-egress", {"podSelector": {}, "policyTypes": ["Egress"]}),
        ("allow-dns", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [DNS]}),
        (
            "deny-restricted-egress",
            {"podSelector": {"matchLabels": {"access": "restricted"}}, "policyTypes": ["Egress"]},
        ),
        (
            "allow-port",
            {"policyTypes": ["Ingress"], "ingress": [{"ports": [{"protocol": "TCP", "port": 8000}]}]},
        ),
        ("database-access", one_rule({"tier": "api"}, 3306)),
        ("allow-frontend", one_rule({"app": "frontend"}, 8080)),
        ("from-ingress-controller", {"policyTypes": ["Ingress"], "ingress": [INGRESS_CONTROLLERS]}),
        ("to-internet", {"policyTypes": ["Egress"], "egress": [*PUBLIC, DNS]}),
        ("deny-ingress", {"policyTypes": ["Ingress"]}),
        ("deny-egress", {"policyTypes": ["Egress"]}),
        (
            "postgres",
            {
                "policyTypes": ["Ingress"],
                "ingress": [{"from": OWN_PODS, "ports": [{"protocol": "TCP", "port": 5432}]}],
            },
        ),
        (
            "to-postgres",
            {
                "policyTypes": ["Egress"],
                "egress": [{"to": OWN_PODS, "ports": [{"protocol": "TCP", "port": 5432}]}, DNS],
            },
        ),
    ],
)
def test_a_template_means_what_was_promised(name, spec):
    assert spec_of(name) == spec


def test_the_metadata_service_is_left_out_for_both_ip_families():
    (rule,) = spec_of("block-metadata-service")["egress"]
    assert [peer["ipBlock"]["except"] for peer in rule["to"] if "ipBlock" in peer] == [
        ["169.254.169.254/32"],
        ["fd00:ec2::254/128"],
    ]


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name.startswith("to-")])
def test_a_template_for_egress_keeps_the_cluster_dns(name):
    assert spec_of(name)["egress"][-1] == DNS


def test_the_api_server_is_unknown_until_it_is_found():
    with pytest.raises(FactUnknown):
        render(TEMPLATES["to-api-server"], {"port": 6443}, Context("shop", "checkout", DEFAULT_FACTS))


def test_the_table_has_each_service_once():
    assert len({service.name for service in SERVICES}) == len(SERVICES)


@pytest.mark.parametrize("name", SAMPLE_FACTS)
def test_known_facts_are_valid(name):
    assert check_fact(name, SAMPLE_FACTS[name], "") == []


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("cluster.dns", [{}], "/facts/0"),
        ("cluster.dns", {"podSelector": {}}, "/facts"),
        ("cluster.private", ["10.0.0.1/8"], "/facts/0"),
        ("cluster.private", [{"ipBlock": {}}], "/facts/0"),
        ("cluster.nodes", [], "/facts"),
    ],
)
def test_a_fact_that_would_break_policies_is_refused(name, value, pointer):
    assert [problem.pointer for problem in check_fact(name, value, "/facts")] == [pointer]


def test_a_folder_that_is_not_installed_is_named():
    with pytest.raises(FileNotFoundError, match="no folder nowhere"):
        resource_dir("nowhere")
