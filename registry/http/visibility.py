"""Which objects of the cluster a caller may be told of: those that the caller may list anyway."""

import asyncio
from collections.abc import Iterable
from typing import Protocol, TypeVar

from registry.cluster.resources import NAMESPACES, NETWORK_POLICIES, Resource
from registry.http.access import Access, Caller, Right
from registry.http.requests import backend


class Placed(Protocol):
    """An object, by its place."""

    @property
    def group(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def namespace(self) -> str: ...  # noqa: D102


P = TypeVar("P", bound=Placed)


Seen = tuple[list[P], bool]
"""Objects that the caller may see, and whether the caller may see all that there could be."""


async def visible(access: Access, caller: Caller, objects: Iterable[P]) -> Seen[P]:
    """The objects that the caller may list anyway, and whether the caller may list all there could be.

    Asked for each kind in the whole cluster, and where that is denied in each namespace; objects of a kind
    that is not watched count as NetworkPolicies. Raises ApiError.
    """
    kinds = [NAMESPACES, *backend().cluster.kinds, NETWORK_POLICIES]
    by_kind = {(kind.group, kind.kind): kind for kind in kinds}
    answers = await asyncio.gather(*(access.may(caller, _listing(kind)) for kind in kinds))
    everywhere = {kind for kind, allowed in zip(kinds, answers, strict=True) if allowed}
    found = [(one, (by_kind.get((one.group, one.kind), NETWORK_POLICIES), one.namespace)) for one in objects]
    places = sorted({place for _, place in found if place[0] not in everywhere}, key=str)
    allowed = await asyncio.gather(*(access.may(caller, _listing(*place)) for place in places))
    granted = {place for place, may in zip(places, allowed, strict=True) if may}
    seen = [one for one, place in found if place[0] in everywhere or place in granted]
    return seen, len(everywhere) == len(kinds)


def _listing(resource: Resource, namespace: str = "") -> Right:
    """To list a kind there; of one Namespace: to get it."""
    if resource == NAMESPACES and namespace:
        return Right("get", resource.group, resource.plural, namespace, namespace)
    return Right("list", resource.group, resource.plural, namespace)
