"""Pods that are put together answer as each of them alone, as the plain evaluator has it."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.model.documents import canonical
from registry.offline.ends import Ends, verdict_of
from registry.offline.manifests import read_manifests
from registry.offline.objects import Object, Source
from registry.offline.state import states_of
from tests.connectivity import plain
from tests.connectivity.clusters import clusters
from tests.offline.manifests import namespace, owned

PORTS = [("TCP", 80), ("UDP", 53), ("SCTP", 65_535)]


def manifest(pod, *, together):
    """A Pod; `together` all of its namespace are of one workload."""
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod["name"], "namespace": pod["namespace"], "labels": pod["labels"]},
        "spec": {
            "hostNetwork": pod["hostNetwork"],
            "containers": [{"name": "c", "ports": pod["ports"]}],
        },
        "status": {"podIPs": [{"ip": address} for address in pod["addresses"]]},
    }
    return owned(made, "StatefulSet", "all") if together else made


def manifests(cluster, *, together):
    yield from (namespace(name, **labels) for name, labels in cluster["namespaces"].items())
    yield from (manifest(pod, together=together) for pod in cluster["pods"])
    for policy in cluster["policies"]:
        yield {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", **policy}


def read(cluster, *, together):
    made = manifests(cluster, together=together)
    found = (Object(Source("f"), one["apiVersion"], one["kind"], canonical(one)) for one in made)
    manifests_read = read_manifests(found, "default")
    assert manifests_read.unread == []
    [state] = states_of([manifests_read], blocks_match_pods=cluster["blocksMatchPods"])
    return state


@given(clusters(), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_pod_answers_for_itself(cluster, together):
    for pod in cluster["pods"]:
        pod["count"] = 1
    state = read(cluster, together=together)
    ends = Ends(state)
    for source in cluster["pods"]:
        for destination in cluster["pods"]:
            names = [f"{one['namespace']}/{one['name']}" for one in (source, destination)]
            for at in PORTS:
                found = verdict_of(state.network, ends.asked(*names, *at))
                assert tuple(found) == plain.verdict(cluster, source, destination, at), (names, at)
