"""Plans for Namespaces: defaults, opting out, presets left out, and the order of writes."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import contract
from registry.planning.exclusion import TooManyParts, exclude, matches
from registry.planning.namespaces import plan_namespace
from tests.planning.build import ALLOW, DENY, Cluster, actions, catalogue, namespace, reasons, told

DEFAULTS = {"allow": ALLOW, "deny": DENY}


def apply(cluster: Cluster) -> None:
    cluster.carry_out(cluster.plan_namespace())


def test_defaults_come_with_the_namespace_allows_before_denies():
    plan = Cluster(catalogue(**DEFAULTS)).plan_namespace()
    assert [[f"{c.action} {c.template}" for c in phase] for phase in plan.phases] == [
        ["create allow"],
        ["create deny"],
    ]


def test_isolation_is_told():
    assert told(Cluster(catalogue(**DEFAULTS)).plan_namespace()) == ["TrafficIsolated"]


def test_false_opts_out_of_a_default():
    cluster = Cluster(catalogue(**DEFAULTS), namespace(references={"deny": "false"}))
    assert actions(cluster.plan_namespace()) == ["create allow"]


@pytest.mark.parametrize(("labels", "expected"), [({"tier": "gold"}, ["create allow"]), ({}, [])])
def test_a_default_applies_where_its_selector_matches(labels: dict[str, str], expected: list[str]):
    templates = catalogue(allow={**ALLOW, "defaultIn": {"matchLabels": {"tier": "gold"}}})
    assert actions(Cluster(templates, namespace(labels=labels)).plan_namespace()) == expected


def test_disabling_removes_denies_first():
    cluster = Cluster(catalogue(**DEFAULTS))
    apply(cluster)
    cluster.namespace = namespace(managed=False)
    plan = cluster.plan_namespace()
    assert [[f"{c.action} {c.template}" for c in phase] for phase in plan.phases] == [
        ["delete deny"],
        ["delete allow"],
    ]


def test_nothing_changed_plans_nothing():
    cluster = Cluster(catalogue(**DEFAULTS))
    apply(cluster)
    assert cluster.plan_namespace().changes == []


def test_an_excluded_namespace_is_told_and_left_alone():
    cluster = Cluster(catalogue(**DEFAULTS))
    view = msgspec.structs.replace(cluster.namespace_view(), excluded=True)
    plan = plan_namespace(view, cluster.around)
    assert (told(plan), plan.changes) == (["NamespaceExcluded"], [])


def test_a_workload_template_on_a_namespace_is_refused():
    cluster = Cluster(catalogue(postgres={}), namespace(references={"postgres": "true"}))
    assert reasons(cluster.plan_namespace()) == ["WrongScope"]


def test_only_what_allows_leaves_presets_out():
    cluster = Cluster(catalogue(**DEFAULTS))
    cluster.presets = ({"matchLabels": {"app": "db"}},)
    apply(cluster)
    selectors = {
        p.labels[contract.TEMPLATE_LABEL]: msgspec.json.decode(p.spec)["podSelector"]
        for p in cluster.policies.values()
    }
    assert selectors == {
        "allow": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]},
        "deny": {},
    }


def test_one_more_single_label_preset_changes_the_default_in_place():
    cluster = Cluster(catalogue(allow=ALLOW))
    cluster.presets = ({"matchLabels": {"app": "a"}},)
    apply(cluster)
    cluster.presets += ({"matchLabels": {"app": "b"}},)
    assert actions(cluster.plan_namespace()) == ["update allow"]


def test_presets_that_cannot_be_left_out_change_nothing():
    cluster = Cluster(catalogue(allow=ALLOW))
    apply(cluster)
    cluster.presets = tuple({"matchLabels": {"a": f"{n}", "b": f"{n}"}} for n in range(4))
    plan = cluster.plan_namespace()
    assert (reasons(plan), plan.changes) == (["TooManyPolicies"], [])


def test_drift_of_one_part_is_told():
    cluster = Cluster(catalogue(allow=ALLOW))
    cluster.presets = ({"matchLabels": {"a": "1", "b": "1"}},)
    apply(cluster)
    cluster.applied[cluster.namespace.key] = dict(cluster.plan_namespace().in_force)
    name = min(cluster.policies)
    cluster.edit(name, spec=b'{"podSelector":{}}')
    assert "DriftRepaired" in told(cluster.plan_namespace())


VALUES = [None, "1", "2"]
PODS = [
    {key: value for key, value in zip("abc", values, strict=True) if value}
    for values in itertools.product(VALUES, repeat=3)
]
labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"), max_size=2)
expressions = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": sorted(values)},
        st.sampled_from("abc"),
        st.sampled_from(["In", "NotIn"]),
        st.sets(st.sampled_from("12"), min_size=1),
    ),
    st.builds(
        lambda key, operator: {"key": key, "operator": operator},
        st.sampled_from("abc"),
        st.sampled_from(["Exists", "DoesNotExist"]),
    ),
)
selectors = st.builds(
    lambda match_labels, match_expressions: {
        **({"matchLabels": match_labels} if match_labels else {}),
        **({"matchExpressions": match_expressions} if match_expressions else {}),
    },
    labels,
    st.lists(expressions, max_size=1),
)


@given(selectors, st.lists(selectors, max_size=4))
def test_the_union_of_parts_is_every_pod_but_those_left_out(
    base: dict[str, Any], left_out: list[dict[str, Any]]
):
    try:
        parts = exclude(base, left_out)
    except TooManyParts:
        return
    for pod in PODS:
        expected = matches(base, pod) and not any(matches(one, pod) for one in left_out)
        assert any(matches(part, pod) for part in parts) == expected


@given(st.lists(selectors, max_size=4), st.randoms())
def test_the_order_of_what_is_left_out_does_not_matter(left_out: list[dict[str, Any]], random: Any):
    shuffled = random.sample(left_out, len(left_out))
    try:
        assert exclude({}, left_out) == exclude({}, shuffled)
    except TooManyParts:
        with pytest.raises(TooManyParts):
            exclude({}, shuffled)


def covered(cluster: Cluster) -> list[bool]:
    live = [msgspec.json.decode(policy.spec)["podSelector"] for policy in cluster.policies.values()]
    return [any(matches(selector, pod) for selector in live) for pod in PODS]


presets = st.lists(selectors.filter(bool), max_size=3)


@given(presets, presets)
def test_no_pod_that_stays_covered_is_ever_left_out_between_two_writes(before: list[Any], after: list[Any]):
    cluster = Cluster(catalogue(allow=ALLOW))
    cluster.presets = tuple(before)
    apply(cluster)
    was = covered(cluster)
    cluster.presets = tuple(after)
    steps = []
    for change in cluster.plan_namespace().changes:
        cluster.write(change)
        steps.append(covered(cluster))
    stays = [old and new for old, new in zip(was, covered(cluster), strict=True)]
    for step in steps:
        assert all(now for now, must in zip(step, stays, strict=True) if must)
