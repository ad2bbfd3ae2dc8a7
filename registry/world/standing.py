"""How a namespace stands: which policies are generated, which are not, and what its references lack."""

from collections.abc import Iterable

import msgspec

from registry.planning.changes import Problem
from registry.planning.names import bears_mark, owner_key, template_of
from registry.planning.objects import Key, LivePolicy, Namespace, Workload, is_namespace
from registry.planning.orphans import Clock
from registry.planning.resolve import applied_from
from registry.world.simulation import Simulation
from registry.world.snapshot import Snapshot, snapshot
from registry.world.world import World


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One namespace at one moment. `unmanaged` are the policies that this product did not write."""

    namespace: Namespace
    excluded: bool
    generated: tuple[tuple[Key, LivePolicy], ...]
    unmanaged: tuple[LivePolicy, ...]
    start: Snapshot

    @property
    def references(self) -> int:
        """How many labels of the Namespace and its workloads ask for a template."""
        holders: tuple[Namespace | Workload, ...] = (self.namespace, *self.start.workloads)
        return sum(value != "false" for one in holders for value in one.references.values())


def standing(world: World, name: str) -> Standing | None:
    """The namespace of that name, if it exists and is looked at; call it where the world is kept."""
    return standings(world, [name]).get(name)


def standings(world: World, names: Iterable[str]) -> dict[str, Standing]:
    """Those of several namespaces, by name: the policies of the cluster are gone through once."""
    found = [namespace for name in names if (namespace := world.namespace(name))]
    policies: dict[str, list[LivePolicy]] = {namespace.name: [] for namespace in found}
    for live in world.policies:
        if live.namespace in policies and not live.deleting:
            policies[live.namespace].append(live)
    return {namespace.name: _standing(world, namespace, policies[namespace.name]) for namespace in found}


def _standing(world: World, namespace: Namespace, policies: Iterable[LivePolicy]) -> Standing:
    name = namespace.name
    keys = [*sorted(world.index.workloads(name)), namespace.key]
    generated = tuple((key, live) for key in keys for live in world.live(key))
    names = {live.name for _, live in generated}
    return Standing(
        namespace=namespace,
        excluded=world.is_excluded(name),
        generated=generated,
        unmanaged=tuple(live for live in policies if is_foreign(live, names)),
        start=snapshot(world, [name]),
    )


def is_foreign(live: LivePolicy, generated: set[str]) -> bool:
    """Whether a policy is nobody's of ours: labels that somebody copied onto it do not make it ours."""
    return live.name not in generated and owner_key(live) is None


def outdated(here: Standing) -> int:
    """How many generated policies are at an older revision than their template's current one."""
    entries = here.start.catalogue.entries
    applied = ((template_of(live), applied_from(live)) for _, live in here.generated if bears_mark(live))
    return sum(
        one is not None and name in entries and one.revision < entries[name].head for name, one in applied
    )


def problems(here: Standing, clock: Clock) -> list[tuple[Key, Problem]]:
    """What stands in the way of references of a managed namespace, as the controller's planning says."""
    if not here.namespace.managed or here.excluded:
        return []
    simulation = Simulation(here.start, clock)
    keys = [here.namespace.key, *(workload.key for workload in here.start.workloads)]
    return [(key, problem) for key in keys for problem in simulation.plan(key).problems]


def owner_name(key: Key) -> str | None:
    """What a policy's workload is called, such as `Deployment.apps/db`; None for the Namespace itself."""
    return None if is_namespace(key) else key.kind_name
