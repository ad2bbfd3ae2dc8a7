"""`/api/v1/namespaces/{ns}/workloads`: which templates workloads have, in force or why not."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import Response

from registry.http import problems
from registry.http.access import Right
from registry.http.acting import require
from registry.http.answers import json_answer
from registry.http.connectivity.neighbours import neighbours_of
from registry.http.paging import Order, paged
from registry.http.problems import Refused
from registry.http.queries import PageQuery
from registry.http.requests import backend
from registry.http.workloads import examples, schemas
from registry.http.workloads.blueprint import blueprint
from registry.http.workloads.kinds import check_watched, key_of, kind_of, not_found
from registry.http.workloads.rights import listable, listing
from registry.planning.objects import Workload
from registry.world.conditions import conditions
from registry.world.simulation import Simulation
from registry.world.snapshot import Snapshot, snapshot
from registry.world.workloads import attached, overlapping, workloads_in
from registry.world.world import World

Query = Mapping[str, Any]

BY_NAME: Final = Order[Workload]("workload", lambda one: (one.key.kind, one.key.group, one.key.name))


@blueprint.route("/workloads", methods=["GET"])
@blueprint.operation
@blueprint.problems(problems.INVALID_QUERY, problems.NAMESPACE_NOT_FOUND)
@blueprint.query(PageQuery)
@blueprint.answer(200, schemas.WorkloadPage, example=examples.PAGE)
def list_workloads(query: Query, namespace: str) -> Response:
    """List the workloads of a namespace.

    Those of the kinds that you may `list` there, by kind and name, with the templates that each asks for or
    has: in force, or why not, in the controller's own words.
    """
    resources = backend().kinds()
    kinds = listable(resources, namespace)
    if not kinds:
        require(listing(resources[0], namespace))
    start, found = backend().ask(lambda world: _of_namespace(world, namespace))
    if not start.namespaces:
        detail = f"There is no namespace {namespace}, or this installation does not look at it."
        raise Refused(problems.NAMESPACE_NOT_FOUND, detail)
    simulation = Simulation(start, backend().clock())
    seen = [one for one in found if (one.key.group, one.key.kind) in kinds]
    page = paged(seen, BY_NAME, lambda one: _summary(simulation, one), query)
    complete = len(kinds) == len(resources)
    return json_answer({"namespace": namespace, "complete": complete, **page})


@blueprint.route("/workloads/<kind>/<workload>", methods=["GET"])
@blueprint.operation
@blueprint.problems(problems.KIND_NOT_FOUND, problems.WORKLOAD_NOT_FOUND)
@blueprint.answer(200, schemas.WorkloadDocument, example=examples.WORKLOAD)
def get_workload(namespace: str, kind: str, workload: str) -> Response:
    """Get a workload.

    The templates that it asks for or has, the conditions that matter for them, and the workloads of the
    namespace, of kinds that you may `list`, whose selector can select the same pod; and who can reach it, and
    whom it can reach. It needs `get` on it.
    """
    resource = kind_of(kind)
    key = key_of(resource, namespace, workload)
    require(Right("get", resource.group, resource.plural, namespace, workload))
    start, found = backend().ask(lambda world: _of_namespace(world, namespace))
    check_watched(resource, start.kinds)
    one = next((one for one in found if one.key == key), None)
    if one is None:
        raise not_found(key)
    simulation = Simulation(start, backend().clock())
    others = overlapping(one, _listable(found, namespace))
    references = attached(simulation, one)
    return json_answer(
        {
            **_summary(simulation, one),
            "selector": one.selector,
            "conditions": conditions(simulation, one, references, others),
            "overlaps": [{**other.key._asdict(), "selector": other.selector} for other in others],
            "neighbours": neighbours_of(key),
        }
    )


def _of_namespace(world: World, namespace: str) -> tuple[Snapshot, list[Workload]]:
    return snapshot(world, [namespace]), workloads_in(world, namespace)


def _listable(found: list[Workload], namespace: str) -> list[Workload]:
    kinds = listable(backend().kinds(), namespace)
    return sorted((one for one in found if (one.key.group, one.key.kind) in kinds), key=lambda one: one.key)


def _summary(simulation: Simulation, workload: Workload) -> dict[str, Any]:
    return {
        **workload.key._asdict(),
        "noEffect": workload.host_network,
        "templates": [msgspec.structs.asdict(one) for one in attached(simulation, workload)],
    }
