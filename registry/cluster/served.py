"""Which kinds of policies besides NetworkPolicies a cluster serves, and how many of each there are."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Final

import msgspec

from registry.cluster.client import Requests
from registry.cluster.errors import ApiError, NotFound
from registry.cluster.resources import Resource
from registry.connectivity.completeness import POLICY_KINDS, PolicyKind, ServedKind


class _Version(msgspec.Struct, rename="camel", gc=False):
    group_version: str = ""


class _Group(msgspec.Struct, gc=False):
    name: str = ""
    versions: list[_Version] = []


class _Groups(msgspec.Struct, gc=False):
    groups: list[_Group] = []


class _Kind(msgspec.Struct, gc=False):
    name: str = ""
    kind: str = ""


class _Kinds(msgspec.Struct, gc=False):
    resources: list[_Kind] = []


class _Meta(msgspec.Struct, rename="camel", gc=False):
    remaining_item_count: int = 0
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct, gc=False):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    items: list[msgspec.Raw] = []


_GROUPS: Final = msgspec.json.Decoder(_Groups)
_KINDS: Final = msgspec.json.Decoder(_Kinds)
_PAGE: Final = msgspec.json.Decoder(_Page)


async def served(client: Requests, wanted: Mapping[str, Collection[str]]) -> list[Resource]:
    """Those of the wanted kinds, by group, that are served, in the version that a group prefers.

    Raises ApiError. One request where none of the groups is served.
    """
    found: dict[tuple[str, str], Resource] = {}
    groups = _GROUPS.decode(await client.get("/apis")).groups
    for group in (one for one in groups if one.name in wanted):
        for version in group.versions:
            async for kind, plural in _kinds(client, version.group_version):
                if kind in wanted[group.name] and (group.name, kind) not in found:
                    name = version.group_version.rpartition("/")[2]
                    found[group.name, kind] = Resource(group.name, name, plural, kind)
    return [found[one] for one in sorted(found)]


async def policy_kinds(client: Requests) -> list[PolicyKind]:
    """The kinds that are served, counted where they may be listed. Raises ApiError.

    One request where none of their groups is served; of each kind one object is read, not all.
    """
    found = await counted(client, POLICY_KINDS)
    return [PolicyKind(one.group, one.kind, one.objects) for one in found]


async def counted(client: Requests, wanted: Mapping[str, Collection[str]]) -> list[ServedKind]:
    """Those of the wanted kinds that are served, with the number of their objects. Raises ApiError."""
    found = await served(client, wanted)
    return [ServedKind(one.group, one.kind, await _count(client, one.path())) for one in found]


async def _kinds(client: Requests, group_version: str) -> AsyncIterator[tuple[str, str]]:
    """Kind and plural of what a version serves; subresources have a slash in their name."""
    try:
        served = _KINDS.decode(await client.get(f"/apis/{group_version}"))
    except NotFound:  # it went in this moment
        return
    for one in served.resources:
        if "/" not in one.name:
            yield one.kind, one.name


async def _count(client: Requests, path: str) -> int | None:
    """How many objects there are; None where they may not be listed, or the API server fails to list them."""
    try:
        page = _PAGE.decode(await client.get(path, {"limit": 1}))
    except ApiError:
        return None
    return len(page.items) + page.metadata.remaining_item_count
