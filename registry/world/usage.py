"""Who uses a template: each reference to it, each default, each policy that nothing refers to any more.

What stands in a user's way is what the controller's own planning says of it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.model.parameters import load_parameters
from registry.model.problems import Invalid
from registry.model.template import Template
from registry.planning.exclusion import matches
from registry.planning.names import bears_mark, template_of
from registry.planning.objects import Key, Namespace, is_namespace
from registry.planning.orphans import Clock
from registry.planning.references import Malformed, parse_reference
from registry.planning.resolve import Applied, applied_from
from registry.world.simulation import Simulation
from registry.world.snapshot import Snapshot
from registry.world.world import World


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One user of a template. `value` is its label's, None where no label refers to it.

    `revision` is the one in force, None without a policy; `reason` and `message` tell why what is asked for
    is not in force, None where it is. `parameters` are those in force, else those given if they can be read.
    """

    group: str
    kind: str
    namespace: str
    name: str
    value: str | None
    tracking: str | None
    revision: int | None
    parameters: Mapping[str, Any] | None
    outdated: bool
    reason: str | None
    message: str | None


class _Asked(msgspec.Struct, frozen=True):
    """What an object says about the template; `value` is None where it has it by default."""

    value: str | None
    parameters: str | None


def uses_of(start: Snapshot, template: str, keys: Collection[Key], clock: Clock) -> list[Use]:
    """Every user of the template among `keys`, unless it says `"false"`; in the order of place and name."""
    simulation = Simulation(start, clock)
    found = (use_of(simulation, template, key) for key in keys)
    return sorted(
        (use for use in found if use), key=lambda use: (use.namespace, use.kind, use.group, use.name)
    )


def used(world: World) -> frozenset[str]:
    """Names of the templates that anything refers to, has a policy of, or has by default."""
    referred = (
        name
        for name in world.index.templates()
        if any(_refers(world, key, name) for key in world.index.users(name))
    )
    managed = [namespace for namespace in world.namespaces if namespace.managed]
    defaults = (
        one.name for one in world.catalogue.defaults if any(_by_default(one, here) for here in managed)
    )
    return frozenset((*referred, *defaults, *(name for name, _ in _in_force(world))))


def outdated(world: World) -> frozenset[str]:
    """Names of the templates of which a policy is at an older revision than the current one."""
    entries = world.catalogue.entries
    return frozenset(
        name for name, revision in _in_force(world) if name in entries and revision < entries[name].head
    )


def _refers(world: World, key: Key, template: str) -> bool:
    one = world.referring(key)
    return one is not None and one.references.get(template, "false") != "false"


def _in_force(world: World) -> Iterator[tuple[str, int]]:
    for policy in world.policies:
        if (template := template_of(policy)) and bears_mark(policy) and (applied := applied_from(policy)):
            yield template, applied.revision


def use_of(simulation: Simulation, template: str, key: Key) -> Use | None:
    """How one user stands with a template; None where it neither asks for it nor has a policy of it."""
    asked, applied = _asked(simulation, template, key), _applied(simulation, template, key)
    if asked is None and applied is None:
        return None
    reason, message = _problem(simulation, template, key) if asked else _LEFT
    if applied is None and reason is None:
        reason, message = _WAITING
    return Use(
        group=key.group,
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        value=asked.value if asked else None,
        tracking=applied.tracking if applied else _tracking(template, asked),
        revision=applied.revision if applied else None,
        parameters=applied.parameters if applied else _given(asked),
        outdated=applied is not None and applied.revision < _head(simulation, template),
        reason=reason,
        message=message,
    )


def _asked(simulation: Simulation, template: str, key: Key) -> _Asked | None:
    world = simulation.world
    namespace = world.namespace(key.namespace)
    one = world.referring(key)
    if one and template in one.references:
        value = one.references[template]
        return None if value == "false" else _Asked(value, one.parameters.get(template))
    entry = world.catalogue.get(template)
    if is_namespace(key) and namespace and _by_default(entry.current.template if entry else None, namespace):
        return _Asked(None, namespace.parameters.get(template))
    return None


def _by_default(template: Template | None, namespace: Namespace) -> bool:
    wanted = template.default_in if template else None
    return wanted is not None and namespace.managed and matches(wanted, namespace.labels)


def _applied(simulation: Simulation, template: str, key: Key) -> Applied | None:
    live: Iterable[Applied | None] = (
        applied_from(policy)
        for policy in simulation.world.live(key)
        if template_of(policy) == template and not policy.deleting
    )
    return next((applied for applied in live if applied), None)


def _problem(simulation: Simulation, template: str, key: Key) -> tuple[str | None, str | None]:
    if simulation.world.is_excluded(key.namespace):
        return "NamespaceExcluded", "The installation's settings exclude this namespace."
    namespace = simulation.world.namespace(key.namespace)
    if namespace is None or not namespace.managed:
        return "NamespaceNotManaged", f"Namespace {key.namespace} is not enabled."
    for problem in simulation.plan(key).problems:
        if problem.template == template:
            return problem.reason, problem.message
    return None, None


def _head(simulation: Simulation, template: str) -> int:
    entry = simulation.world.catalogue.entries.get(template)
    return entry.head if entry else 0


def _tracking(template: str, asked: _Asked | None) -> str | None:
    try:
        reference = parse_reference(template, (asked.value if asked else None) or "true")
    except Malformed:
        return None
    return reference.tracking if reference else None


def _given(asked: _Asked | None) -> Mapping[str, Any] | None:
    try:
        return load_parameters(asked.parameters) if asked and asked.parameters is not None else {}
    except Invalid:
        return None


_LEFT: Final = ("NotReferenced", "Its policy is there, but nothing refers to the template.")
_WAITING: Final = (
    "NotYetApplied",
    "There is no policy yet. If that stays, an Event on the object says what stands in the way.",
)
