"""Whether the policies that isolate pods let traffic through, and which of them do."""

from collections.abc import Iterator

from registry.connectivity.intervals import NOTHING, Intervals, difference, intersection
from registry.connectivity.members import Members
from registry.connectivity.namespace import Policies
from registry.connectivity.network import Pods
from registry.connectivity.objects import Policy
from registry.connectivity.podsets import NOBODY, PodSet, join, meet, without
from registry.connectivity.ports import ALL_PORTS, resolve
from registry.connectivity.rules import ReadPolicy, Rule
from registry.planning.pods import Port
from registry.world.far_ends import FarEnds, put_together
from registry.world.traffic import Direction, Traffic

Declared = frozenset[Port]


class Ways:
    """The ways of one kind of traffic through policies, in one state of the network.

    Policies of the far ends are not looked at: what they deny, no policy of these pods can cut.
    """

    def __init__(self, members: Members, traffic: Traffic, ends: FarEnds) -> None:
        self._members = members
        self._traffic = traffic
        self._ends = ends
        self._keepers: dict[tuple[Policies, Declared], tuple[Policy, ...] | None] = {}
        self._through: dict[tuple[Rule, Intervals, Declared], FarEnds] = {}

    def keepers(self, pods: Pods) -> tuple[Policy, ...] | None:
        """Which of the policies that isolate these pods let the traffic through together; None: it is cut."""
        policies, declared = isolating(pods, self._traffic.direction), pods.group.ports
        if (policies, declared) not in self._keepers:
            self._keepers[policies, declared] = self._found(policies, declared)
        return self._keepers[policies, declared]

    def passes(self, pods: Pods) -> bool:
        """Whether these pods have the traffic."""
        return not isolating(pods, self._traffic.direction) or self.keepers(pods) is not None

    def _found(self, policies: Policies, declared: Declared) -> tuple[Policy, ...] | None:
        kept: dict[str, Policy] = {}
        for ports in self._traffic.ports or (ALL_PORTS,):
            found = self._covering(policies, ports, declared)
            if found is None:
                return None
            kept |= {policy.name: policy for policy in found}
        return tuple(kept[name] for name in sorted(kept))

    def _covering(self, policies: Policies, ports: Intervals, declared: Declared) -> list[Policy] | None:
        """Policies, as few as are needed in their order, that let all far ends through at some port."""
        left, found = self._ends, []
        for read in policies:
            opened = put_together(self._opened(rule, ports, declared) for rule in self._rules(read))
            rest = FarEnds(without(left.pods, opened.pods), difference(left.addresses, opened.addresses))
            if rest != left:
                found.append(read.policy)
                left = rest
            if not left.pods and not left.addresses:
                return found
        return None

    def _rules(self, read: ReadPolicy) -> Iterator[Rule]:
        yield from (read.ingress if self._traffic.direction == "ingress" else read.egress) or ()

    def _opened(self, rule: Rule, ports: Intervals, declared: Declared) -> FarEnds:
        asked = rule, ports, declared
        if asked not in self._through:
            self._through[asked] = self._through_rule(rule, ports, declared)
        return self._through[asked]

    def _through_rule(self, rule: Rule, ports: Intervals, declared: Declared) -> FarEnds:
        pods = meet(self._members.of(rule), self._ends.pods)
        addresses = intersection(rule.peers.addresses, self._ends.addresses)
        if self._traffic.direction == "ingress":
            opens = bool(intersection(resolve(rule.ports, declared), ports))
            return FarEnds(pods, addresses) if opens else FarEnds()
        if intersection(rule.ports.numbered, ports):
            return FarEnds(pods, addresses)
        return FarEnds(self._by_name(pods, rule, ports), NOTHING)

    def _by_name(self, pods: PodSet, rule: Rule, ports: Intervals) -> PodSet:
        """The pods that call one of these ports as the rule does."""
        found: PodSet = NOBODY
        if rule.ports.named:
            for declared, some in self._members.by_declared(pods).items():
                if intersection(resolve(rule.ports, declared), ports):
                    found = join(found, some)
        return found


def isolating(pods: Pods, direction: Direction) -> Policies:
    """The policies that isolate pods in a direction."""
    return pods.ingress if direction == "ingress" else pods.egress
