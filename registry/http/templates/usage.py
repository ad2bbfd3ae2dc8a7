"""Who uses a template: what refers to it, and the policies that were generated from it."""

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec

from registry import contract
from registry.cluster.client import Client
from registry.cluster.listing import listed
from registry.cluster.resources import NAMESPACES, NETWORK_POLICIES, Resource

SHOWN: Final = 100
"""How many users a refusal lists."""


class User(msgspec.Struct, frozen=True, order=True):
    """One object that uses a template; `namespace` is empty for a Namespace."""

    kind: str
    namespace: str
    name: str


class _Meta(msgspec.Struct):
    name: str
    namespace: str = ""
    labels: dict[str, str] = {}


class _Item(msgspec.Struct):
    metadata: _Meta


_ITEM: Final = msgspec.json.Decoder(_Item)


async def users_of(client: Client, workloads: Iterable[Resource], template: str) -> list[User]:
    """Every user of a template in the cluster, among `workloads` of these kinds. Raises ApiError."""
    label = contract.TEMPLATE_LABEL_PREFIX + template
    referring = [_users(client, resource, label, label) for resource in (NAMESPACES, *workloads)]
    generated = _users(client, NETWORK_POLICIES, f"{contract.TEMPLATE_LABEL}={template}")
    found = await asyncio.gather(*referring, generated)
    return sorted(user for users in found for user in users)


async def _users(client: Client, resource: Resource, selector: str, label: str = "") -> Iterable[User]:
    found = [_ITEM.decode(raw).metadata async for raw in listed(client, resource.path(), selector)]
    return [User(resource.kind, one.namespace, one.name) for one in found if one.labels.get(label) != "false"]
