"""What a change of a namespace's policies does to its workloads: isolated or not, cut or kept."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from registry.connectivity.members import Members, states_of
from registry.connectivity.network import Network, Pods
from registry.connectivity.objects import PodKey, Policy
from registry.connectivity.rules import Peers
from registry.model.facts import Facts
from registry.planning.objects import Key
from registry.world.far_ends import FarEnds, far_ends, make_up, read_far_ends
from registry.world.traffic import DIRECTIONS, TRAFFIC, Direction, Traffic
from registry.world.ways import Ways, isolating

Verdict = Literal["cut", "kept", "unaffected", "absent", "unknown"]


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """One workload: the directions it becomes isolated in, or free, and the traffic it loses."""

    key: Key
    isolated: tuple[Direction, ...] = ()
    freed: tuple[Direction, ...] = ()
    cut: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of traffic over all workloads; `cut` and `kept` count them, `by` are policies that keep it."""

    traffic: Traffic
    verdict: Verdict
    cut: int = 0
    kept: int = 0
    by: tuple[Policy, ...] = ()


class Reach(msgspec.Struct, frozen=True):
    """The workloads for which something changes, and each kind of traffic."""

    workloads: tuple[Reached, ...]
    traffic: tuple[Told, ...]


class Cluster(NamedTuple):
    """What is known of a cluster besides its policies and pods.

    `namespaces` are the names of all that exist, None when they are not all known.
    """

    facts: Facts
    namespaces: Collection[str] | None


class _Both(NamedTuple):
    """The pods of one workload before and after."""

    before: Pods
    after: Pods


def reach(networks: tuple[Network, Network], keys: Iterable[Key], cluster: Cluster) -> Reach:
    """What changes for these workloads between two states of one cluster, before and after.

    Those without known pods are left out, and so are those on the host's network: they are out of reach.
    """
    states = [network.fork() for network in networks]
    peers = _peers(cluster)
    make_up(states, (one for one in peers if one))
    workloads, members = dict(_pods(states, keys)), states_of(states)
    told = [_told(*one, workloads, members) for one in zip(TRAFFIC, peers, strict=True)]
    found = (_reached(key, both, told) for key, both in sorted(workloads.items()))
    return Reach(
        tuple(one for one in found if one.isolated or one.freed or one.cut),
        tuple(one for one, _ in told),
    )


def _peers(cluster: Cluster) -> list[Peers | None]:
    """Whom each kind of traffic is about, None where the fact is not known."""
    given = (traffic.peers(cluster.facts, cluster.namespaces) for traffic in TRAFFIC)
    return [None if one is None else read_far_ends(one) for one in given]


def _pods(states: Sequence[Network], keys: Iterable[Key]) -> Iterator[tuple[Key, _Both]]:
    for key in keys:
        try:
            both = _Both(*(network.pods(PodKey(key)) for network in states))
        except KeyError:
            continue
        if not both.after.group.host_network:
            yield key, both


def _told(
    traffic: Traffic, peers: Peers | None, workloads: Mapping[Key, _Both], members: Sequence[Members]
) -> tuple[Told, set[Key]]:
    if peers is None:
        return Told(traffic=traffic, verdict="unknown"), set()
    ends = [far_ends(one, peers) for one in members]
    if ends[-1] == FarEnds():
        return Told(traffic=traffic, verdict="absent"), set()
    before, after = (Ways(one, traffic, end) for one, end in zip(members, ends, strict=True))
    lost: set[Key] = set()
    kept: set[Key] = set()
    by: dict[str, Policy] = {}
    for key, both in workloads.items():
        if not isolating(both.after, traffic.direction):
            continue
        found = after.keepers(both.after)
        if found is not None:
            kept.add(key)
            by |= {policy.name: policy for policy in found}
        elif before.passes(both.before):
            lost.add(key)
    verdict: Verdict = "cut" if lost else "kept" if kept else "unaffected"
    policies = tuple(by[name] for name in sorted(by))
    return Told(traffic=traffic, verdict=verdict, cut=len(lost), kept=len(kept), by=policies), lost


def _reached(key: Key, both: _Both, told: Iterable[tuple[Told, set[Key]]]) -> Reached:
    was = {one for one in DIRECTIONS if isolating(both.before, one)}
    is_now = {one for one in DIRECTIONS if isolating(both.after, one)}
    return Reached(
        key=key,
        isolated=tuple(one for one in DIRECTIONS if one in is_now - was),
        freed=tuple(one for one in DIRECTIONS if one in was - is_now),
        cut=tuple(one.traffic.name for one, lost in told if key in lost),
    )
