"""Two states of the network: with the policies before a change, and with those after it."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from registry.connectivity.network import Network
from registry.connectivity.objects import PodGroup, Policy, PolicyKey
from registry.planning.objects import Key, Namespace
from registry.world.live_network import LiveNetwork, Unevaluated
from registry.world.preview import PolicyChange

_ABSENT: Final = b"null"


class BeforeAfter(NamedTuple):
    """A policy before and after, None where there is none."""

    before: Policy | None
    after: Policy | None


class Supposed(msgspec.Struct, frozen=True):
    """What is supposed to change: policies, Namespaces and pods, as they are then."""

    policies: Mapping[PolicyKey, BeforeAfter]
    namespaces: tuple[Namespace, ...] = ()
    pods: tuple[PodGroup, ...] = ()


class States(NamedTuple):
    """The network before and after; `unevaluated` is what is in neither."""

    before: Network
    after: Network
    unevaluated: Unevaluated


def suppose(live: LiveNetwork, change: Supposed) -> States:
    """Both states, which are the asker's own: nothing that happens in the cluster changes them.

    Policies of the change are in the first as the change found them, not as the cluster has them this moment.
    Raises ValueError for a policy that cannot be read.
    """
    now, unevaluated = live.ask(lambda network, found: (network.copy(), found))
    before = now.fork()
    for place, policy in change.policies.items():
        _have(before, place, policy.before)
    after = before.fork()
    for place, policy in change.policies.items():
        _have(after, place, policy.after)
    for namespace in change.namespaces:
        after.put_namespace(namespace.name, namespace.labels)
    for group in change.pods:
        after.put_pods(group)
    return States(before, after, unevaluated)


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


def _policy(key: Key, name: str, spec: msgspec.Raw) -> Policy | None:
    found = bytes(spec)
    return None if found == _ABSENT else Policy(namespace=key.namespace, name=name, spec=found)


def _have(network: Network, place: PolicyKey, policy: Policy | None) -> None:
    """Have a policy there as given; one that says the same already stays."""
    room = network.rooms.get(place.namespace)
    known = room.policies.get(place.name) if room else None
    if policy is None:
        if known:
            network.drop_policy(place)
    elif known is None or known.policy.spec != policy.spec:
        network.put_policy(policy)
