"""A small cluster for tests of the world: what the controller would make of it, without a cluster."""

from collections.abc import Iterable
from typing import Any

import msgspec

from registry.cluster.resources import BUILT_IN_WORKLOADS
from registry.model.facts import DEFAULT_FACTS
from registry.model.template import Template, parse_template
from registry.planning.catalogue import Catalogue
from registry.planning.objects import Key, Namespace, Workload
from registry.world.preview import Apply, Hit, preview
from registry.world.simulation import Simulation, touched
from registry.world.snapshot import Snapshot
from tests.planning.build import CLOCK, document, namespace

WEB = Key("apps", "Deployment", "shop", "web")


def settled(
    templates: Catalogue, workloads: Iterable[Workload], namespaces: Iterable[Namespace] | None = None
) -> Snapshot:
    """What is there once the controller has done its work."""
    start = unsettled(templates, workloads, namespaces)
    simulation = Simulation(start, CLOCK)
    touched(simulation, keys(start))
    return msgspec.structs.replace(start, policies=tuple(simulation.world.policies))


def unsettled(
    templates: Catalogue, workloads: Iterable[Workload], namespaces: Iterable[Namespace] | None = None
) -> Snapshot:
    """What is there before the controller has done anything."""
    return Snapshot(
        catalogue=templates,
        facts=DEFAULT_FACTS,
        excluded=frozenset(),
        kinds=frozenset((one.group, one.kind) for one in BUILT_IN_WORKLOADS),
        namespaces=tuple(namespaces or [namespace()]),
        workloads=tuple(workloads),
        policies=(),
    )


def keys(start: Snapshot) -> list[Key]:
    """Everything in a snapshot."""
    return [*(one.key for one in start.workloads), *(one.key for one in start.namespaces)]


def hits(start: Snapshot, template: str, apply: Apply) -> dict[str, Hit]:
    """What a change hits, by the name of the object."""
    return {hit.key.name: hit for hit in preview(start, template, keys(start), apply, CLOCK).hits}


def made(name: str, **fields: Any) -> Template:
    """A template."""
    return parse_template(document(name, **fields))


def ports(raw: msgspec.Raw) -> list[int]:
    """The ports that a policy lets in."""
    spec = msgspec.json.decode(raw)
    return [port["port"] for rule in spec["ingress"] for port in rule["ports"]] if spec else []
