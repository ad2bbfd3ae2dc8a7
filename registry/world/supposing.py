"""Two states of the network: with the policies before a change, and with those after it."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from registry.connectivity.network import Network
from registry.connectivity.objects import PodGroup, Policy, PolicyKey
from registry.planning.objects import Key, Namespace
from registry.world.live_network import LiveNetwork, Unevaluated
from registry.world.network_objects import policy_of
from registry.world.preview import PolicyChange
from registry.world.switching import Switch

_ABSENT: Final = b"null"


class BeforeAfter(NamedTuple):
    """A policy before and after, None where there is none."""

    before: Policy | None
    after: Policy | None

    @property
    def differs(self) -> bool:
        """Whether it says something else then."""
        return (self.before and self.before.spec) != (self.after and self.after.spec)


class Supposed(msgspec.Struct, frozen=True):
    """What is supposed to change: policies, Namespaces and pods, as they are then.

    `living` are there before and after: pods of workloads that do not say which pods they have.
    """

    policies: Mapping[PolicyKey, BeforeAfter]
    namespaces: tuple[Namespace, ...] = ()
    pods: tuple[PodGroup, ...] = ()
    living: tuple[PodGroup, ...] = ()


class States(NamedTuple):
    """The network before and after; `unevaluated` is what is in neither.

    `unreadable` are policies of the change that cannot be read in one of the states, with the reason.
    """

    before: Network
    after: Network
    unevaluated: Unevaluated
    unreadable: Mapping[PolicyKey, str]

    @property
    def networks(self) -> tuple[Network, Network]:
        """Before and after."""
        return self.before, self.after


def suppose(live: LiveNetwork, change: Supposed) -> States:
    """Both states, which are the asker's own: nothing that happens in the cluster changes them.

    Policies of the change are in the first as the change found them, not as the cluster has them this moment.
    """
    now, unevaluated = live.ask(lambda network, found: (network.copy(), found))
    for group in change.living:
        now.put_pods(group)
    before = now.fork()
    unreadable = _have(before, {place: one.before for place, one in change.policies.items()})
    after = before.fork()
    unreadable |= _have(after, {place: one.after for place, one in change.policies.items()})
    for namespace in change.namespaces:
        after.put_namespace(namespace.name, namespace.labels)
    for group in change.pods:
        after.put_pods(group)
    return States(before, after, _without(unevaluated, change.living), unreadable)


def written(changes: Iterable[tuple[Key, PolicyChange]]) -> Supposed:
    """The supposition that a plan is carried out, by what each policy belongs to."""
    return Supposed(
        {
            PolicyKey(key.namespace, change.name): BeforeAfter(
                _policy(key, change.name, change.before), _policy(key, change.name, change.after)
            )
            for key, change in changes
        }
    )


def switched(found: Switch, living: Iterable[PodGroup]) -> Supposed:
    """The supposition that a namespace is switched; `living` as above."""
    before, after = ({live.name: policy_of(live) for live in one} for one in (found.before, found.after))
    policies = {
        PolicyKey(found.namespace.name, name): BeforeAfter(before.get(name), after.get(name))
        for name in {*before, *after}
    }
    return Supposed(policies, (found.namespace,), living=tuple(living))


def _policy(key: Key, name: str, spec: msgspec.Raw) -> Policy | None:
    found = bytes(spec)
    return None if found == _ABSENT else Policy(namespace=key.namespace, name=name, spec=found)


def _have(network: Network, policies: Mapping[PolicyKey, Policy | None]) -> dict[PolicyKey, str]:
    """Have policies there as given, but for unreadable ones; one that says the same already stays."""
    unreadable: dict[PolicyKey, str] = {}
    for place, policy in policies.items():
        space = network.namespaces.get(place.namespace)
        known = space.policies.get(place.name) if space else None
        if policy is None:
            network.drop_policy(place)
        elif known is None or known.policy.spec != policy.spec:
            try:
                network.put_policy(policy)
            except ValueError as error:
                network.drop_policy(place)
                unreadable[place] = str(error)
    return unreadable


def _without(unevaluated: Unevaluated, pods: Iterable[PodGroup]) -> Unevaluated:
    """What is left out although these pods are known."""
    known = {group.key.workload for group in pods}
    workloads = tuple(key for key in unevaluated.workloads if key not in known)
    return msgspec.structs.replace(unevaluated, workloads=workloads)
