"""The pods, namespaces and policies of a cluster, ready to be asked; a change costs what it touches."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from registry.connectivity.addresses import address_of
from registry.connectivity.index import places
from registry.connectivity.intervals import Intervals, contains
from registry.connectivity.objects import PodGroup, PodKey, Policy, PolicyKey
from registry.connectivity.podsets import PodSet
from registry.connectivity.room import Policies, Room
from registry.connectivity.rules import Peers, Reader, ReadPolicy
from registry.connectivity.selectors import Selector, selects
from registry.contract import NAME_LABEL


class Pods(NamedTuple):
    """Some pods by their place; valid until the network changes."""

    room: Room
    place: int

    @property
    def group(self) -> PodGroup:
        """What is known of them."""
        return self.room.index.group(self.place)

    @property
    def ingress(self) -> Policies:
        """The policies that isolate them for what comes in."""
        return self.room.ingress[self.place]

    @property
    def egress(self) -> Policies:
        """The policies that isolate them for what goes out."""
        return self.room.egress[self.place]


class Network:
    """A cluster as NetworkPolicies see it.

    With `blocks_match_pods` an ipBlock also matches pods by their addresses: network plug-ins differ in that
    (https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors).
    """

    def __init__(self, *, blocks_match_pods: bool = False) -> None:
        self.blocks_match_pods = blocks_match_pods
        self.rooms: dict[str, Room] = {}
        self._reader = Reader()
        self._selected: dict[Selector, set[str]] = {}
        self._owned: set[str] | None = None
        self._left: dict[str, Room] = {}

    def fork(self) -> "Network":
        """One that can change by itself, at a small part of the cost of making it anew."""
        made = Network(blocks_match_pods=self.blocks_match_pods)
        made.rooms = dict(self.rooms)
        made._reader = self._reader
        made._selected = {selector: set(names) for selector, names in self._selected.items()}
        made._owned, made._left = set(), dict(self._left)
        return made

    def copy(self) -> "Network":
        """One that stays as this one is now, whatever becomes of this one."""
        made = Network(blocks_match_pods=self.blocks_match_pods)
        made.rooms = {name: room.copy() for name, room in self.rooms.items()}
        made._reader = self._reader
        made._selected = {selector: set(names) for selector, names in self._selected.items()}
        return made

    def put_namespace(self, name: str, labels: Mapping[str, str]) -> None:
        """Take in a Namespace, or its labels as they are now.

        Each one bears its name as a label, which the API server sets
        (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name).
        """
        room = self._room(name)
        room.exists = True
        self._label(room, labels)

    def drop_namespace(self, name: str) -> None:
        """Let go of a Namespace and its labels; pods and policies in it stay until they are dropped."""
        if name in self.rooms:
            room = self._room(name)
            room.exists = False
            self._label(room, {})
            self._tidy(name)

    def _label(self, room: Room, labels: Mapping[str, str]) -> None:
        room.labels = {**labels, NAME_LABEL: room.name}
        for selector, names in self._selected.items():
            (names.add if selects(selector, room.labels) else names.discard)(room.name)

    def put_pods(self, group: PodGroup) -> None:
        """Take in pods, or what they are now."""
        self._room(group.key.namespace).put_pods(group)

    def drop_pods(self, key: PodKey) -> None:
        """Let go of pods."""
        if key.namespace in self.rooms:
            self._room(key.namespace).drop_pods(key)
            self._tidy(key.namespace)

    def put_policy(self, policy: Policy) -> None:
        """Take in a policy, or what it is now.

        Raises ValueError for a spec that no API server would take; then nothing is changed.
        """
        read = self._reader.read(policy)
        self._room(policy.namespace).put_policy(read)

    def drop_policy(self, key: PolicyKey) -> None:
        """Let go of a policy."""
        if key.namespace in self.rooms:
            self._room(key.namespace).drop_policy(key.name)
            self._tidy(key.namespace)

    def pods(self, key: PodKey) -> Pods:
        """Pods by key. Raises KeyError for what is not there."""
        room = self.rooms[key.namespace]
        return Pods(room, room.index.places[key])

    def all_pods(self) -> Iterator[Pods]:
        """All pods there are."""
        for room in self.rooms.values():
            for place in room.index.places.values():
                yield Pods(room, place)

    def pods_in(self, pods: PodSet) -> Iterator[Pods]:
        """Those of a set, one by one, in the order of namespaces."""
        for name, bits in sorted(pods.items()):
            for place in places(bits):
                yield Pods(self.rooms[name], place)

    def all_policies(self) -> Iterator[ReadPolicy]:
        """All policies there are."""
        for room in self.rooms.values():
            yield from room.policies.values()

    def names(self, selector: Selector) -> set[str]:
        """The namespaces that a namespaceSelector selects."""
        found = self._selected.get(selector)
        if found is None:
            found = {name for name, room in self.rooms.items() if selects(selector, room.labels)}
            self._selected[selector] = found
        return found

    def matches(self, peers: Peers, pods: Pods) -> bool:
        """Whether a rule is about these pods."""
        if peers.anyone:
            return True
        room, place = pods
        for namespace, namespaces, selector in peers.terms:
            here = namespace == room.name if namespaces is None else room.name in self.names(namespaces)
            if here and room.index.bits(selector) >> place & 1:
                return True
        return bool(peers.addresses) and self._holds_address(peers.addresses, pods.group)

    def _holds_address(self, addresses: Intervals, group: PodGroup) -> bool:
        """Pods on the host's network have the node's addresses, which are ordinary ones to all plug-ins."""
        if not (self.blocks_match_pods or group.host_network):
            return False
        return any(contains(addresses, address_of(text)) for text in group.addresses)

    def _room(self, name: str) -> Room:
        """The room, which may be changed."""
        room = self.rooms.get(name)
        if room is None:
            room = self._left.pop(name) if name in self._left else Room(name, {NAME_LABEL: name})
            self.rooms[name] = room
            for selector, names in self._selected.items():
                if selects(selector, room.labels):
                    names.add(name)
        if self._owned is not None and name not in self._owned:
            room = self.rooms[name] = room.fork()
            self._owned.add(name)
        return room

    def _tidy(self, name: str) -> None:
        """Forget a room without anything; a fork keeps it for what comes back, whose places stay the same."""
        if self.rooms[name].empty:
            left = self.rooms.pop(name)
            if self._owned is not None:
                self._left[name] = left
            for names in self._selected.values():
                names.discard(name)
