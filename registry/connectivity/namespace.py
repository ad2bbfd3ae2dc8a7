"""One namespace: its pods by label, and which policies select each of them."""

from collections.abc import Iterator, Mapping

from registry.connectivity.index import PodIndex, places
from registry.connectivity.objects import PodGroup, PodKey
from registry.connectivity.rules import ReadPolicy
from registry.connectivity.selectors import Selector

BySelector = dict[Selector, tuple[ReadPolicy, ...]]
Policies = tuple[ReadPolicy, ...]
"""Those that isolate some pods in one direction; empty: nothing isolates them."""


class Namespace:
    """The pods and policies of one namespace. `exists` tells whether its Namespace is known."""

    def __init__(self, name: str, labels: Mapping[str, str]) -> None:
        self.name = name
        self.labels = labels
        self.exists = False
        self.index = PodIndex()
        self.policies: dict[str, ReadPolicy] = {}
        self.ingress: list[Policies] = []
        self.egress: list[Policies] = []
        self._by_selector: BySelector = {}
        self._shares_index = False

    def fork(self) -> "Namespace":
        """One that can change by itself; as long as no pods change, both look into one index."""
        return self._copy(self.index, shared=True)

    def copy(self) -> "Namespace":
        """One that can change by itself and shares no index."""
        return self._copy(self.index.copy(), shared=False)

    def _copy(self, index: PodIndex, *, shared: bool) -> "Namespace":
        made = Namespace(self.name, self.labels)
        made.exists, made.index, made._shares_index = self.exists, index, shared
        made.policies, made.ingress, made.egress = dict(self.policies), self.ingress[:], self.egress[:]
        made._by_selector = dict(self._by_selector)
        return made

    @property
    def empty(self) -> bool:
        """Whether nothing at all is known of it."""
        return not (self.exists or self.index.places or self.policies)

    def put_pods(self, group: PodGroup) -> None:
        """Take in pods, or what they are now."""
        place = self._own_index().put(group)
        if place == len(self.ingress):
            self.ingress.append(())
            self.egress.append(())
        self._select(place, group)

    def drop_pods(self, key: PodKey) -> None:
        """Let go of pods."""
        place = self._own_index().drop(key)
        if place is not None:
            self.ingress[place] = self.egress[place] = ()

    def put_policy(self, read: ReadPolicy) -> None:
        """Take in a policy, or what it is now."""
        self.drop_policy(read.policy.name)
        self.policies[read.policy.name] = read
        self._by_selector[read.pods] = (*self._by_selector.get(read.pods, ()), read)
        for place in places(self.index.keep(read.pods)):
            if read.ingress is not None:
                self.ingress[place] = (*self.ingress[place], read)
            if read.egress is not None:
                self.egress[place] = (*self.egress[place], read)

    def drop_policy(self, name: str) -> None:
        """Let go of a policy."""
        read = self.policies.pop(name, None)
        if read is None:
            return
        for place in places(self.index.keep(read.pods)):
            self.ingress[place] = _without(self.ingress[place], read)
            self.egress[place] = _without(self.egress[place], read)
        left = _without(self._by_selector[read.pods], read)
        if left:
            self._by_selector[read.pods] = left
        else:
            del self._by_selector[read.pods]
            if not self._shares_index:
                self.index.let_go(read.pods)

    def selecting(self, group: PodGroup) -> Iterator[ReadPolicy]:
        """The policies that select such pods."""
        if group.host_network:
            return
        place = self.index.places[group.key]
        for selector in set(self.index.candidates(group.labels)):
            if self.index.bits(selector) >> place & 1:
                yield from self._by_selector.get(selector, ())

    def _select(self, place: int, group: PodGroup) -> None:
        found = sorted(self.selecting(group), key=lambda one: one.policy.name)
        self.ingress[place] = tuple(one for one in found if one.ingress is not None)
        self.egress[place] = tuple(one for one in found if one.egress is not None)

    def _own_index(self) -> PodIndex:
        if self._shares_index:
            self.index = self.index.copy()
            self._shares_index = False
        return self.index


def _without(policies: Policies, read: ReadPolicy) -> Policies:
    return tuple(one for one in policies if one is not read)
