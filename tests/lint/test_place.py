"""What selectors find in the picture of a cluster."""

import pytest

from registry.lint.place import Target, place_of, shown_selector
from registry.planning.objects import Key, namespace_key
from registry.planning.pods import Pods

WEB = Pods(labels=(("app", "web"),))
DB = Pods(labels=(("app", "db"),))


def key(name, namespace="shop"):
    return Key("apps", "Deployment", namespace, name)


PLACE = place_of(
    {"shop": {}, "tools": {"team": "ops"}},
    [(key("a"), WEB), (key("b"), WEB), (key("c"), DB), (key("d", "tools"), WEB)],
)


def test_pods_that_are_alike_are_held_once():
    assert {name: set(pods) for name, pods in PLACE.pods.items()} == {"shop": {WEB, DB}, "tools": {WEB}}


def test_a_namespace_has_its_name_for_a_label():
    selector = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tools"}}}
    assert PLACE.select(selector, "shop").namespaces == ("tools",)


def test_a_peer_without_namespaces_means_those_of_the_policy():
    selector = {"podSelector": {"matchLabels": {"app": "db"}}}
    assert [PLACE.select(selector, name).pods for name in ("shop", "tools")] == [(DB,), ()]


def test_a_workload_is_a_target_with_its_pods():
    assert PLACE.target(key("c")) == Target("shop", "c", DB)


def test_a_namespace_is_a_target_without():
    assert PLACE.target(namespace_key("shop")) == Target("shop")


@pytest.mark.parametrize("gone", [key("z"), namespace_key("gone")])
def test_what_is_not_in_the_picture_is_no_target(gone):
    assert PLACE.target(gone) is None


def test_what_may_not_be_seen_is_not_known():
    mine = PLACE.limited_to(["shop"], all_namespaces=True)
    found = mine.select({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "cache"}}}, "shop")
    assert (found.pods, found.whole) == (None, False)
    assert mine.target(key("d", "tools")) is None


def test_of_a_namespace_of_which_not_all_is_seen_nothing_is_concluded():
    place = place_of({"shop": {}}, [(key("a"), WEB)], partial=["shop"])
    found = [place.select({"podSelector": {"matchLabels": {"app": name}}}, "shop") for name in ("web", "db")]
    assert [(one.pods, one.whole) for one in found] == [((WEB,), False), (None, False)]


def test_without_all_namespaces_a_namespace_selector_finds_nothing_for_certain():
    mine = PLACE.limited_to(["shop"], all_namespaces=False)
    found = mine.select({"namespaceSelector": {"matchLabels": {"team": "ops"}}}, "shop")
    assert (found.namespaces, found.pods) == (None, None)


@pytest.mark.parametrize(
    "label",
    [
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
        "batch.kubernetes.io/job-name",
        "security.istio.io/tlsMode",
        "linkerd.io/control-plane-ns",
    ],
)
def test_a_label_that_pod_templates_do_not_show_decides_nothing(label):
    assert PLACE.select({"podSelector": {"matchLabels": {label: "x"}}}, "shop").pods is None


@pytest.mark.parametrize("label", ["app.kubernetes.io/name", "example.com/batch", "myistio.io/a"])
def test_a_label_of_the_pod_template_decides(label):
    assert PLACE.select({"podSelector": {"matchLabels": {label: "x"}}}, "shop").pods == ()


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"matchLabels": {"b": "1", "a": ""}}, "a=, b=1"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["y", "x"]}]}, "a in (x,y)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, "a notin (x)"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a"),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, "!a"),
        ({}, "{}"),
    ],
)
def test_a_selector_is_shown_as_kubectl_writes_it(selector, text):
    assert shown_selector(selector) == text


def test_a_long_selector_is_shortened():
    text = shown_selector({"matchLabels": {f"label-{number}": "x" for number in range(100)}})
    assert len(text) == 120
    assert text.endswith("...")
