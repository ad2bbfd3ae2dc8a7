"""What becomes of a workload when the label and annotation of one template on it change."""

from typing import NamedTuple

import msgspec

from registry.model.problems import Invalid, Problem
from registry.planning.names import policy_name
from registry.planning.objects import Key, Note, Workload
from registry.planning.orphans import Clock
from registry.planning.resolve import Pending, Request, applied_by_template, resolve
from registry.world.preview import Apply, Hit, preview
from registry.world.simulation import Simulation, touched
from registry.world.snapshot import Snapshot, snapshot
from registry.world.usage import Use, use_of
from registry.world.world import World


class Outcome(NamedTuple):
    """What a change comes to.

    `use` is how the workload then stands with the template, None where it has nothing to do with it;
    `problems` what is wrong with its parameters; `notes` what else to know; `hits` whatever changes.
    """

    use: Use | None
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...]
    hits: list[Hit]


def around(world: World, key: Key, template: str) -> Snapshot:
    """What is known of the workload's namespace, also of a policy whose name the template would take."""
    start = snapshot(world, [key.namespace])
    there = world.policies.get(key.namespace, policy_name(key, template))
    if there is None or there in start.policies:
        return start
    return msgspec.structs.replace(start, policies=(*start.policies, there))


def outcome(start: Snapshot, before: Workload, after: Workload, template: str, clock: Clock) -> Outcome:
    """What becomes of everything in `start` when `before` is changed to `after`."""
    key = after.key
    foreseen = preview(_having(start, before), template, {key}, _put(after), clock)
    simulation = Simulation(_having(start, after), clock)
    touched(simulation, [key])
    return Outcome(
        use_of(simulation, template, key),
        _wrong_parameters(simulation, after, template),
        simulation.plan(key).notes,
        foreseen.hits,
    )


def _having(start: Snapshot, workload: Workload) -> Snapshot:
    """The same with `workload` as it was just read; the watched copy may be a moment behind."""
    others = (one for one in start.workloads if one.key != workload.key)
    return msgspec.structs.replace(start, workloads=(*others, workload))


def _put(workload: Workload) -> Apply:
    def apply(simulation: Simulation) -> None:
        simulation.put(workload)

    return apply


def _wrong_parameters(simulation: Simulation, workload: Workload, template: str) -> tuple[Problem, ...]:
    key = workload.key
    namespace = simulation.world.namespace(key.namespace)
    value = workload.references.get(template)
    if namespace is None or value is None:
        return ()
    view = simulation.world.workload_view(key)
    applied = applied_by_template(view.live, view.applied, view.pinned).get(template)
    request = Request(key, template, value, workload.parameters.get(template), applied)
    try:
        resolve(request, simulation.world.surroundings(namespace))
    except Pending as pending:
        return pending.__cause__.problems if isinstance(pending.__cause__, Invalid) else ()
    return ()
