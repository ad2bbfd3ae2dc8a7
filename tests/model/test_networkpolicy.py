import pytest
from hypothesis import given

from registry.model.documents import load_yaml
from registry.model.networkpolicy import check_selector, check_spec
from registry.model.problems import Problem
from tests.model.strategies import specs

PORT = "/spec/ingress/0/ports/0"
PEER = "/spec/ingress/0/from/0"


def ports(text):
    return {"ingress": [{"ports": [load_yaml(text)]}]}


def peer(text):
    return {"ingress": [{"from": [load_yaml(text)]}]}


def pointers(spec, *, pod_selector=True):
    return [problem.pointer for problem in check_spec(spec, pod_selector=pod_selector)]


@given(specs)
def test_a_valid_spec_has_no_problems(spec):
    assert check_spec(spec, pod_selector=True) == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{port: 1}",
        "{port: 65535}",
        "{port: http}",
        "{port: a}",
        "{port: a-1-b}",
        "{port: 1a}",
        "{port: abcdefghijklmno}",
        "{protocol: TCP}",
        "{protocol: UDP, port: 53}",
        "{protocol: SCTP, port: 5000, endPort: 5000}",
        "{port: 1, endPort: 65535}",
    ],
)
def test_ports_that_kubernetes_accepts(text):
    assert pointers(ports(text)) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{port: 0}", "/port"),
        ("{port: -1}", "/port"),
        ("{port: 65536}", "/port"),
        ("{port: 80.0}", "/port"),
        ("{port: true}", "/port"),
        ("{port: '80'}", "/port"),
        ("{port: ''}", "/port"),
        ("{port: HTTP}", "/port"),
        ("{port: -http}", "/port"),
        ("{port: http-}", "/port"),
        ("{port: a--b}", "/port"),
        ("{port: abcdefghijklmnop}", "/port"),
        ('{port: "http\\n"}', "/port"),
        ("{port: null}", "/port"),
        ("{port: [80]}", "/port"),
        ("{protocol: tcp}", "/protocol"),
        ("{protocol: ICMP}", "/protocol"),
        ("{protocol: ''}", "/protocol"),
        ("{protocol: null}", "/protocol"),
        ("{endPort: 80}", "/endPort"),
        ("{port: http, endPort: 80}", "/endPort"),
        ("{port: 80, endPort: 79}", "/endPort"),
        ("{port: 80, endPort: 65536}", "/endPort"),
        ("{port: 80, endPort: http}", "/endPort"),
        ("{prot: 80}", "/prot"),
        ("80", ""),
    ],
)
def test_ports_that_kubernetes_refuses(text, place):
    assert pointers(ports(text)) == [PORT + place]


@pytest.mark.parametrize(
    "text",
    [
        "{podSelector: {}}",
        "{namespaceSelector: {}}",
        "{podSelector: {}, namespaceSelector: {}}",
        "{ipBlock: {cidr: 0.0.0.0/0}}",
        "{ipBlock: {cidr: '::/0'}}",
        "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}",
        "{ipBlock: {cidr: 10.0.0.0/8, except: []}}",
        "{ipBlock: {cidr: 'FE80:0:0::/64'}}",
        "{ipBlock: {cidr: '::1.2.3.0/120'}}",
    ],
)
def test_peers_that_kubernetes_accepts(text):
    assert pointers(peer(text)) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{}", ""),
        ("null", ""),
        ("[]", ""),
        ("{podSelector: null}", "/podSelector"),
        ("{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}", ""),
        ("{ipBlock: {}}", "/ipBlock"),
        ("{ipBlock: {cidr: ''}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 10.0.0.1}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 10.0.0.1/8}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 010.0.0.0/8}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 10.0.0.0/08}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 10.0.0.0/+8}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 10.0.0.0/33}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 10.0.0.0/255.0.0.0}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 10.0.0/8}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: '2001:db8::1/64'}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: '::ffff:10.0.0.0/104'}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 'fe80::%eth0/64'}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: ' 10.0.0.0/8'}}", "/ipBlock/cidr"),
        ("{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}", "/ipBlock/except/0"),
        ("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 11.0.0.0/16]}}", "/ipBlock/except/1"),
        ("{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/7]}}", "/ipBlock/except/0"),
        ("{ipBlock: {cidr: 0.0.0.0/0, except: ['fc00::/7']}}", "/ipBlock/except/0"),
        ("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.1/16]}}", "/ipBlock/except/0"),
        ("{ipBlock: {cidr: 10.0.0.0/8, excepts: []}}", "/ipBlock/excepts"),
    ],
)
def test_peers_that_kubernetes_refuses(text, place):
    assert pointers(peer(text)) == [PEER + place]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{matchLabels: {app: web, example.com/Side_1.x: ''}}",
        "{matchLabels: {A: B}}",
        "{matchExpressions: [{key: a, operator: In, values: [x]}]}",
        "{matchExpressions: [{key: a, operator: Exists, values: []}, {key: a, operator: DoesNotExist}]}",
        f"{{matchLabels: {{{'a' * 63}: {'b' * 63}}}}}",
        f"{{matchLabels: {{{'a' * 253}/x: y}}}}",
    ],
)
def test_selectors_that_kubernetes_accepts(text):
    assert check_selector(load_yaml(text), "") == []


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("[]", ""),
        ("{matchLabel: {}}", "/matchLabel"),
        ("{matchLabels: null}", "/matchLabels"),
        ("{matchLabels: [a]}", "/matchLabels"),
        ("{matchLabels: {a: null}}", "/matchLabels/a"),
        ("{matchLabels: {a: 1}}", "/matchLabels/a"),
        ("{matchLabels: {a: true}}", "/matchLabels/a"),
        ("{matchLabels: {a: -x}}", "/matchLabels/a"),
        ("{matchLabels: {a: x_}}", "/matchLabels/a"),
        ("{matchLabels: {a: 'x y'}}", "/matchLabels/a"),
        ('{matchLabels: {a: "x\\n"}}', "/matchLabels/a"),
        (f"{{matchLabels: {{a: {'b' * 64}}}}}", "/matchLabels/a"),
        ("{matchLabels: {'': x}}", "/matchLabels/"),
        ("{matchLabels: {-a: x}}", "/matchLabels/-a"),
        ("{matchLabels: {/a: x}}", "/matchLabels/~1a"),
        ("{matchLabels: {a/: x}}", "/matchLabels/a~1"),
        ("{matchLabels: {a/b/c: x}}", "/matchLabels/a~1b~1c"),
        ("{matchLabels: {Example.com/a: x}}", "/matchLabels/Example.com~1a"),
        (f"{{matchLabels: {{{'a' * 64}: x}}}}", f"/matchLabels/{'a' * 64}"),
        (f"{{matchLabels: {{{'a' * 254}/x: y}}}}", f"/matchLabels/{'a' * 254}~1x"),
        ("{matchExpressions: [{operator: Exists}]}", "/matchExpressions/0"),
        ("{matchExpressions: [{key: a}]}", "/matchExpressions/0"),
        ("{matchExpressions: [{key: a, operator: in, values: [x]}]}", "/matchExpressions/0/operator"),
        ("{matchExpressions: [{key: a, operator: In}]}", "/matchExpressions/0"),
        ("{matchExpressions: [{key: a, operator: NotIn, values: []}]}", "/matchExpressions/0"),
        ("{matchExpressions: [{key: a, operator: Exists, values: [x]}]}", "/matchExpressions/0/values"),
        ("{matchExpressions: [{key: a, operator: In, values: [1]}]}", "/matchExpressions/0/values/0"),
        ("{matchExpressions: [{key: 'a b', operator: Exists}]}", "/matchExpressions/0/key"),
        ("{matchExpressions: [{key: a, operator: Exists, value: x}]}", "/matchExpressions/0/value"),
    ],
)
def test_selectors_that_kubernetes_refuses(text, pointer):
    assert [problem.pointer for problem in check_selector(load_yaml(text), "")] == [pointer]


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("[]", "/spec"),
        ("null", "/spec"),
        ("{ingres: []}", "/spec/ingres"),
        ("{ingress: {}}", "/spec/ingress"),
        ("{ingress: null}", "/spec/ingress"),
        ("{ingress: [null]}", "/spec/ingress/0"),
        ("{ingress: [{to: []}]}", "/spec/ingress/0/to"),
        ("{egress: [{from: []}]}", "/spec/egress/0/from"),
        ("{egress: [{to: [{}]}]}", "/spec/egress/0/to/0"),
        ("{policyTypes: [ingress]}", "/spec/policyTypes/0"),
        ("{policyTypes: [Ingress, Egress, Egress]}", "/spec/policyTypes"),
        ("{policyTypes: Ingress}", "/spec/policyTypes"),
        ("{podSelector: {app: web}}", "/spec/podSelector/app"),
    ],
)
def test_specs_that_kubernetes_refuses(text, pointer):
    assert pointers(load_yaml(text)) == [pointer]


def test_a_pod_selector_is_refused_where_the_workload_has_the_say():
    assert pointers({"podSelector": {}}, pod_selector=False) == ["/spec/podSelector"]


@pytest.mark.parametrize(
    ("spec", "fix"),
    [
        (ports("{prot: 80}"), "Did you mean `port`?"),
        (ports("{port: '80'}"), "Write the number without quotes."),
        (ports("{protocol: tcp}"), "Write TCP."),
        ({"policyTypes": ["ingress"]}, "Write Ingress."),
        ({"egres": []}, "Did you mean `egress`?"),
        (peer("{ipBlock: {cidr: 10.0.0.1/8}}"), "Write 10.0.0.0/8, or a longer prefix for a single address."),
        (
            peer("{zzz: 1, podSelector: {}}"),
            "Remove it, or use `ipBlock`, `namespaceSelector` or `podSelector`.",
        ),
    ],
)
def test_a_problem_says_what_to_write_instead(spec, fix):
    assert [problem.fix for problem in check_spec(spec, pod_selector=True)] == [fix]


def test_null_is_no_value():
    (found,) = check_spec(ports("{port: null}"), pod_selector=True)
    assert found.reason == "`port` has no value."


def test_a_problem_reads_as_a_sentence():
    assert check_spec(ports("{port: 70000}"), pod_selector=True) == [
        Problem(
            f"{PORT}/port",
            "70000 is not a port.",
            "Write a number from 1 to 65535 or a service name such as http.",
        )
    ]
