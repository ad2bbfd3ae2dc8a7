"""Which workload pods belong to: the one at the top of their owners, as far as manifests tell it. Pure.

https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
"""

import re
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final

import msgspec

from registry.cluster.resources import CRON_JOBS, DEPLOYMENTS, JOBS, NODES, PODS, REPLICA_SETS, Resource
from registry.cluster.workloads import MANAGED_KINDS, decode_custom_pods, decode_pods
from registry.connectivity.addresses import address_of
from registry.connectivity.grouping import Member
from registry.model.checks import shown
from registry.model.problems import Invalid, Problem
from registry.planning.objects import Key
from registry.planning.pods import Pods

_TEMPLATE_HASH: Final = "pod-template-hash"
_MINUTE: Final = re.compile(r"-\d{8,}$")

FINISHED: Final = ("Succeeded", "Failed")
"""Phases of pods that do not run any more and have no address of their own."""


class Tier(IntEnum):
    """Who tells best what pods a workload has: they themselves, it, or what it has made to make them."""

    POD = 0
    TEMPLATE = 1
    MADE = 2


class Told(msgspec.Struct, frozen=True, gc=False):
    """What one object tells: its pods, none if they are gone, and who manages it."""

    tier: Tier
    pods: Pods | None
    owner: tuple[str, str, str] | None = None
    addresses: tuple[str, ...] = ()


class _Owner(msgspec.Struct, rename="camel", gc=False):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    controller: bool = False


class _Meta(msgspec.Struct, rename="camel", gc=False):
    owner_references: list[_Owner] = []


class _Spec(msgspec.Struct, gc=False):
    replicas: int = 1


class _IP(msgspec.Struct, gc=False):
    ip: str = ""


class _Status(msgspec.Struct, gc=False):
    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: list[_IP] = msgspec.field(default_factory=list, name="podIPs")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Raises Invalid for what is none."""
        found = (self.pod_ip, *(one.ip for one in self.pod_ips))
        return tuple(dict.fromkeys(_checked(text) for text in found if text))


def _checked(text: str) -> str:
    try:
        address_of(text)
    except ValueError:
        reason = f"{shown(text)} is no IP address."
        raise Invalid([Problem("/status/podIP", reason, "Take the status out, or correct it.")]) from None
    return text


class _Managed(msgspec.Struct, gc=False):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


_MANAGED: Final = msgspec.json.Decoder(_Managed)


def told_of(resource: Resource | None, raw: bytes | msgspec.Raw) -> Told | None:
    """What an object tells of pods; `resource` is None for a custom kind, and the answer where it has none.

    Raises msgspec.ValidationError.
    """
    if resource is None:
        custom = decode_custom_pods(raw)
        return Told(Tier.TEMPLATE, custom) if custom else None
    pods = decode_pods(resource, raw)
    if resource not in MANAGED_KINDS:
        return Told(Tier.TEMPLATE, pods)
    found = _MANAGED.decode(raw)
    owner = _manager(found.metadata.owner_references)
    if resource == PODS:
        running = None if found.status.phase in FINISHED else pods
        return Told(Tier.POD, running, owner, found.status.addresses)
    if owner is None:
        return Told(Tier.TEMPLATE, pods)
    return Told(Tier.MADE, pods if found.spec.replicas else None, owner)


def _manager(owners: list[_Owner]) -> tuple[str, str, str] | None:
    """The owner that manages an object. A static pod is by itself: its owner, a Node, is no workload."""
    for owner in owners:
        group = owner.api_version.rpartition("/")[0]
        if owner.controller and (group, owner.kind) != (NODES.group, NODES.kind):
            return group, owner.kind, owner.name
    return None


def members_of(told: Mapping[Key, Told]) -> list[Member]:
    """The pods of each workload, as what tells best about it says."""
    found = [(_top(key, told), key, one) for key, one in told.items() if one.pods is not None]
    best: dict[Key, Tier] = {}
    for workload, _, one in found:
        best[workload] = min(one.tier, best.get(workload, one.tier))
    return [
        _member(workload, key, one, one.pods)
        for workload, key, one in found
        if one.tier == best[workload] and one.pods is not None
    ]


def _top(key: Key, told: Mapping[Key, Told]) -> Key:
    """The last of its owners; what is said in a circle ends where it began."""
    *_, last = _chain(key, told)
    pods = told[key].pods
    return last if last in told or pods is None else _maker(last, pods, told)


def _maker(owner: Key, pods: Pods, told: Mapping[Key, Told]) -> Key:
    """Who made an owner that is not there itself, by the names that Kubernetes gives; else the owner.

    A ReplicaSet of a Deployment is named by the hash that its pods bear, a Job of a CronJob by the minute:
    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label and
    https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
    """
    found = owner
    if owner.kind == REPLICA_SETS.kind and (template := dict(pods.labels).get(_TEMPLATE_HASH)):
        found = owner._replace(kind=DEPLOYMENTS.kind, name=owner.name.removesuffix(f"-{template}"))
    elif owner.kind == JOBS.kind:
        found = owner._replace(kind=CRON_JOBS.kind, name=_MINUTE.sub("", owner.name))
    return found if found in told and found.name != owner.name else owner


def _chain(key: Key, told: Mapping[Key, Told]) -> Iterator[Key]:
    seen: set[Key] = set()
    at: Key | None = key
    while at is not None and at not in seen:
        yield at
        seen.add(at)
        one = told.get(at)
        at = Key(one.owner[0], one.owner[1], key.namespace, one.owner[2]) if one and one.owner else None


def _member(workload: Key, key: Key, told: Told, pods: Pods) -> Member:
    return Member(
        workload=workload,
        pod=key.name if told.tier == Tier.POD else "",
        labels=pods.labels,
        ports=pods.ports,
        host_network=pods.host_network,
        addresses=told.addresses,
    )
