"""What a caller may do with namespaces and what is in them: the cluster's own RBAC decides."""

import asyncio
from collections.abc import Hashable, Iterable, Mapping
from typing import Final, TypeVar

from registry.cluster.resources import CONFIG_MAPS, NAMESPACES, NETWORK_POLICIES, Resource
from registry.http.access import Access, Caller, Right
from registry.http.requests import backend, caller

T = TypeVar("T", bound=Hashable)

_LIST_ALL: Final = Right("list", NAMESPACES.group, NAMESPACES.plural)


def on_namespace(verb: str, name: str) -> Right:
    """A right on one Namespace; a RoleBinding in it can grant it, as with the API server itself."""
    return Right(verb, NAMESPACES.group, NAMESPACES.plural, name, name)


def on_policies(verb: str, namespace: str) -> Right:
    """A right on the NetworkPolicies of a namespace."""
    return _inside(verb, NETWORK_POLICIES, namespace)


def on_backups(verb: str, namespace: str) -> Right:
    """A right on the ConfigMaps of a namespace, which hold the backups."""
    return _inside(verb, CONFIG_MAPS, namespace)


def readable(names: Iterable[str]) -> set[str]:
    """Those namespaces that the caller may list, or get. Raises ApiError."""
    found = list(names)
    if backend().call(backend().access.may(caller(), _LIST_ALL)):
        return set(found)
    return granted({name: on_namespace("get", name) for name in found})


def with_policies(names: Iterable[str]) -> set[str]:
    """Those namespaces whose NetworkPolicies the caller may list. Raises ApiError."""
    found = list(names)
    if backend().call(backend().access.may(caller(), on_policies("list", ""))):
        return set(found)
    return granted({name: on_policies("list", name) for name in found})


def granted(rights: Mapping[T, Right]) -> set[T]:
    """Those whose right the caller has. Raises ApiError."""
    return backend().call(_granted(backend().access, caller(), rights))


async def _granted(access: Access, who: Caller, rights: Mapping[T, Right]) -> set[T]:
    answers = await asyncio.gather(*(access.may(who, right) for right in rights.values()))
    return {name for name, allowed in zip(rights, answers, strict=True) if allowed}


def _inside(verb: str, resource: Resource, namespace: str) -> Right:
    return Right(verb, resource.group, resource.plural, namespace)
