"""The network of the service beside one made anew, and random changes of what it is made of."""

import contextlib
import json
import random

from devcluster.api import ApiError
from registry.cluster.decode import decode_namespace, decode_policy
from registry.cluster.resources import BUILT_IN_WORKLOADS, NAMESPACES, NETWORK_POLICIES
from registry.cluster.workloads import workload_decoder
from registry.connectivity.index import places
from registry.connectivity.members import Members
from registry.connectivity.network import Network
from registry.world.network_objects import group_of, policy_of
from tests.cluster import unique_name

POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"
LABELS = ({"app": "a"}, {"app": "b"}, {"app": "b", "tier": "x"}, {"tier": "x"})
SELECTORS = (
    {},
    *({"matchLabels": labels} for labels in LABELS),
    {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
    {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]},
)
PORTS = ([], [{"port": 80}], [{"port": "http"}], [{"protocol": "UDP"}], [{"port": 80, "endPort": 90}])


def made_anew(api, names):
    """The network of some namespaces, from a fresh list of everything."""
    network = Network()
    for one in decoded(api, NAMESPACES, decode_namespace):
        if one.name in names:
            network.put_namespace(one.name, one.labels)
    for resource in BUILT_IN_WORKLOADS:
        for one in decoded(api, resource, workload_decoder(resource)):
            if one and one.namespace in names and (group := group_of(one)):
                network.put_pods(group)
    for one in decoded(api, NETWORK_POLICIES, decode_policy):
        if one.namespace in names:
            network.put_policy(policy_of(one))
    return network


def decoded(api, resource, decode):
    return [decode(json.dumps(one).encode()) for one in api.list(resource.path())]


def described(network, names):
    """All that a network says of some namespaces, as what can be compared."""
    spaces = [network.namespaces[name] for name in sorted(names) if name in network.namespaces]
    return {
        space.name: {
            "labels": space.labels,
            "policies": {name: read.policy for name, read in space.policies.items()},
            "pods": {key: _pods(space, place) for key, place in space.index.places.items()},
            "rules": {name: _rules(network, read, names) for name, read in space.policies.items()},
        }
        for space in spaces
    }


def _pods(space, place):
    return space.index.group(place), *(
        sorted(read.policy.name for read in policies[place]) for policies in (space.ingress, space.egress)
    )


def _rules(network, read, names):
    """Whom each rule is about."""
    members = Members(network)
    return [
        sorted(
            network.namespaces[name].index.group(place).key
            for name, bits in members.of(rule).items()
            if name in names
            for place in places(bits)
        )
        for rules in (read.ingress, read.egress)
        for rule in rules or ()
    ]


@contextlib.contextmanager
def _gone_meanwhile():
    """A DaemonSet adopts Pods that it selects, and deletes them where there is no node for them."""
    try:
        yield
    except ApiError as error:
        if error.status != 404:
            raise


class Changes:
    """Random changes of a few namespaces."""

    def __init__(self, api, names, seed):
        self.api, self.names = api, names
        self.random = random.Random(seed)  # noqa: S311 (nothing secret)
        self.there = []

    def make(self, times):
        """Change something, so many times."""
        for _ in range(times):
            self.random.choice((self._workload, self._workload, self._policy, self._policy, self._label))()
            if self.there and self.random.random() < 0.4:
                with _gone_meanwhile():
                    self.random.choice((self._drop, self._edit))()

    def _label(self):
        labels = {"team": self.random.choice(("a", "b", None))}
        self.api.patch(
            f"/api/v1/namespaces/{self.random.choice(self.names)}", {"metadata": {"labels": labels}}
        )

    def _workload(self):
        plural = self.random.choice(("deployments", "statefulsets", "daemonsets", "pods"))
        name = self.random.choice(self.names)
        root = f"/api/v1/namespaces/{name}" if plural == "pods" else f"/apis/apps/v1/namespaces/{name}"
        labels = self.random.choice(LABELS)
        spec = self._spec()
        meta = {"name": unique_name("w"), "labels": labels}
        if plural != "pods":
            spec = {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            }
        self.api.create(f"{root}/{plural}", {"metadata": meta, "spec": spec})
        self.there.append(f"{root}/{plural}/{meta['name']}")

    def _spec(self):
        ports = [{"name": "http", "containerPort": self.random.choice((80, 8080))}]
        return {
            "containers": [{"name": "c", "image": "i", "ports": ports}],
            "hostNetwork": self.random.random() < 0.1,
        }

    def _policy(self):
        path = POLICIES.format(self.random.choice(self.names))
        body = {"metadata": {"name": unique_name("p")}, "spec": self._policy_spec()}
        self.api.create(path, body)
        self.there.append(f"{path}/{body['metadata']['name']}")

    def _policy_spec(self):
        some = self.random.choice
        peer = {"podSelector": some(SELECTORS)}
        if self.random.random() < 0.5:
            peer["namespaceSelector"] = some(({}, {"matchLabels": {"team": "a"}}))
        spec = {"podSelector": some(SELECTORS), "policyTypes": ["Ingress", "Egress"]}
        return {**spec, "ingress": [{"from": [peer], "ports": some(PORTS)}], "egress": [{"to": [peer]}]}

    def _drop(self):
        self.api.delete(
            self.there.pop(self.random.randrange(len(self.there))), propagationPolicy="Background"
        )

    def _edit(self):
        """Labels of pods by their template; a new spec of a policy; an annotation, which changes nothing."""
        path = self.random.choice(self.there)
        if "networkpolicies" in path:
            body = {"spec": self._policy_spec()}
        elif "/api/v1/" in path:
            body = {"metadata": {"labels": {"tier": self.random.choice(("x", "y", None))}}}
        else:
            more = {"metadata": {"labels": {"more": self.random.choice(("x", None))}}, "spec": self._spec()}
            body = {"spec": {"template": more}}
        self.api.patch(path, body)
