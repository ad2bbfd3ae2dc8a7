"""Which kinds of policies besides NetworkPolicies a cluster serves, and how many of each there are."""

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from registry.cluster.client import Requests
from registry.cluster.errors import Forbidden, NotFound
from registry.connectivity.completeness import POLICY_KINDS, PolicyKind, is_policy_kind


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


async def policy_kinds(client: Requests) -> list[PolicyKind]:
    """The kinds that are served, counted where they may be listed. Raises ApiError.

    One request where none of their groups is served; of each kind one object is read, not all.
    """
    found: dict[tuple[str, str], PolicyKind] = {}
    groups = _GROUPS.decode(await client.get("/apis")).groups
    for group in (one for one in groups if one.name in POLICY_KINDS):
        for version in group.versions:
            async for kind, plural in _kinds(client, version.group_version):
                if is_policy_kind(group.name, kind) and (group.name, kind) not in found:
                    count = await _count(client, f"/apis/{version.group_version}/{plural}")
                    found[group.name, kind] = PolicyKind(group.name, kind, count)
    return sorted(found.values(), key=lambda one: (one.group, one.kind))


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
    """How many objects there are; None where they may not be listed."""
    try:
        page = _PAGE.decode(await client.get(path, {"limit": 1}))
    except (Forbidden, NotFound):
        return None
    return len(page.items) + page.metadata.remaining_item_count
