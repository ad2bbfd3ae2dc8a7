"""Lint of a template among its users, as far as the caller may see them and what is around them."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from registry.cluster.client import Client
from registry.cluster.pods import PICTURED, read_place
from registry.cluster.resources import NAMESPACES, Resource
from registry.http.access import Access, Caller
from registry.http.requests import backend, caller
from registry.http.visibility import visible
from registry.lint.findings import Surroundings
from registry.lint.place import Place
from registry.lint.users import Report, User, lint_users
from registry.model.template import Template
from registry.planning.objects import Key
from registry.world.usage import Use, uses_of


class Live(NamedTuple):
    """What was found, and whether all users and all that is around them was there to look at."""

    report: Report
    complete: bool


def lint_live(
    template: Template, surroundings: Surroundings, parameters: Mapping[str, object] | None
) -> Live:
    """Lint a template with its users in the cluster as it is now. Raises Invalid, Refused, or ApiError."""
    uses = _uses(template.name)
    seen, all_seen = backend().call(visible(backend().access, caller(), uses))
    place = backend().call(_visible_place(backend().client, backend().access, caller(), seen))
    around = msgspec.structs.replace(surroundings, place=place)
    users = [(use, place.target(_key(use))) for use in seen]
    unreadable = sum(use.parameters is None for use in seen)
    known = [
        User(_key(use), use.parameters, target)
        for use, target in users
        if target is not None and use.parameters is not None
    ]
    report = lint_users(template, known, around, parameters)
    report = msgspec.structs.replace(report, unfit=report.unfit + unreadable)
    return Live(report, all_seen and place.complete and len(known) + unreadable == len(seen))


def live_body(live: Live) -> Mapping[str, Any]:
    """What was found, as answers show it."""
    report = live.report
    concerned = [
        {
            **msgspec.structs.asdict(one.finding),
            "users": [user._asdict() for user in one.users],
            "total": one.total,
        }
        for one in report.live
    ]
    looked_at = {"users": report.looked_at, "unfit": report.unfit, "complete": live.complete}
    return {"findings": [*report.findings, *concerned], "live": looked_at}


def _uses(name: str) -> list[Use]:
    if name not in backend().watch.catalogue().entries:
        return []
    start, keys = backend().users(name)
    return uses_of(start, name, keys, backend().clock())


def _key(use: Use) -> Key:
    return Key(use.group, use.kind, use.namespace, use.name)


async def _visible_place(client: Client, access: Access, who: Caller, uses: Iterable[Use]) -> Place:
    """The cluster as the caller may see it; namespaces without a use of theirs only where all may be seen."""
    names = {use.namespace for use in uses}
    place, (seen, _) = await asyncio.gather(read_place(client), visible(access, who, _questions(names)))
    allowed = set(seen)
    all_namespaces = _question(NAMESPACES) in allowed
    if _may_see_workloads("", allowed):
        names = set(place.namespaces)
    else:
        names = {name for name in names if _may_see_workloads(name, allowed)}
    return place.limited_to(names, all_namespaces=all_namespaces)


def _questions(names: Collection[str]) -> list[Key]:
    kinds = [_question(resource, name) for resource in PICTURED for name in ("", *sorted(names))]
    return [_question(NAMESPACES), *kinds]


def _question(resource: Resource, namespace: str = "") -> Key:
    """May objects of a kind be listed there? Everywhere, where no namespace is named."""
    return Key(resource.group, resource.kind, namespace, "")


def _may_see_workloads(namespace: str, allowed: Collection[Key]) -> bool:
    return all(_question(resource, namespace) in allowed for resource in PICTURED)
