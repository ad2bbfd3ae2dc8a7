"""A state that is made by changing another is as if it was made alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.model.documents import canonical
from registry.offline.answers import Focus, graph_answer
from registry.offline.inside import Inside
from registry.offline.manifests import read_manifests
from registry.offline.objects import Object, Source
from registry.offline.state import states_of
from tests.offline.manifests import namespace, policy, workload

PLACES = ("shop", "ops")
OPEN = {"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}


def opened(app, place):
    made = policy(app, app, namespace=place)
    return {**made, "spec": {**made["spec"], "ingress": [OPEN]}}


EACH = [
    [None, *made]
    for place in PLACES
    for made in (
        [namespace(place), namespace(place, team="a")],
        *([workload(app, namespace=place), workload(app, namespace=place, hostNetwork=True)] for app in "xy"),
        *([policy(app, app, "x", namespace=place), opened(app, place)] for app in "xy"),
    )
]
STATES = st.tuples(*map(st.sampled_from, EACH)).map(lambda chosen: [one for one in chosen if one])


def read(objects):
    return read_manifests(
        (Object(Source("f"), one["apiVersion"], one["kind"], canonical(one)) for one in objects), "default"
    )


def drawn(state):
    return graph_answer(state.network, Inside(), Focus(level="workload"))


@given(STATES, STATES)
@settings(deadline=None)
def test_a_state_made_by_changes_is_as_if_made_alone(before, after):
    first, second = states_of([read(before), read(after)], blocks_match_pods=False)
    assert drawn(first) == drawn(*states_of([read(before)], blocks_match_pods=False))
    assert drawn(second) == drawn(*states_of([read(after)], blocks_match_pods=False))
