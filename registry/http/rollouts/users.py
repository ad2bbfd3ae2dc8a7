"""Whom a rollout is meant for: the pinned users of a template, narrowed by what the body asks for."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from registry import contract
from registry.cluster.client import Client
from registry.cluster.listing import listed
from registry.cluster.resources import Resource
from registry.http.requests import backend
from registry.http.rollouts.body import RolloutBody, WorkloadPart
from registry.planning.exclusion import matches
from registry.planning.objects import Key
from registry.planning.rollout_progress import Held
from registry.world.rollouts import held
from registry.world.snapshot import users
from registry.world.world import World

_FORMS: Final = {"In": "{key} in ({values})", "NotIn": "{key} notin ({values})", "Exists": "{key}"}


class _Meta(msgspec.Struct):
    name: str
    namespace: str = ""


class _Item(msgspec.Struct):
    metadata: _Meta


_ITEM: Final = msgspec.json.Decoder(_Item)


def candidates(name: str, asked: RolloutBody) -> dict[Key, Held]:
    """The users of a template that pass the filters, and what each has. Raises Refused or ApiError."""
    labelled = None
    if asked.selector is not None:
        labels = [contract.TEMPLATE_LABEL_PREFIX + name, *_terms(asked.selector)]
        labelled = backend().call(_labelled(backend().client, backend().kinds(), labels))

    def find(world: World) -> dict[Key, Held]:
        keys = (key for key in users(world, name) if _passes(world, key, asked))
        return {key: held(world, key, name) for key in keys if labelled is None or key in labelled}

    return backend().ask(find)


def standing(name: str, keys: Iterable[Key]) -> dict[Key, Held]:
    """What each of these has of a template. Raises Refused."""
    return backend().ask(lambda world: {key: held(world, key, name) for key in keys})


def _passes(world: World, key: Key, asked: RolloutBody) -> bool:
    if asked.namespaces is not None and key.namespace not in asked.namespaces:
        return False
    if asked.workloads is not None and not any(_names(part, key) for part in asked.workloads):
        return False
    if asked.namespace_selector is None:
        return True
    namespace = world.namespace(key.namespace)
    return namespace is not None and matches(asked.namespace_selector, namespace.labels)


def _names(part: WorkloadPart, key: Key) -> bool:
    same = (part.namespace, part.kind, part.name) == (key.namespace, key.kind, key.name)
    return same and part.group in {None, key.group}


async def _labelled(client: Client, kinds: Iterable[Resource], labels: Iterable[str]) -> set[Key]:
    """The workloads of these kinds that meet these requirements on labels, as the API server finds them.

    The watched copy does not keep such labels.
    """
    selector = ",".join(labels)
    found = await asyncio.gather(*(_keys(client, kind, selector) for kind in kinds))
    return {key for keys in found for key in keys}


async def _keys(client: Client, kind: Resource, selector: str) -> list[Key]:
    found = [_ITEM.decode(raw).metadata async for raw in listed(client, kind.path(), selector)]
    return [Key(kind.group, kind.kind, one.namespace, one.name) for one in found]


def _terms(selector: Mapping[str, Any]) -> Iterator[str]:
    """A LabelSelector in the form of a query parameter."""
    for key, value in selector.get("matchLabels", {}).items():
        yield f"{key}={value}"
    for item in selector.get("matchExpressions", ()):
        form = _FORMS.get(item["operator"], "!{key}")
        yield form.format(key=item["key"], values=",".join(item.get("values", ())))
