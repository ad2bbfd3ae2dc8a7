"""Whatever is in a file, it is read or told; nothing ends in an error of ours."""

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.offline.manifests import read_manifests
from registry.offline.objects import read_objects
from registry.offline.state import states_of
from tests.offline.manifests import ingress, listed, pod, policy, service, workload

GOOD = [
    workload("web"),
    pod("web-1", "web", ip="10.0.0.1"),
    policy("db", "db", "web", ports=[{"port": 80}]),
    service("web", "web"),
    ingress("shop.example.com", "web"),
    listed(workload("db", "CronJob", api_version="batch/v1")),
]
NUMBERS = st.integers(-(2**63), 2**63)
JUNK = st.none() | st.booleans() | NUMBERS | st.text("ab:/ é", max_size=5) | st.sampled_from([[], {}, [None]])


def paths(value, here=()):
    yield here
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in children:
        yield from paths(item, (*here, key))


@st.composite
def spoiled(draw):
    """A manifest in which some value is another."""
    made = json.loads(json.dumps(draw(st.sampled_from(GOOD))))
    *way, last = draw(st.sampled_from([path for path in paths(made) if path]))
    at = made
    for key in way:
        at = at[key]
    at[last] = draw(JUNK)
    return made


def read(content):
    manifests = read_manifests(read_objects("f", content), "default")
    states_of([manifests], blocks_match_pods=True)
    return manifests


@given(spoiled())
@settings(deadline=None)
def test_a_spoiled_manifest_is_read_or_told(made):
    read(json.dumps(made).encode())


@given(spoiled())
@settings(deadline=None)
def test_json_and_yaml_of_one_object_are_read_alike(made):
    first, second = (read(text.encode()) for text in (json.dumps(made), yaml.safe_dump(made)))
    assert (first.members, first.policies, first.namespaces) == (
        second.members,
        second.policies,
        second.namespaces,
    )
    assert [one.problem.pointer for one in first.unread] == [one.problem.pointer for one in second.unread]


@given(st.binary() | st.text().map(str.encode))
@settings(deadline=None)
def test_any_bytes_are_read_or_told(content):
    read(content)
