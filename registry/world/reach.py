"""What a change of a namespace's policies does to its workloads: isolated or not, cut or kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from registry.model.facts import Facts
from registry.planning.objects import Key
from registry.planning.pods import Pods
from registry.world.isolation import (
    DIRECTIONS,
    TRAFFIC,
    Direction,
    Peer,
    Policies,
    Policy,
    Traffic,
    keepers,
)

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


def reach(
    workloads: Mapping[Key, Pods],
    before: Sequence[Policy],
    after: Sequence[Policy],
    facts: Facts,
    namespaces: Iterable[str] | None,
) -> Reach:
    """What changes between two sets of policies; pods on the host's network are out of their reach.

    `namespaces` are the names of all that exist, None when they are not all known.
    """
    existing = None if namespaces is None else set(namespaces)
    pods = {key: dict(one.labels) for key, one in workloads.items() if not one.host_network}
    peers = {traffic.name: traffic.peers(facts, existing) for traffic in TRAFFIC}
    was, then = Policies(before), Policies(after)
    told = [_told(traffic, peers[traffic.name], pods, was, then) for traffic in TRAFFIC]
    found = (_reached(key, labels, was, then, told) for key, labels in sorted(pods.items()))
    return Reach(
        tuple(one for one in found if one.isolated or one.freed or one.cut),
        tuple(one for one, _ in told),
    )


def _told(
    traffic: Traffic,
    peers: Sequence[Peer] | None,
    pods: Mapping[Key, Mapping[str, str]],
    before: Policies,
    after: Policies,
) -> tuple[Told, set[Key]]:
    if not peers:
        return Told(traffic=traffic, verdict="unknown" if peers is None else "absent"), set()
    lost: set[Key] = set()
    kept: set[Key] = set()
    by: dict[str, Policy] = {}
    for key, labels in pods.items():
        then = after.isolating(labels, traffic.direction)
        if not then:
            continue
        found = keepers(traffic, peers, then)
        if found:
            kept.add(key)
            by |= found
        elif _passed(traffic, peers, before.isolating(labels, traffic.direction)):
            lost.add(key)
    verdict: Verdict = "cut" if lost else "kept" if kept else "unaffected"
    policies = tuple(by[name] for name in sorted(by))
    return Told(traffic=traffic, verdict=verdict, cut=len(lost), kept=len(kept), by=policies), lost


def _passed(traffic: Traffic, peers: Sequence[Peer], isolated_by: Sequence[Policy]) -> bool:
    return not isolated_by or keepers(traffic, peers, isolated_by) is not None


def _reached(
    key: Key,
    labels: Mapping[str, str],
    before: Policies,
    after: Policies,
    told: Iterable[tuple[Told, set[Key]]],
) -> Reached:
    was = {one for one in DIRECTIONS if before.isolating(labels, one)}
    is_now = {one for one in DIRECTIONS if after.isolating(labels, one)}
    return Reached(
        key=key,
        isolated=tuple(one for one in DIRECTIONS if one in is_now - was),
        freed=tuple(one for one in DIRECTIONS if one in was - is_now),
        cut=tuple(one.traffic.name for one, lost in told if key in lost),
    )
