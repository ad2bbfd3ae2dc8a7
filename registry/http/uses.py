"""The users of a template as one caller may see them, read from the cluster."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, TypeVar

import msgspec

from registry import contract
from registry.cluster.client import Client
from registry.cluster.decode import decode_namespace, decode_policy, workload_decoder
from registry.cluster.resources import (
    NAMESPACES,
    NETWORK_POLICIES,
    SUBJECT_ACCESS_REVIEWS,
    WORKLOADS,
    Resource,
)
from registry.http.access import Caller
from registry.http.paging import Order
from registry.planning.catalogue import Entry
from registry.planning.usage import Cluster, Use

T = TypeVar("T")

RESOURCES: Final = {(one.group, one.kind): one for one in (NAMESPACES, *WORKLOADS)}
"""What a caller has to be allowed to list; NetworkPolicies for users of a kind that is not known here."""

BY_PLACE: Final = Order[Use]("place", lambda use: (use.namespace, use.kind, use.group, use.name))


class _List(msgspec.Struct):
    items: list[msgspec.Raw] = []


class _Status(msgspec.Struct):
    allowed: bool = False


class _Review(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


async def read_cluster(client: Client, template: str, excluded: Iterable[str]) -> Cluster:
    """What `uses_of` needs to know. Raises ApiError."""
    label = contract.TEMPLATE_LABEL_PREFIX + template
    listed = (_listed(client, kind, label, workload_decoder(kind)) for kind in WORKLOADS)
    namespaces, policies, workloads = await asyncio.gather(
        _listed(client, NAMESPACES, "", decode_namespace),
        _listed(client, NETWORK_POLICIES, f"{contract.TEMPLATE_LABEL}={template}", decode_policy),
        asyncio.gather(*listed),
    )
    found = [one for kind in workloads for one in kind]
    return Cluster({one.name: one for one in namespaces}, found, policies, frozenset(excluded))


async def visible(client: Client, caller: Caller, uses: Iterable[Use]) -> tuple[list[Use], bool]:
    """The users that the caller may list anyway, and whether the caller may list all there could be.

    Asked for each kind in the whole cluster, and where that is denied in each namespace. Raises ApiError.
    """
    kinds = [NAMESPACES, *WORKLOADS, NETWORK_POLICIES]
    everywhere = dict(
        zip(kinds, await asyncio.gather(*(_may(client, caller, one) for one in kinds)), strict=True)
    )
    found = list(uses)
    places = sorted({_place(use) for use in found if not everywhere[_place(use)[0]]}, key=str)
    allowed = await asyncio.gather(*(_may(client, caller, kind, namespace) for kind, namespace in places))
    granted = {place for place, may in zip(places, allowed, strict=True) if may}
    seen = [use for use in found if everywhere[_place(use)[0]] or _place(use) in granted]
    return seen, all(everywhere.values())


def shown(use: Use) -> dict[str, Any]:
    """A user as lists show it."""
    return msgspec.structs.asdict(use)


def usage_counts(entry: Entry, uses: Collection[Use], *, complete: bool) -> dict[str, Any]:
    """How many users are on which revision, beside their list."""
    counts = Counter(use.revision for use in uses if use.revision is not None)
    return {
        "name": entry.name,
        "revision": entry.head,
        "revisions": [{"revision": number, "users": users} for number, users in sorted(counts.items())],
        "outdated": sum(use.outdated for use in uses),
        "withoutPolicy": sum(use.revision is None for use in uses),
        "complete": complete,
    }


def _place(use: Use) -> tuple[Resource, str]:
    return RESOURCES.get((use.group, use.kind), NETWORK_POLICIES), use.namespace


async def _may(client: Client, caller: Caller, resource: Resource, namespace: str = "") -> bool:
    """May the caller list a kind there? Of one Namespace: get it."""
    attributes = {
        "group": resource.group,
        "resource": resource.plural,
        "verb": "list",
        "namespace": namespace,
    }
    if resource == NAMESPACES and namespace:
        attributes |= {"verb": "get", "name": namespace}
    spec = {
        "user": caller.username,
        "uid": caller.uid,
        "groups": caller.groups,
        "extra": caller.extra,
        "resourceAttributes": attributes,
    }
    body = {
        "apiVersion": SUBJECT_ACCESS_REVIEWS.api_version,
        "kind": SUBJECT_ACCESS_REVIEWS.kind,
        "spec": spec,
    }
    answer = await client.post(SUBJECT_ACCESS_REVIEWS.path(), body)
    return msgspec.json.decode(answer, type=_Review).status.allowed


async def _listed(client: Client, resource: Resource, selector: str, decode: Callable[[bytes], T]) -> list[T]:
    query: dict[str, Any] = {"labelSelector": selector} if selector else {}
    listed = msgspec.json.decode(await client.get(resource.path(), query), type=_List)
    return [decode(bytes(raw)) for raw in listed.items]
