"""Whose pods a selector selects, and who has to hear of a change: against looking at everything."""

from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from registry.planning.exclusion import matches
from registry.planning.objects import Key, Workload
from registry.planning.pods import Pods
from registry.world.selections import Selections

KEYS, VALUES = ("a", "b"), ("x", "y")

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))
expressions = st.lists(
    st.builds(
        lambda key, operator: (
            {"key": key, "operator": operator} | ({"values": ["x"]} if operator in ("In", "NotIn") else {})
        ),
        st.sampled_from(KEYS),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
    ),
    max_size=1,
)
selectors = st.builds(
    lambda named, asked: (
        {
            **({"matchLabels": named} if named else {}),
            **({"matchExpressions": asked} if asked else {}),
        }
        or None
    ),
    labels,
    expressions,
)
pods = st.none() | st.builds(lambda found: Pods(labels=tuple(sorted(found.items()))), labels)
workloads = st.builds(
    lambda namespace, name, selector, made, refers: Workload(
        key=Key("apps", "Deployment", namespace, name),
        api_version="apps/v1",
        uid=name,
        resource_version="1",
        references={"t": "true"} if refers else {},
        selector=selector,
        pods=made,
    ),
    st.sampled_from(["shop", "tools"]),
    st.sampled_from(["1", "2", "3", "4"]),
    selectors,
    pods,
    st.booleans(),
)
changes = st.lists(workloads | st.tuples(st.just("gone"), workloads), max_size=12)


def reached(one: Workload, others: Iterable[Workload]) -> set[Key]:
    """By looking at all of them."""
    return {
        other.key
        for other in others
        if one.selector and other.pods and other.key != one.key and other.namespace == one.namespace
        if matches(one.selector, dict(other.pods.labels))
    }


@given(changes)
def test_it_answers_as_looking_at_everything_does_and_tells_whom_a_change_concerns(steps):
    there: dict[Key, Workload] = {}
    selections = Selections(there.get)
    for step in steps:
        changed, new = (step[1], None) if isinstance(step, tuple) else (step, step)
        before = {key: reached(one, there.values()) for key, one in there.items() if one.references}
        old = there.pop(changed.key, None)
        if new:
            there[new.key] = new
        touched = selections.change(old, new)
        after = {key: reached(one, there.values()) for key, one in there.items() if one.references}
        concerned = {key for key in before.keys() & after.keys() if before[key] != after[key]}
        assert concerned - {changed.key} <= touched
        assert {one.key for one in selections.selected(changed)} == reached(changed, there.values())


def test_unrelated_workloads_hear_of_nothing():
    there: dict[Key, Workload] = {}
    selections = Selections(there.get)
    for number in range(20):
        found = (("app", f"web-{number}"), ("team", "one"))
        one = Workload(
            key=Key("apps", "Deployment", "shop", f"web-{number}"),
            api_version="apps/v1",
            uid="1",
            resource_version="1",
            references={"t": "true"},
            selector={"matchLabels": dict(found)},
            pods=Pods(labels=found),
        )
        there[one.key] = one
        assert selections.change(None, one) == set()
        newer = msgspec.structs.replace(one, pods=Pods(labels=(*found, ("version", "2"))))
        there[one.key] = newer
        assert selections.change(one, newer) == set()
