import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.model.documents import load_yaml
from registry.model.facts import DEFAULT_FACTS, SAMPLE_FACTS
from registry.model.networkpolicy import check_spec
from registry.model.normalise import normalise_spec
from registry.model.parameters import fill
from registry.model.problems import Invalid
from registry.model.rendering import Context, FactUnknown, render
from registry.model.template import parse_template
from tests.model.strategies import specs

WEB = [{"podSelector": {"matchLabels": {"app": "web"}}}]
PLACE = Context("shop", "checkout", SAMPLE_FACTS)


def template(spec, p=None, scope="workload"):
    parameters = {"properties": {"p": {"default": p}, "q": {"default": [{"port": 1}]}}}
    document = {
        "name": "a",
        "description": "A.",
        "scope": scope,
        "spec": load_yaml(spec),
        "parameters": parameters,
    }
    return parse_template(document)


def rendered(spec, *, default, value, place=PLACE):
    made = template(spec, default)
    return render(made, fill(made, {"p": value}), place)


def ingress(spec, value, *, default=WEB, place=PLACE):
    return rendered(
        f"{{policyTypes: [Ingress], ingress: {spec}}}", default=default, value=value, place=place
    ).get("ingress")


def test_a_placeholder_takes_the_typed_value():
    assert ingress("[{ports: [{port: '${p}'}]}]", 5432, default=1) == [
        {"ports": [{"protocol": "TCP", "port": 5432}]}
    ]


def test_a_list_as_an_item_is_spliced():
    both = [*WEB, {"namespaceSelector": {}}]
    assert ingress("[{from: [{podSelector: {}}, '${p}', {podSelector: {}}]}]", both) == [
        {"from": [{"podSelector": {}}, *both, {"podSelector": {}}]}
    ]


def test_a_list_as_a_value_stays_one_list():
    assert ingress("[{from: '${p}'}]", WEB) == [{"from": WEB}]


def test_a_value_that_looks_like_a_placeholder_is_not_filled_in_again():
    with pytest.raises(Invalid, match=r"'\$\{namespace\}' is not a port"):
        ingress("[{ports: [{port: '${p}'}]}]", "${namespace}", default=1)


@pytest.mark.parametrize(
    ("value", "text"), [("x", "a-x-b"), (7, "a-7-b"), (True, "a-true-b"), (False, "a-false-b")]
)
def test_inside_a_longer_text_a_scalar_stands_as_text(value, text):
    selector = "[{from: [{podSelector: {matchLabels: {l: 'a-${p}-b'}}}]}]"
    assert ingress(selector, value, default="x")[0]["from"][0]["podSelector"]["matchLabels"] == {"l": text}


@pytest.mark.parametrize("value", [[], ["x"], {}, None])
def test_inside_a_longer_text_nothing_else_stands(value):
    with pytest.raises(Invalid) as caught:
        ingress("[{from: [{podSelector: {matchLabels: {l: 'a-${p}'}}}]}]", value, default="x")
    assert [problem.pointer for problem in caught.value.problems] == ["/p"]


def test_the_place_is_known_to_a_template():
    selector = "[{from: [{podSelector: {matchLabels: {a: '${namespace}', b: '${workload.name}'}}}]}]"
    assert ingress(selector, None)[0]["from"][0]["podSelector"]["matchLabels"] == {
        "a": "shop",
        "b": "checkout",
    }


@pytest.mark.parametrize(
    ("rule", "value", "kept"),
    [
        ("{from: ['${p}']}", [], None),
        ("{from: '${p}'}", [], None),
        ("{ports: ['${p}']}", [], None),
        ("{ports: '${p}'}", [], None),
        ("{from: ['${p}'], ports: [{port: 1}]}", [], None),
        ("{from: [{podSelector: {}}], ports: ['${p}']}", [], None),
        ("'${p}'", [{"from": [], "ports": [{"port": 1}]}], None),
        ("'${p}'", [], None),
        ("{from: ['${p}', {podSelector: {}}]}", [], {"from": [{"podSelector": {}}]}),
        ("{from: []}", [], {}),
        ("{}", [], {}),
        ("'${p}'", [{}], {}),
    ],
)
def test_a_rule_whose_list_came_out_empty_is_dropped(rule, value, kept):
    # The API server stores `from: []` as "anyone": the rule would open what it was meant to narrow.
    default = (
        [{"port": 1}] if "ports: ['${p}'" in rule or "ports: '$" in rule else [{}] if rule[0] == "'" else WEB
    )
    other = {"from": [{"namespaceSelector": {}}]}
    wanted = [other] if kept is None else [kept, other]
    assert ingress(f"[{rule}, {{from: [{{namespaceSelector: {{}}}}]}}]", value, default=default) == wanted


def test_the_same_holds_for_egress():
    spec = "{policyTypes: [Egress], egress: [{to: ['${p}'], ports: [{port: 1}]}]}"
    assert rendered(spec, default=WEB, value=[]) == {"policyTypes": ["Egress"]}


def test_a_direction_stays_isolated_when_all_its_rules_are_dropped():
    spec = "{ingress: [{}], egress: [{to: ['${p}']}]}"
    assert rendered(spec, default=WEB, value=[])["policyTypes"] == ["Ingress", "Egress"]


def test_a_list_of_rules_that_comes_out_empty_allows_nothing():
    assert ingress("'${p}'", [], default=[{}]) is None


PRIVATE = ["10.0.0.0/8", "fc00::/7", "192.168.0.0/16"]


def block(cidr, excepted="['${cluster.private}']", private=PRIVATE):
    place = Context("shop", "checkout", {"cluster.private": private})
    rule = f"{{from: [{{ipBlock: {{cidr: '{cidr}', except: {excepted}}}}}]}}"
    return ingress(f"[{rule}]", None, place=place)


@pytest.mark.parametrize("excepted", ["['${cluster.private}']", "'${cluster.private}'"])
@pytest.mark.parametrize(
    ("cidr", "kept"), [("0.0.0.0/0", ["10.0.0.0/8", "192.168.0.0/16"]), ("::/0", ["fc00::/7"])]
)
def test_an_except_list_takes_the_entries_of_its_own_family(cidr, kept, excepted):
    assert block(cidr, excepted) == [{"from": [{"ipBlock": {"cidr": cidr, "except": kept}}]}]


def test_entries_written_out_are_kept_beside_those_of_a_variable():
    kept = block("0.0.0.0/0", "[192.0.2.0/24, '${cluster.private}']")[0]["from"][0]["ipBlock"]["except"]
    assert kept == ["192.0.2.0/24", "10.0.0.0/8", "192.168.0.0/16"]


@pytest.mark.parametrize("private", [[], ["10.0.0.0/8"]])
def test_a_rule_that_would_except_nothing_is_dropped(private):
    assert block("::/0", private=private) is None


def test_an_entry_of_the_other_family_written_out_is_an_error():
    with pytest.raises(Invalid, match="is not a part of"):
        block("0.0.0.0/0", "['fc00::/7']")


@pytest.mark.parametrize(
    "fact", ["cluster.dns", "cluster.apiServer", "cluster.ingressControllers", "cluster.private"]
)
def test_an_unknown_fact_is_named(fact):
    spec = "{egress: [{to: ['${cluster.dns}', '${cluster.apiServer}', '${cluster.ingressControllers}']}, "
    spec += "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: ['${cluster.private}']}}]}]}"
    facts = {name: value for name, value in SAMPLE_FACTS.items() if name != fact}
    with pytest.raises(FactUnknown) as caught:
        render(template(spec), {}, Context("shop", "checkout", facts))
    assert caught.value.fact == fact


def test_a_fact_that_is_not_used_need_not_be_known():
    assert render(template("{ingress: [{}]}"), {}, Context("shop")) == {
        "ingress": [{}],
        "policyTypes": ["Ingress"],
    }


def test_a_fact_known_to_be_empty_drops_its_rule():
    place = Context("shop", "checkout", {**DEFAULT_FACTS, "cluster.ingressControllers": []})
    assert ingress("[{from: ['${cluster.ingressControllers}']}]", None, place=place) is None


def test_scope_workload_has_no_pod_selector():
    assert "podSelector" not in render(template("{ingress: [{}]}"), {}, PLACE)


@pytest.mark.parametrize(
    ("spec", "selector"), [("{}", {}), ("{podSelector: {matchLabels: {a: b}}}", {"matchLabels": {"a": "b"}})]
)
def test_scope_namespace_always_has_a_pod_selector(spec, selector):
    assert render(template(spec, scope="namespace"), {}, Context("shop"))["podSelector"] == selector


@pytest.mark.parametrize(
    ("rule", "default", "value", "pointer"),
    [
        ("{ports: [{port: '${p}'}]}", 80, 70000, "/p"),
        ("{ports: [{port: '${p}'}]}", 80, None, "/p"),
        ("{ports: ['${q}', '${p}']}", [{"port": 1}], [{"port": 1}, {"port": 0}], "/p/1/port"),
        ("{ports: '${p}'}", [{"port": 1}], [{"port": 1}, {"prot": 1}], "/p/1/prot"),
        ("{from: [{podSelector: '${p}'}]}", {}, {"matchLabels": {"a/b": 1}}, "/p/matchLabels/a~1b"),
        ("{from: [{podSelector: {matchLabels: {x: 'a${p}'}}}]}", "b", " b", "/p"),
        ("'${p}'", [{}], [{"from": []}, {"from": [{}]}], "/p/1/from/0"),
        (
            "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['${p}']}}]}",
            ["10.1.0.0/16"],
            ["fc00::/7", "11.0.0.0/8"],
            "/p/1",
        ),
        ("{from: [{ipBlock: {cidr: '10.${p}.0.0/16'}}]}", 1, 300, "/p"),
        ("{ports: [{port: 443, endPort: '${p}'}]}", 444, 442, "/p"),
    ],
)
def test_a_broken_rule_points_at_the_parameter_it_came_from(rule, default, value, pointer):
    with pytest.raises(Invalid) as caught:
        ingress(f"[{{from: ['${{cluster.dns}}', {{podSelector: {{}}}}]}}, {rule}]", value, default=default)
    assert [problem.pointer for problem in caught.value.problems] == [pointer]


def test_a_broken_rule_is_found_behind_one_that_was_dropped():
    with pytest.raises(Invalid) as caught:
        ingress("'${p}'", [{"from": []}, {"from": [{}]}], default=[{}])
    assert [problem.pointer for problem in caught.value.problems] == ["/p/1/from/0"]


def test_what_no_parameter_caused_points_into_the_template():
    place = Context("shop", "checkout", {"cluster.dns": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]})
    with pytest.raises(Invalid) as caught:
        ingress("[{from: ['${cluster.dns}']}]", None, place=place)
    assert caught.value.problems[0].pointer == "/spec/ingress/0/from/0"


def test_rendering_changes_neither_template_nor_parameters_nor_facts():
    made = template("{ingress: [{from: ['${p}', '${cluster.dns}', {podSelector: {}}]}]}", WEB)
    parameters, before = fill(made, {}), copy.deepcopy((made.document, SAMPLE_FACTS))
    for peer in render(made, parameters, PLACE)["ingress"][0]["from"]:
        peer.clear()
    assert (made.document, SAMPLE_FACTS) == before
    assert parameters["p"] == WEB


@given(specs)
def test_a_spec_without_placeholders_renders_to_its_stored_form(spec):
    if not spec.get("policyTypes"):
        spec = {key: item for key, item in spec.items() if key != "policyTypes"}
    made = parse_template({"name": "a", "description": "A.", "scope": "namespace", "spec": spec})
    assert render(made, {}, Context("shop")) == normalise_spec({"podSelector": {}, **spec})


peers = st.sampled_from([{"podSelector": {}}, {"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}])


@given(st.lists(peers, max_size=3), st.lists(peers, max_size=3), st.booleans())
def test_what_is_rendered_is_valid_and_never_opens_by_accident(value, dns, whole):
    rule = "{from: '${p}'}" if whole else "{from: ['${p}', '${cluster.dns}']}"
    stored = ingress(f"[{rule}]", value, place=Context("shop", "checkout", {"cluster.dns": dns})) or []
    assert all(rule["from"] for rule in stored)
    assert check_spec({"ingress": stored}, pod_selector=False) == []
