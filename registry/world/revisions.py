"""Which revisions of templates are in use: what must not be forgotten."""

from collections.abc import Iterator, Mapping, Set
from typing import Final

from registry import contract
from registry.planning.names import bears_mark, template_of
from registry.planning.objects import Key, LivePolicy
from registry.planning.references import Malformed, parse_reference
from registry.world.world import World

_UNKNOWN: Final = 0
"""Stands for a revision that nobody can tell; numbers begin at 1."""


def revisions_in_use(world: World, names: Set[str]) -> Mapping[str, Set[int]]:
    """The revisions of these templates that policies bear, memory holds or labels name.

    A template is left out while a policy of it, or one that may be of it, does not say its revision.
    """
    found: dict[str, set[int]] = {name: set() for name in names}
    for name, number in (*_borne(world, names), *_remembered(world), *_named(world, names)):
        if name in found:
            found[name].add(number)
    return {name: numbers for name, numbers in found.items() if _UNKNOWN not in numbers}


def _borne(world: World, names: Set[str]) -> Iterator[tuple[str, int]]:
    for live in world.policies:
        if not bears_mark(live):
            continue
        template = template_of(live)
        if template in names:
            yield template, _number(live)
        elif template not in world.catalogue.entries and world.index.owner(None, live):
            # Ours, and its label was spoiled: it may be of any template.
            yield from ((name, _UNKNOWN) for name in names)


def _number(live: LivePolicy) -> int:
    text = live.labels.get(contract.REVISION_LABEL, "")
    return int(text) if text.isascii() and text.isdigit() else _UNKNOWN


def _remembered(world: World) -> Iterator[tuple[str, int]]:
    for held in world.applied.values():
        yield from ((template, applied.revision) for template, applied in held.items())
    for aimed in world.targets.values():
        yield from aimed.items()


def _named(world: World, names: Set[str]) -> Iterator[tuple[str, int]]:
    for name in names:
        for key in world.index.users(name):
            if number := _exact(_value(world, key, name), name):
                yield name, number


def _value(world: World, key: Key, template: str) -> str:
    one = world.referring(key)
    return one.references.get(template, "") if one else ""


def _exact(value: str, template: str) -> int | None:
    try:
        reference = parse_reference(template, value)
    except Malformed:
        return None
    return reference.revision if reference else None
