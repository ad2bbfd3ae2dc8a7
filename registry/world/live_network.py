"""The connectivity engine, kept up to date from the watched cluster, and safe to ask from any thread.

Three locks, none of which the informers ever wait for longer than it takes to note a change: that of the
feed; that of the network, held while changes are carried over and while short questions are answered; that of
the flows, held by whoever looks at the whole cluster, on a copy of its own that is made once for each state.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import msgspec

from registry.connectivity.flows import Flows
from registry.connectivity.network import Network
from registry.connectivity.objects import PodKey, Policy, PolicyKey
from registry.planning.objects import Key, LivePolicy, Workload
from registry.world.network_feed import Changes, NetworkFeed
from registry.world.network_objects import group_of, labels_of_pods, policy_of

T = TypeVar("T")


class Unevaluated(msgspec.Struct, frozen=True):
    """What is there and was not taken into account, at one moment.

    `workloads` do not say which pods they make; `policies` have a spec that cannot be read, with the reason;
    `labels` of pods that no template tells are asked for by these policies; of `namespaces` with pods or
    policies no Namespace is known, and so no label but the name.
    """

    workloads: Collection[Key] = ()
    policies: Mapping[PolicyKey, str] = {}
    labels: Mapping[PolicyKey, tuple[str, ...]] = {}
    namespaces: Collection[str] = ()


class Survey(msgspec.Struct, frozen=True):
    """A whole network at one moment, with its connections; `version` is another one for each state."""

    network: Network
    flows: Flows
    unevaluated: Unevaluated
    version: int
    made: dict[str, Any] = {}

    def once(self, what: str, make: Callable[[], T]) -> T:
        """What `make` makes of this state, made when it is first asked for; `what` names it."""
        if what not in self.made:
            self.made[what] = make()
        found: T = self.made[what]
        return found


class LiveNetwork:
    """The network as the watched cluster is now."""

    def __init__(self) -> None:
        self.feed = NetworkFeed()
        self.seconds: Callable[[float], object] = lambda _seconds: None
        """Hears how long it took to work out all connections; whoever keeps metrics sets it."""
        self._network = Network()
        self._version = 0
        self._lock = threading.Lock()
        self._surveyed: Survey | None = None
        self._survey_lock = threading.Lock()
        self._unknown: set[Key] = set()
        self._unreadable: dict[PolicyKey, str] = {}
        self._labels: dict[PolicyKey, tuple[str, ...]] = {}
        self._strange: set[str] = set()
        self._left_out: Unevaluated | None = None

    def catch_up(self) -> None:
        """Carry over what changed; each change costs what it touches."""
        with self._lock:
            self._catch_up()

    def ask(self, find: Callable[[Network, Unevaluated], T]) -> T:
        """What a short question finds in the network; keep nothing of the network itself."""
        with self._lock:
            self._catch_up()
            return find(self._network, self._unevaluated())

    def survey(self, find: Callable[[Survey], T]) -> T:
        """What a question finds that looks at many connections; they are worked out once for each state."""
        with self._survey_lock:
            return find(self._survey())

    def size(self) -> tuple[int, int]:
        """How many workloads with pods, and how many policies, are in the network."""
        spaces = list(self._network.namespaces.values())
        return sum(len(space.index.places) for space in spaces), sum(len(space.policies) for space in spaces)

    def _survey(self) -> Survey:
        with self._lock:
            self._catch_up()
            known = self._surveyed
            if known and known.version == self._version:
                return known
            self._surveyed = None
            version, network, unevaluated = self._version, self._network.copy(), self._unevaluated()
        began = time.perf_counter()
        self._surveyed = Survey(network, Flows(network), unevaluated, version)
        self.seconds(time.perf_counter() - began)
        return self._surveyed

    def _unevaluated(self) -> Unevaluated:
        if self._left_out is None:
            self._left_out = Unevaluated(
                tuple(sorted(self._unknown)),
                dict(self._unreadable),
                dict(self._labels),
                tuple(sorted(self._strange)),
            )
        return self._left_out

    def _catch_up(self) -> None:
        changes = self.feed.fetch()
        if not changes:
            return
        self._version += 1
        self._left_out = None
        try:
            self._take(changes)
        except BaseException:
            self.feed.give_back(changes)  # none is ever lost: what was taken in already may be so again
            raise

    def _take(self, changes: Changes) -> None:
        for name, namespace in changes.namespaces.items():
            if namespace:
                self._network.put_namespace(name, namespace.labels)
        self._put(changes)
        for name, namespace in changes.namespaces.items():
            if not namespace:
                self._network.drop_namespace(name)
        for name in changes.places():
            space = self._network.namespaces.get(name)
            (self._strange.add if space and not space.exists else self._strange.discard)(name)

    def _put(self, changes: Changes) -> None:
        for key, workload in changes.workloads.items():
            self._put_workload(key, workload)
        for place, live in changes.policies.items():
            self._put_policy(place, live)

    def _put_workload(self, key: Key, workload: Workload | None) -> None:
        if workload and workload.pods is None:
            self._unknown.add(key)
        else:
            self._unknown.discard(key)
        if group := group_of(workload):
            self._network.put_pods(group)
        else:
            self._network.drop_pods(PodKey(key))

    def _put_policy(self, place: PolicyKey, live: LivePolicy | None) -> None:
        self._unreadable.pop(place, None)
        self._labels.pop(place, None)
        if live is None:
            self._network.drop_policy(place)
            return
        try:
            self._read(policy_of(live))
        except ValueError as error:  # stored under rules of an older API server, such as 010.0.0.0/8
            self._network.drop_policy(place)
            self._unreadable[place] = str(error)

    def _read(self, policy: Policy) -> None:
        self._network.put_policy(policy)
        if labels := labels_of_pods(self._network.namespaces[policy.namespace].policies[policy.name]):
            self._labels[policy.key] = labels
