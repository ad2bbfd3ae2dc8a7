"""Conditions of a workload, as Kubernetes has them in a status, each with what a person can do about it."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from registry import contract
from registry.planning.objects import Workload
from registry.world.selections import selects
from registry.world.simulation import Simulation
from registry.world.workloads import Attached

_NAMED: Final = 5
"""How many other workloads a message names."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What is so or not, as Kubernetes has it in a status: `reason` in CamelCase, `message` for a person."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str


def conditions(
    simulation: Simulation, workload: Workload, found: Iterable[Attached], overlaps: Iterable[Workload]
) -> list[Condition]:
    """What a person who looks at the workload has to know, each with what to do about it."""
    return [
        _managed(simulation, workload),
        _in_force(found),
        _effective(workload),
        _unique(workload, overlaps),
    ]


def _managed(simulation: Simulation, workload: Workload) -> Condition:
    kind, name = "NamespaceManaged", workload.namespace
    namespace = simulation.world.namespace(name)
    if simulation.world.is_excluded(name):
        message = f"The installation's settings exclude namespace {name}; no template acts there."
        return Condition(type=kind, status="False", reason="NamespaceExcluded", message=message)
    if namespace is None or not namespace.managed:
        message = (
            f"Namespace {name} is not enabled. "
            f"An admin enables it by the label {contract.MANAGED_LABEL}=true."
        )
        return Condition(type=kind, status="False", reason="NamespaceNotManaged", message=message)
    return Condition(type=kind, status="True", reason="Enabled", message=f"Namespace {name} is enabled.")


def _in_force(found: Iterable[Attached]) -> Condition:
    kind, references = "InForce", list(found)
    waiting = [one for one in references if one.reason and one.message]
    if waiting:
        message = " ".join(f"{one.template}: {one.message}" for one in waiting)
        return Condition(type=kind, status="False", reason=waiting[0].reason or "", message=message)
    if references:
        message = "Everything that is asked for is in force."
        return Condition(type=kind, status="True", reason="AllInForce", message=message)
    message = "Its labels ask for no template."
    return Condition(type=kind, status="True", reason="NothingAsked", message=message)


def _effective(workload: Workload) -> Condition:
    kind = "Effective"
    if workload.host_network:
        message = "Its pods use the host's network, which NetworkPolicies do not reach."
        return Condition(type=kind, status="False", reason="NoEffect", message=message)
    if not workload.selector:
        message = "It selects its pods by no label, so no policy can be for them alone. Give it a selector."
        return Condition(type=kind, status="False", reason="NoSelector", message=message)
    message = "Policies reach its pods where the cluster's network plugin enforces them."
    return Condition(type=kind, status="True", reason="PodNetwork", message=message)


def _unique(workload: Workload, overlaps: Iterable[Workload]) -> Condition:
    kind, others = "SelectorUnique", list(overlaps)
    shared = [one for one in others if one.selector == workload.selector]
    if shared:
        message = f"Its policies also select the pods of {_names(shared)}: same selector. Add a label to one."
        return Condition(type=kind, status="False", reason="SelectorShared", message=message)
    reached = [one for one in others if selects(workload, one)]
    reaching = [one for one in others if selects(one, workload)]
    if reached or reaching:
        told = [f"Its policies also select the pods of {_names(reached)}."] if reached else []
        told += [f"Policies of {_names(reaching)} also select its pods."] if reaching else []
        message = f"{' '.join(told)} Select the pods by a label that only they bear."
        return Condition(type=kind, status="False", reason="SelectorOverlaps", message=message)
    if others:
        message = (
            f"A pod with the labels of both would be selected by it and by {_names(others)}; their pod "
            "templates make none."
        )
        return Condition(type=kind, status="Unknown", reason="SelectorOverlaps", message=message)
    message = "No other workload of the namespace can select its pods."
    return Condition(type=kind, status="True", reason="OwnPods", message=message)


def _names(workloads: list[Workload]) -> str:
    return ", ".join(_some(workloads))


def _some(workloads: list[Workload]) -> Iterator[str]:
    yield from (one.key.kind_name for one in sorted(workloads, key=lambda one: one.key)[:_NAMED])
    if len(workloads) > _NAMED:
        yield f"{len(workloads) - _NAMED} more"
