"""The pods, namespaces and policies of a cluster, ready to be asked; a change costs what it touches."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from registry.connectivity.addresses import address_of
from registry.connectivity.index import places
from registry.connectivity.intervals import Intervals, contains
from registry.connectivity.namespace import Namespace, Policies
from registry.connectivity.objects import PodGroup, PodKey, Policy, PolicyKey
from registry.connectivity.podsets import PodSet
from registry.connectivity.rules import Peers, Reader, ReadPolicy
from registry.connectivity.selectors import Selector, selects
from registry.contract import NAME_LABEL


class Pods(NamedTuple):
    """Some pods by their place; valid until the network changes."""

    namespace: Namespace
    place: int

    @property
    def group(self) -> PodGroup:
        """What is known of them."""
        return self.namespace.index.group(self.place)

    @property
    def ingress(self) -> Policies:
        """The policies that isolate them for what comes in."""
        return self.namespace.ingress[self.place]

    @property
    def egress(self) -> Policies:
        """The policies that isolate them for what goes out."""
        return self.namespace.egress[self.place]


class Network:
    """A cluster as NetworkPolicies see it.

    With `blocks_match_pods` an ipBlock also matches pods by their addresses: network plug-ins differ in that
    (https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors).
    """

    def __init__(self, *, blocks_match_pods: bool = False) -> None:
        self.blocks_match_pods = blocks_match_pods
        self.namespaces: dict[str, Namespace] = {}
        self._reader = Reader()
        self._selected: dict[Selector, set[str]] = {}
        self._owned: set[str] | None = None
        self._left: dict[str, Namespace] = {}

    def fork(self) -> "Network":
        """One that can change by itself, at a small part of the cost of making it anew."""
        made = Network(blocks_match_pods=self.blocks_match_pods)
        made.namespaces = dict(self.namespaces)
        made._reader = self._reader
        made._selected = {selector: set(names) for selector, names in self._selected.items()}
        made._owned, made._left = set(), dict(self._left)
        return made

    def copy(self) -> "Network":
        """One that stays as this one is now, whatever becomes of this one."""
        made = Network(blocks_match_pods=self.blocks_match_pods)
        made.namespaces = {name: space.copy() for name, space in self.namespaces.items()}
        made._reader = self._reader
        made._selected = {selector: set(names) for selector, names in self._selected.items()}
        return made

    def put_namespace(self, name: str, labels: Mapping[str, str]) -> None:
        """Take in a Namespace, or its labels as they are now.

        Each one bears its name as a label, which the API server sets
        (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name).
        """
        space = self._namespace(name)
        space.exists = True
        self._label(space, labels)

    def drop_namespace(self, name: str) -> None:
        """Let go of a Namespace and its labels; pods and policies in it stay until they are dropped."""
        if name in self.namespaces:
            space = self._namespace(name)
            space.exists = False
            self._label(space, {})
            self._tidy(name)

    def _label(self, space: Namespace, labels: Mapping[str, str]) -> None:
        space.labels = {**labels, NAME_LABEL: space.name}
        for selector, names in self._selected.items():
            (names.add if selects(selector, space.labels) else names.discard)(space.name)

    def put_pods(self, group: PodGroup) -> None:
        """Take in pods, or what they are now."""
        self._namespace(group.key.namespace).put_pods(group)

    def drop_pods(self, key: PodKey) -> None:
        """Let go of pods."""
        if key.namespace in self.namespaces:
            self._namespace(key.namespace).drop_pods(key)
            self._tidy(key.namespace)

    def put_policy(self, policy: Policy) -> None:
        """Take in a policy, or what it is now.

        Raises ValueError for a spec that no API server would take; then nothing is changed.
        """
        read = self._reader.read(policy)
        self._namespace(policy.namespace).put_policy(read)

    def drop_policy(self, key: PolicyKey) -> None:
        """Let go of a policy."""
        if key.namespace in self.namespaces:
            self._namespace(key.namespace).drop_policy(key.name)
            self._tidy(key.namespace)

    def pods(self, key: PodKey) -> Pods:
        """Pods by key. Raises KeyError for what is not there."""
        space = self.namespaces[key.namespace]
        return Pods(space, space.index.places[key])

    def all_pods(self) -> Iterator[Pods]:
        """All pods there are."""
        for space in self.namespaces.values():
            for place in space.index.places.values():
                yield Pods(space, place)

    def pods_in(self, pods: PodSet) -> Iterator[Pods]:
        """Those of a set, one by one, in the order of namespaces."""
        for name, bits in sorted(pods.items()):
            for place in places(bits):
                yield Pods(self.namespaces[name], place)

    def all_policies(self) -> Iterator[ReadPolicy]:
        """All policies there are."""
        for space in self.namespaces.values():
            yield from space.policies.values()

    def names(self, selector: Selector) -> set[str]:
        """The namespaces that a namespaceSelector selects."""
        found = self._selected.get(selector)
        if found is None:
            found = {name for name, space in self.namespaces.items() if selects(selector, space.labels)}
            self._selected[selector] = found
        return found

    def matches(self, peers: Peers, pods: Pods) -> bool:
        """Whether a rule is about these pods."""
        if peers.anyone:
            return True
        space, place = pods
        for namespace, namespaces, selector in peers.terms:
            here = namespace == space.name if namespaces is None else space.name in self.names(namespaces)
            if here and space.index.bits(selector) >> place & 1:
                return True
        return bool(peers.addresses) and self._holds_address(peers.addresses, pods.group)

    def _holds_address(self, addresses: Intervals, group: PodGroup) -> bool:
        """Pods on the host's network have the node's addresses, which are ordinary ones to all plug-ins."""
        if not (self.blocks_match_pods or group.host_network):
            return False
        return any(contains(addresses, address_of(text)) for text in group.addresses)

    def _namespace(self, name: str) -> Namespace:
        """The namespace, which may be changed."""
        space = self.namespaces.get(name)
        if space is None:
            space = self._left.pop(name) if name in self._left else Namespace(name, {NAME_LABEL: name})
            self.namespaces[name] = space
            for selector, names in self._selected.items():
                if selects(selector, space.labels):
                    names.add(name)
        if self._owned is not None and name not in self._owned:
            space = self.namespaces[name] = space.fork()
            self._owned.add(name)
        return space

    def _tidy(self, name: str) -> None:
        """Forget a namespace without anything; a fork keeps it, with its places, for what comes back."""
        if self.namespaces[name].empty:
            left = self.namespaces.pop(name)
            if self._owned is not None:
                self._left[name] = left
            for names in self._selected.values():
                names.discard(name)
