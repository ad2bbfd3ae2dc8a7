"""What each user of a template has, for the record of its pins."""

from collections.abc import Iterable, Mapping

from registry.planning.objects import Key, is_namespace
from registry.planning.pins import Held
from registry.planning.resolve import Applied, applied_by_template
from registry.world.rollouts import value_of
from registry.world.world import World


def held(world: World, key: Key, template: str) -> Held:
    """What an object has of a template. Of a kind that cannot be listed nothing is concluded."""
    namespace = world.namespace(key.namespace)
    if not is_namespace(key) and not world.watches(key):
        return Held(there=True, pinned=True, applied=_applied(world, key, template))
    if namespace is None or not (is_namespace(key) or world.workload(key)):
        return Held(there=False, pinned=False, applied=None)
    pinned = value_of(world, key, namespace, template) == "true"
    return Held(there=True, pinned=pinned, applied=_applied(world, key, template))


def all_held(world: World, keys: Iterable[Key], template: str) -> Mapping[Key, Held]:
    """The same of many."""
    return {key: held(world, key, template) for key in keys}


def _applied(world: World, key: Key, template: str) -> Applied | None:
    return applied_by_template(world.live(key), world.applied.get(key, {}), {}).get(template)
