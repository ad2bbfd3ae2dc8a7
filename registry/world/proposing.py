"""What the controller would make of labels and a template as somebody proposes them."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from registry.model.template import Template
from registry.planning.objects import Key, LivePolicy, Namespace, Workload
from registry.planning.orphans import Clock
from registry.world.preview import PolicyChange, policy_change, revise
from registry.world.simulation import Simulation, touched
from registry.world.snapshot import Snapshot, snapshot, users
from registry.world.usage import use_of
from registry.world.world import World

Changed = Workload | Namespace


class Proposal(msgspec.Struct, frozen=True):
    """Objects and a template as they would be, None for a template that stays."""

    objects: tuple[Changed, ...] = ()
    template: Template | None = None


class Hindrance(NamedTuple):
    """Why a reference of a proposed object would not be in force."""

    key: Key
    template: str
    message: str


class Foreseen(NamedTuple):
    """The policies that would be written or deleted, and what stands in the way of others."""

    changes: list[tuple[Key, PolicyChange]]
    hindrances: list[Hindrance]


def surroundings(world: World, proposal: Proposal) -> tuple[Snapshot, frozenset[Key]]:
    """What is known of whomever a proposal touches; call it where the world is kept."""
    keys = {one.key for one in proposal.objects}
    if template := proposal.template:
        keys |= users(world, template.name, default=template.default_in is not None)
    start = snapshot(world, {key.namespace for key in keys})
    known = {one.key for one in start.workloads}
    others = (world.workload(key) for key in keys - known)
    return (
        msgspec.structs.replace(start, workloads=(*start.workloads, *(one for one in others if one))),
        frozenset(keys),
    )


def foresee(start: Snapshot, keys: Collection[Key], proposal: Proposal, clock: Clock) -> Foreseen:
    """What the controller would do about a proposal, beside what it has still to do without it."""
    simulation = Simulation(start, clock)
    touched(simulation, keys)
    before = dict(_policies(simulation))
    for one in proposal.objects:
        simulation.put(one)
    if proposal.template:
        revise(proposal.template.name, proposal.template)(simulation)
    touched(simulation, keys)
    after = dict(_policies(simulation))
    found = ((place, policy_change(before.get(place), after.get(place))) for place in {**before, **after})
    return Foreseen(
        [(key, change) for (key, _), change in found if change],
        list(_hindrances(simulation, proposal)),
    )


def _policies(simulation: Simulation) -> Iterator[tuple[tuple[Key, str], LivePolicy]]:
    world = simulation.world
    keys = [key for name in world.index.namespaces() for key in world.index.workloads(name)]
    for key in (*keys, *(namespace.key for namespace in world.namespaces)):
        for name, live in simulation.policies(key).items():
            yield (key, name), live


def _hindrances(simulation: Simulation, proposal: Proposal) -> Iterator[Hindrance]:
    for one in proposal.objects:
        for template in one.references:
            use = use_of(simulation, template, one.key)
            if use and use.reason and use.message:
                yield Hindrance(one.key, template, use.message)
