"""Which workloads a caller may list: the cluster's own RBAC decides."""

import asyncio
from collections.abc import Iterable

from registry.cluster.resources import Resource
from registry.http.access import Right
from registry.http.requests import backend, caller


def listing(resource: Resource, namespace: str) -> Right:
    """To list a kind in a namespace."""
    return Right("list", resource.group, resource.plural, namespace)


def listable(resources: Iterable[Resource], namespace: str) -> set[tuple[str, str]]:
    """Group and kind of those that the caller may list in a namespace. Raises ApiError."""
    access, who = backend().access, caller()

    async def granted() -> set[tuple[str, str]]:
        kinds = list(resources)
        answers = await asyncio.gather(*(access.may(who, listing(one, namespace)) for one in kinds))
        return {(one.group, one.kind) for one, may in zip(kinds, answers, strict=True) if may}

    return backend().call(granted())
