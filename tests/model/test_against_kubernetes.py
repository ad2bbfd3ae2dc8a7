"""The rules of NetworkPolicy are Kubernetes' own: a real API server has the last word on ours."""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devcluster.api import ApiError
from registry.model.networkpolicy import check_spec
from registry.model.normalise import normalise_spec
from tests.model.strategies import specs

VERSION = "networking.k8s.io/v1"
POLICIES = f"/apis/{VERSION}/namespaces/default/networkpolicies"
REFUSALS = {400, 422, 500}  # 500: a value that cannot even be decoded

ODD_TEXTS = [
    "",
    "a",
    "A_b",
    "http",
    "a--b",
    "1",
    "TCP",
    "udp",
    "In",
    "a/b",
    "a/b/c",
    "-",
    "a\n",
    "é",
    "x" * 64,
]
ODD_BLOCKS = [
    *["10.0.0.0/8", "10.0.0.1/8", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/+8", "1.2.3.4", "::/0", "1::/200"],
    *["::ffff:1.2.3.0/120", "fe80::1%eth0/64", "2001:DB8::/32", "2001:db8::1/64"],
]
ODD_VALUES = [0, -1, 1, 65535, 65536, 2**40, 80.5, True, {}, [], [{}], ["x"], ["Egress", "Egress"], {"x": 1}]


def places(node, path=()):
    if path:
        yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


@st.composite
def broken_specs(draw):
    spec = copy.deepcopy(draw(specs.filter(bool)))
    *parents, last = draw(st.sampled_from(list(places(spec))))
    node = spec
    for key in parents:
        node = node[key]
    node[last] = draw(st.sampled_from([*ODD_TEXTS, *ODD_BLOCKS, *ODD_VALUES]))
    return spec


@pytest.fixture(scope="module")
def stored(control_plane):
    api = control_plane.api()

    def dry_run(spec):
        policy = {"apiVersion": VERSION, "kind": "NetworkPolicy", "metadata": {"name": "x"}, "spec": spec}
        try:
            return api.create(POLICIES, policy, dryRun="All", fieldValidation="Strict")["spec"]
        except ApiError as error:
            if error.status not in REFUSALS:
                raise
            return None

    yield dry_run
    api.close()


slow = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@slow
@given(specs | broken_specs())
def test_we_refuse_what_the_api_server_refuses_and_nothing_else(stored, spec):
    assert (check_spec(spec, pod_selector=True) == []) == (stored(spec) is not None)


@slow
@given(specs)
def test_we_write_a_spec_as_the_api_server_stores_it(stored, spec):
    assert normalise_spec({"podSelector": {}, **spec}) == stored(spec)
