"""What a rollout needs to know of a user of a template: what it has, and what becomes of moving it."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from registry.planning.changes import Plan
from registry.planning.exclusion import matches
from registry.planning.names import template_of
from registry.planning.namespaces import plan_namespace
from registry.planning.objects import Key, LivePolicy, Namespace, is_namespace
from registry.planning.orphans import Clock
from registry.planning.resolve import applied_from
from registry.planning.rollout_progress import NOTHING, Held
from registry.planning.rollouts import RELEASED, Verdict, verdict
from registry.planning.workloads import plan_workload
from registry.world.world import World

_CLOCK: Final = Clock(datetime(1970, 1, 1, tzinfo=UTC), timedelta())
"""Time counts for orphans alone, which no rollout moves."""


def held(world: World, key: Key, template: str) -> Held:
    """What `key` has of a template; nothing where its policy would go anyway."""
    namespace = world.namespace(key.namespace)
    if namespace is None or not namespace.managed or world.is_excluded(key.namespace):
        return NOTHING
    applied = (applied_from(live) for live in _live(world, key, template))
    revision = next((one.revision for one in applied if one), None)
    return Held(revision, value_of(world, key, namespace, template) == "true")


def judge(world: World, key: Key, template: str, revision: int) -> Verdict | None:
    """The verdict on moving `key` to `revision`; None while its kind cannot be listed."""
    namespace = world.namespace(key.namespace)
    if namespace is None or world.is_excluded(key.namespace):
        return RELEASED
    if not is_namespace(key) and not world.watches(key):
        return None
    found = verdict(_plan(world, key, namespace, {template: revision}), template, revision)
    if found.state == "moved" and any(live.deleting for live in _live(world, key, template)):
        return Verdict("left")  # it comes back, and then at the revision that is asked for until then
    return found


def _plan(world: World, key: Key, namespace: Namespace, targets: dict[str, int]) -> Plan:
    around = world.surroundings(namespace)
    if is_namespace(key):
        own = world.namespace_view(namespace)
        return plan_namespace(msgspec.structs.replace(own, targets={**own.targets, **targets}), around)
    view = world.workload_view(key)
    return plan_workload(msgspec.structs.replace(view, targets={**view.targets, **targets}), around, _CLOCK)


def _live(world: World, key: Key, template: str) -> list[LivePolicy]:
    return [live for live in world.live(key) if template_of(live) == template]


def value_of(world: World, key: Key, namespace: Namespace, template: str) -> str | None:
    """The value of the label; by default a Namespace has it as if it said "true"."""
    if not is_namespace(key):
        workload = world.workload(key)
        return workload.references.get(template) if workload else None
    if template in namespace.references:
        return namespace.references[template]
    entry = world.catalogue.get(template)
    current = entry.current.template if entry else None
    if current and current.default_in is not None and matches(current.default_in, namespace.labels):
        return "true"
    return None
