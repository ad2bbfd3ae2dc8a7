"""NetworkPolicies of a namespace as an import, read with the caller's own rights."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.cluster.listing import listed
from registry.cluster.resources import NETWORK_POLICIES
from registry.http import problems
from registry.http.access import Right
from registry.http.problems import Refused
from registry.http.requests import backend, caller
from registry.http.transfer.documents import MAX_TEMPLATES, Found, Things, policy_things
from registry.model.from_policy_parameters import Choice
from registry.model.pointers import join
from registry.model.problems import Problem

KEY: Final = "fromCluster"

_NAMESPACE: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_FIX: Final = 'Write {"fromCluster": {"namespace": "shop"}}, with a list `networkPolicies` for some of them.'


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Which policies; all of the namespace when the list is left out."""

    namespace: str
    network_policies: list[str] | None = None


def source_of(documents: list[object]) -> Source | None:
    """The source that a body names, if it names one. Raises Refused."""
    named = [one for one in documents if isinstance(one, Mapping) and KEY in one]
    if not named:
        return None
    if len(documents) > 1 or len(named[0]) > 1:
        raise _not_understood("Something else stands beside it.")
    try:
        source = msgspec.convert(named[0][KEY], Source)
    except msgspec.ValidationError as error:
        raise _not_understood(f"{error}.") from error
    if not _NAMESPACE.fullmatch(source.namespace):
        raise _not_understood("No namespace can have that name.")
    if len(source.network_policies or ()) > MAX_TEMPLATES:
        raise _not_understood(f"It names more than {MAX_TEMPLATES} policies.")
    return source


def cluster_things(source: Source, choice: Choice) -> Things:
    """The templates that the policies make, by name or as listed. Raises Refused or ApiError."""
    _admit(source)
    there = {one["metadata"]["name"]: one for one in backend().call(_policies(source.namespace))}
    names = sorted(there) if source.network_policies is None else source.network_policies
    for index, name in enumerate(names):
        pointer = join("", KEY, "networkPolicies", index)
        if name in there:
            yield from policy_things(there[name], pointer, choice)
        else:
            reason = f"There is no NetworkPolicy {name} in namespace {source.namespace}."
            wrong = Problem(pointer, reason, "Correct the name, or leave it out.")
            yield Found(pointer=pointer, name=name, problems=(wrong,))


async def _policies(namespace: str) -> list[dict[str, Any]]:
    path = NETWORK_POLICIES.path(namespace)
    return [msgspec.json.decode(raw) async for raw in listed(backend().client, path)]


def _admit(source: Source) -> None:
    """Let the caller pass who may read these policies anyway; raises Refused, or ApiError."""
    names, who = source.network_policies, caller()
    verb = "list" if names is None else "get"
    group, plural = NETWORK_POLICIES.group, NETWORK_POLICIES.plural
    wanted = [Right(verb, group, plural, source.namespace, name) for name in names or [""]]
    for right, allowed in zip(wanted, backend().call(_allowed(wanted)), strict=True):
        if not allowed:
            target = f"{plural} {right.name}".strip()
            detail = (
                f"{who.username} may not {verb} {target} in namespace {source.namespace}: an import reads "
                "with your own rights. An administrator can grant them."
            )
            members = {"verb": verb, "resource": f"{plural}.{group}", "name": right.name}
            members |= {"namespace": source.namespace, "user": who.username}
            raise Refused(problems.FORBIDDEN, detail, members=members)


async def _allowed(rights: list[Right]) -> list[bool]:
    who = caller()
    return await asyncio.gather(*(backend().access.may(who, right) for right in rights))


def _not_understood(reason: str) -> Refused:
    return Refused(problems.INVALID_BODY, reason, errors=[Problem(join("", KEY), reason, _FIX)])
