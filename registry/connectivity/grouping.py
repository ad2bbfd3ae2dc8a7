"""Pods as groups: those of one owner that no policy can tell apart are one. Pure, linear in the pods.

Several states of a cluster are grouped together, so that what is the same in all of them bears one key.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from registry.connectivity.address_marks import AddressMarks
from registry.connectivity.objects import PodGroup, PodKey
from registry.connectivity.rules import ReadPolicy, Rule
from registry.connectivity.selectors import Pair, Selector
from registry.planning.objects import Key
from registry.planning.pods import Port


class Marks(msgspec.Struct, frozen=True):
    """What policies tell pods apart by.

    `labels` are the values that they name, by label; labels that no policy asks for are not in it. Pods on
    the host's network are known by `addresses`, and with `blocks_match_pods` all pods are.
    """

    labels: Mapping[str, frozenset[str]] = {}
    addresses: AddressMarks = AddressMarks()
    blocks_match_pods: bool = False


class Member(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A pod of a workload, or what a pod template says of all of them: that one has no `pod` name."""

    workload: Key
    pod: str = ""
    labels: tuple[Pair, ...] = ()
    ports: frozenset[Port] = frozenset()
    host_network: bool = False
    addresses: tuple[str, ...] = ()


class Grouped(NamedTuple):
    """The groups of one state, and in which of them each pod is, by namespace and name."""

    groups: list[PodGroup]
    of: dict[tuple[str, str], PodKey]


class _Look(NamedTuple):
    """What policies can tell of a pod.

    Values that none of them names are all `None`; empty where they ask for the label alone.
    """

    host_network: bool
    ports: frozenset[Port]
    labels: tuple[tuple[str, str | None], ...]
    blocks: frozenset[int]


_Looks = dict[_Look, list[Member]]


def marks_of(policies: Iterable[ReadPolicy], *, blocks_match_pods: bool = False) -> Marks:
    """The labels of pods that policies ask for, and the addresses."""
    every = list(policies)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for selector in {one for read in every for one in _selectors(read)}:
        for requirement in selector:
            found[requirement.key].update(requirement.values)
    return Marks(
        labels={key: frozenset(values) for key, values in found.items()},
        addresses=AddressMarks({rule.peers.addresses for read in every for rule in _rules(read)}),
        blocks_match_pods=blocks_match_pods,
    )


def group(states: Sequence[Iterable[Member]], marks: Marks) -> list[Grouped]:
    """The groups of each state. Where in no state the pods of a workload differ, they have no variant."""
    by_workload = [_by_workload(members, marks) for members in states]
    named = {workload: _variants(workload, by_workload, marks) for found in by_workload for workload in found}
    return [_grouped(found, named, marks) for found in by_workload]


def _selectors(read: ReadPolicy) -> Iterable[Selector]:
    yield read.pods
    for rule in _rules(read):
        for term in rule.peers.terms:
            yield term.pods


def _rules(read: ReadPolicy) -> Iterable[Rule]:
    return (*(read.ingress or ()), *(read.egress or ()))


def _by_workload(members: Iterable[Member], marks: Marks) -> dict[Key, _Looks]:
    found: dict[Key, _Looks] = {}
    for member in members:
        found.setdefault(member.workload, {}).setdefault(_look(member, marks), []).append(member)
    return found


def _look(member: Member, marks: Marks) -> _Look:
    if member.host_network:  # policies do not see its labels
        return _Look(True, member.ports, (), marks.addresses.within(member.addresses))
    asked = [
        (key, value if value in named else None if named else "")
        for key, value in member.labels
        if (named := marks.labels.get(key)) is not None
    ]
    blocks = marks.addresses.within(member.addresses if marks.blocks_match_pods else ())
    return _Look(False, member.ports, tuple(asked), blocks)


def _variants(workload: Key, states: Iterable[Mapping[Key, _Looks]], marks: Marks) -> dict[_Look, str]:
    found = [state[workload] for state in states if workload in state]
    if all(len(looks) == 1 for looks in found):
        return {look: "" for looks in found for look in looks}
    looks = list(dict.fromkeys(look for one in found for look in one))
    return {look: _variant(look, looks, marks) for look in looks}


def _variant(look: _Look, others: Sequence[_Look], marks: Marks) -> str:
    """In which ways pods differ from others of the workload."""
    said: list[str] = []
    if any(other.host_network != look.host_network for other in others):
        said.append("host network" if look.host_network else "own network")
    labels = dict(look.labels)
    keys = sorted({key for other in others for key, _ in other.labels})
    said += [_label(key, labels) for key in keys if _differs(key, others)]
    if any(other.ports != look.ports for other in others):
        said.append(_ports(look.ports))
    if any(other.blocks != look.blocks for other in others):
        said.append(marks.addresses.shown(look.blocks))
    return ", ".join(said)


def _differs(key: str, looks: Iterable[_Look]) -> bool:
    return len({dict(look.labels).get(key, ...) for look in looks}) > 1


def _label(key: str, labels: Mapping[str, str | None]) -> str:
    if key not in labels:
        return f"no {key}"
    value = labels[key]
    if value is None:
        return f"other {key}"
    return f"{key}={value}" if value else key


def _ports(ports: Iterable[Port]) -> str:
    shown = [f"{one.protocol} {one.number}" + (f" {one.name}" if one.name else "") for one in sorted(ports)]
    return f"ports {' + '.join(shown)}" if shown else "no ports"


def _grouped(found: Mapping[Key, _Looks], named: Mapping[Key, Mapping[_Look, str]], marks: Marks) -> Grouped:
    groups: list[PodGroup] = []
    of: dict[tuple[str, str], PodKey] = {}
    for workload, looks in found.items():
        for look, members in looks.items():
            key = PodKey(workload, named[workload][look])
            groups.append(_group(key, members, marks))
            for member in members:
                if member.pod:
                    of[workload.namespace, member.pod] = key
    return Grouped(groups, of)


def _group(key: PodKey, members: Sequence[Member], marks: Marks) -> PodGroup:
    first = members[0]
    counted = sum(bool(member.pod) for member in members)
    return PodGroup(
        key=key,
        labels=_common(members, marks),
        ports=first.ports,
        addresses=tuple(address for member in members for address in member.addresses),
        host_network=first.host_network,
        pods=counted or None,
    )


def _common(members: Sequence[Member], marks: Marks) -> tuple[Pair, ...]:
    """The labels that all bear; of one that policies ask for, any of those values that they do not name."""
    first = members[0].labels
    common = set(first)
    for member in members[1:]:
        if member.labels != first:
            common &= set(member.labels)
    return tuple(pair for pair in first if pair in common or pair[0] in marks.labels)
