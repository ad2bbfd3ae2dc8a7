"""What a change would do to the policies of the cluster, worked out by the controller's own planning."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from registry.model.documents import canonical
from registry.model.template import Template
from registry.planning.catalogue import Catalogue, Entry, Revision
from registry.planning.changes import Action, Problem
from registry.planning.names import template_of
from registry.planning.objects import Key, LivePolicy, Namespace, Workload
from registry.planning.orphans import Clock
from registry.planning.resolve import applied_from
from registry.world.simulation import Simulation, touched
from registry.world.snapshot import Snapshot

Apply = Callable[[Simulation], None]
"""Carries the change out in a simulation."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one user stands with a template: what is in force, and what stands in the way of the rest."""

    revision: int | None = None
    tracking: str | None = None
    parameters: Mapping[str, Any] | None = None
    reason: str | None = None
    message: str | None = None


class PolicyChange(msgspec.Struct, frozen=True, kw_only=True):
    """One NetworkPolicy before and after; the specs are JSON, `null` where there is none."""

    name: str
    template: str
    action: Action
    before: msgspec.Raw
    after: msgspec.Raw


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A workload or Namespace for which something changes."""

    key: Key
    before: Standing
    after: Standing
    policies: tuple[PolicyChange, ...]


class Preview(NamedTuple):
    """What a change does: whom it hits, in the order of keys, and whose policy of the template stays so."""

    hits: list[Hit]
    staying: list[Key]


def preview(start: Snapshot, template: str, keys: Collection[Key], apply: Apply, clock: Clock) -> Preview:
    """What `apply` changes for `keys`, and for whatever else it leads to.

    What the controller has still to do without the change is not counted as the change's.
    """
    simulation = Simulation(start, clock)
    touched(simulation, keys)
    before = _states(simulation, template)
    apply(simulation)
    touched(simulation, keys)
    after = _states(simulation, template)
    found = (
        _hit(key, before.get(key, _NOTHING), after.get(key, _NOTHING)) for key in sorted({*before, *after})
    )
    hits = [hit for hit in found if hit]
    in_force = {key for key in keys if key in before and before[key].standing.revision is not None}
    return Preview(hits, sorted(in_force - {hit.key for hit in hits}))


def revise(name: str, made: Template | None) -> Apply:
    """Have the template be `made` from now on, None: deleted."""

    def apply(simulation: Simulation) -> None:
        catalogue = revised(simulation.world.catalogue, name, made)
        simulation.triggers.on_catalogue(catalogue, [name])

    return apply


def move(template: str, revision: int, keys: Iterable[Key]) -> Apply:
    """Have a rollout move those of `keys` that are pinned."""

    def apply(simulation: Simulation) -> None:
        for key in keys:
            simulation.world.aim(key, template, revision)

    return apply


def give(user: Workload | Namespace, template: str, values: Mapping[str, Any]) -> Apply:
    """Have a workload or Namespace ask for other parameters."""

    def apply(simulation: Simulation) -> None:
        parameters = {**user.parameters, template: canonical(values).decode()}
        simulation.put(msgspec.structs.replace(user, parameters=parameters))

    return apply


def revised(catalogue: Catalogue, name: str, made: Template | None) -> Catalogue:
    """The catalogue after one more revision of a template."""
    entry = catalogue.entries.get(name)
    number = max(entry.revisions) + 1 if entry else 1
    revision = Revision(
        name=name,
        number=number,
        author="",
        time="",
        message="",
        digest=made.digest if made else "",
        template=made,
    )
    revisions = {**(entry.revisions if entry else {}), number: revision}
    return Catalogue({**catalogue.entries, name: Entry(name=name, head=number, revisions=revisions)})


class _State(msgspec.Struct, frozen=True):
    policies: Mapping[str, LivePolicy]
    standing: Standing


_NOTHING = _State({}, Standing())


def _states(simulation: Simulation, template: str) -> dict[Key, _State]:
    world = simulation.world
    keys = [key for name in world.index.namespaces() for key in world.index.workloads(name)]
    keys += [namespace.key for namespace in world.namespaces]
    return {key: _State(simulation.policies(key), _standing(simulation, key, template)) for key in keys}


def _standing(simulation: Simulation, key: Key, template: str) -> Standing:
    live = (one for one in simulation.world.live(key) if template_of(one) == template)
    applied = next((applied for one in live if (applied := applied_from(one))), None)
    problem: Problem | None = simulation.problems.get(key, {}).get(template)
    return Standing(
        revision=applied.revision if applied else None,
        tracking=applied.tracking if applied else None,
        parameters=applied.parameters if applied else None,
        reason=problem.reason if problem else None,
        message=problem.message if problem else None,
    )


def _hit(key: Key, before: _State, after: _State) -> Hit | None:
    names = sorted({*before.policies, *after.policies})
    policies = [policy_change(before.policies.get(name), after.policies.get(name)) for name in names]
    changed = tuple(change for change in policies if change)
    if not changed and before.standing == after.standing:
        return None
    return Hit(key=key, before=before.standing, after=after.standing, policies=changed)


def policy_change(before: LivePolicy | None, after: LivePolicy | None) -> PolicyChange | None:
    """What becomes of one policy; None when nothing does."""
    one = after or before
    if one is None or before == after:
        return None
    return PolicyChange(
        name=one.name,
        template=template_of(one),
        action=_action(before, after),
        before=_spec(before),
        after=_spec(after),
    )


def _action(before: LivePolicy | None, after: LivePolicy | None) -> Literal["create", "update", "delete"]:
    if before is None:
        return "create"
    return "update" if after else "delete"


def _spec(policy: LivePolicy | None) -> msgspec.Raw:
    return msgspec.Raw(policy.spec if policy else b"null")


def changes_of(hits: Iterable[Hit]) -> Iterator[tuple[Key, PolicyChange]]:
    """The policies that change, with what each belongs to."""
    return ((hit.key, change) for hit in hits for change in hit.policies)


def counted(hits: Iterable[Hit]) -> dict[Action, int]:
    """How many policies would be created, updated and deleted."""
    counts: dict[Action, int] = {"create": 0, "update": 0, "delete": 0}
    for _, change in changes_of(hits):
        counts[change.action] += 1
    return counts
