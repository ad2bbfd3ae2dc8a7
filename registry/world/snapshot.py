"""Some namespaces of the world as they are at one moment: safe to work on in another thread."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from registry.planning.catalogue import Catalogue
from registry.planning.names import MAX_PARTS, owner_key, policy_name, template_of
from registry.planning.objects import Key, LivePolicy, Namespace, Workload
from registry.planning.pins import Recorded, unrecorded
from registry.world.world import World


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What planning needs to know of some namespaces, and nothing of others.

    `workloads` have references or policies; `policies` are ours, or have a name that ours would take.
    `kinds` are those of which all objects are known.
    """

    catalogue: Catalogue
    facts: Mapping[str, object]
    excluded: frozenset[str]
    kinds: frozenset[tuple[str, str]]
    namespaces: tuple[Namespace, ...]
    workloads: tuple[Workload, ...]
    policies: tuple[LivePolicy, ...]
    pin: Recorded = unrecorded


def snapshot(world: World, names: Iterable[str]) -> Snapshot:
    """What is known of the namespaces of these names; call it where the world is kept."""
    found = sorted(set(names))
    namespaces = tuple(namespace for name in found if (namespace := world.namespace(name)))
    keys = [key for name in found for key in sorted(world.index.workloads(name))]
    policies = [*_of_workloads(world, keys), *_of_namespaces(world, namespaces)]
    return Snapshot(
        catalogue=world.catalogue,
        facts=world.facts,
        excluded=frozenset(name for name in found if world.is_excluded(name)),
        kinds=frozenset(world.workloads),
        namespaces=namespaces,
        workloads=tuple(workload for key in keys if (workload := world.workload(key))),
        pin=world.pin,
        policies=tuple({(policy.namespace, policy.name): policy for policy in policies}.values()),
    )


def users(world: World, template: str, *, default: bool = False) -> set[Key]:
    """Whatever refers to a template or has a policy of it; of a `default`, now or then, all managed."""
    return {*referring(world, template, default=default), *_holders(world, template)}


def referring(world: World, template: str, *, default: bool = False) -> set[Key]:
    """Whatever refers to a template; of a `default`, now or then, all managed namespaces."""
    entry = world.catalogue.entries.get(template)
    current = entry.current.template if entry else None
    managed: Iterator[Key] = iter(())
    if default or (current and current.default_in is not None):
        managed = (namespace.key for namespace in world.namespaces if namespace.managed)
    return {*world.index.users(template), *managed}


def _holders(world: World, template: str) -> Iterator[Key]:
    for policy in world.policies:
        if template_of(policy) == template and (key := owner_key(policy)):
            yield key


def _of_workloads(world: World, keys: Iterable[Key]) -> Iterator[LivePolicy]:
    for key in keys:
        yield from world.live(key)
        workload = world.workload(key)
        for template in workload.references if workload else ():
            if taken := world.policies.get(key.namespace, policy_name(key, template)):
                yield taken


def _of_namespaces(world: World, namespaces: Iterable[Namespace]) -> Iterator[LivePolicy]:
    defaults = {template.name for template in world.catalogue.defaults}
    for namespace in namespaces:
        yield from world.live(namespace.key)
        for template in {*defaults, *namespace.references}:
            for part in range(2 * MAX_PARTS):
                if taken := world.policies.get(namespace.name, policy_name(namespace.key, template, part)):
                    yield taken
