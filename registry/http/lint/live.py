"""Lint of a template among its users, as far as the caller may see them and what is around them."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from registry.cluster.client import Client
from registry.cluster.decode import decode_namespace
from registry.cluster.listing import listed
from registry.cluster.pods import living_pods
from registry.cluster.resources import NAMESPACES, PODS, Resource
from registry.http.access import Caller
from registry.http.backend import Backend
from registry.http.lint.policies import certain_policies
from registry.http.requests import backend, caller
from registry.http.visibility import visible
from registry.lint.findings import Surroundings
from registry.lint.place import Place, place_of
from registry.lint.users import Report, User, lint_users
from registry.model.template import Template
from registry.planning.objects import Key, Workload
from registry.planning.pods import Pods
from registry.world.usage import Use, uses_of
from registry.world.world import World

MAX_LIVING: Final = 50
"""How many workloads without a pod template are asked for a Pod that lives; others stay untold."""


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
    place = backend().call(_picture(backend(), caller(), seen)).place()
    policies = certain_policies({use.namespace for use in seen})
    around = msgspec.structs.replace(surroundings, place=place, policies=policies)
    users = [(use, place.target(_key(use))) for use in seen]
    unreadable = sum(use.parameters is None for use in seen)
    known = [
        User(_key(use), use.parameters, target)
        for use, target in users
        if target is not None and use.parameters is not None
    ]
    report = lint_users(template, known, around, parameters)
    report = msgspec.structs.replace(report, unfit=report.unfit + unreadable)
    whole = all_seen and place.complete and not place.partial
    return Live(report, whole and len(known) + unreadable == len(seen))


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


class _Picture(NamedTuple):
    """What a caller may see of the cluster; of `partial` namespaces not all."""

    namespaces: Mapping[str, Mapping[str, str]]
    workloads: list[tuple[Key, Pods]]
    seen: Collection[str]
    partial: Collection[str]
    all_namespaces: bool

    def place(self) -> Place:
        """The picture of it."""
        found = place_of(self.namespaces, self.workloads, self.partial)
        return found.limited_to(self.seen, all_namespaces=self.all_namespaces)


async def _picture(here: Backend, who: Caller, uses: Iterable[Use]) -> _Picture:
    """The watched cluster as the caller may see it; raises ApiError.

    Namespaces without a use are in it for the kinds that the caller may list in the whole cluster.
    """
    names, kinds = {use.namespace for use in uses}, here.cluster.kinds
    allowed = set((await visible(here.access, who, _questions(kinds, names)))[0])
    namespaces = await _namespaces(here)
    everywhere = {_kind(kind) for kind in kinds if _question(kind) in allowed}
    rights = {
        name: everywhere | {_kind(kind) for kind in kinds if _question(kind, name) in allowed}
        for name in namespaces
    }
    there = [one for one in _workloads(here.cluster.world) if _kind(one.key) in rights.get(one.namespace, ())]
    with_pods = {name for name, granted in rights.items() if _kind(PODS) in granted}
    living, untold = await _living(here.client, there, with_pods)
    known = [(one.key, one.pods) for one in there if one.pods]
    return _Picture(
        namespaces,
        [*known, *living],
        {name for name, granted in rights.items() if granted},
        untold | {name for name, granted in rights.items() if len(granted) < len(kinds)},
        _question(NAMESPACES) in allowed,
    )


def _workloads(world: World) -> list[Workload]:
    return [one for cache in world.workloads.values() for one in cache]


def _kind(one: Resource | Key) -> tuple[str, str]:
    return one.group, one.kind


async def _living(
    client: Client, there: Iterable[Workload], may: Collection[str]
) -> tuple[list[tuple[Key, Pods]], set[str]]:
    """The pods of those without a pod template, as one that lives shows them; where some stay untold."""
    unknown = [one for one in there if one.pods is None]
    asked = [one for one in unknown if one.selector and one.namespace in may][:MAX_LIVING]
    found = await asyncio.gather(*(living_pods(client, one.namespace, one.selector or {}) for one in asked))
    told = [(one.key, pods) for one, pods in zip(asked, found, strict=True) if pods]
    keys = {key for key, _ in told}
    return told, {one.namespace for one in unknown if one.key not in keys}


async def _namespaces(here: Backend) -> Mapping[str, Mapping[str, str]]:
    """The labels of all namespaces by name; listed where this installation does not look at all of them."""
    if not here.settings.namespace_selector:
        return {one.name: one.labels for one in here.cluster.world.namespaces}
    found = [decode_namespace(raw) async for raw in listed(here.client, NAMESPACES.path())]
    return {one.name: one.labels for one in found}


def _questions(kinds: Iterable[Resource], names: Collection[str]) -> list[Key]:
    asked = [_question(kind, name) for kind in kinds for name in ("", *sorted(names))]
    return [_question(NAMESPACES), *asked]


def _question(resource: Resource, namespace: str = "") -> Key:
    """May objects of a kind be listed there? Everywhere, where no namespace is named."""
    return Key(resource.group, resource.kind, namespace, "")
