"""`.../workloads/{kind}/{name}/templates/{template}`: attach a template to a workload, and detach it."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Response

from registry.cluster.errors import NotFound
from registry.cluster.resources import Resource
from registry.http import problems
from registry.http.access import Right
from registry.http.acting import as_caller, require
from registry.http.answers import json_answer
from registry.http.operations import READS_BODY
from registry.http.problems import Refused
from registry.http.queries import DryRunQuery
from registry.http.requests import backend, caller
from registry.http.workloads import body, examples, schemas
from registry.http.workloads.blueprint import blueprint
from registry.http.workloads.change import Change, attach, detach, write
from registry.http.workloads.effect import Effect, effect_answer
from registry.http.workloads.field_owners import who_brings_back
from registry.http.workloads.kinds import check_watched, decoded, key_of, kind_of, not_found
from registry.http.workloads.refusals import REFUSED, check_outcome
from registry.planning.objects import Key, Workload
from registry.world.attaching import around, outcome

log = logging.getLogger(__name__)

Query = Mapping[str, Any]
Make = Callable[[Workload], Change]

ATTEMPTS: Final = 5
"""Only our label and annotation are touched, so another's change of the object is no reason to give up."""

_PATH: Final = "/workloads/<kind>/<workload>/templates/<template>"


@blueprint.route(_PATH, methods=["PUT"])
@blueprint.operation
@blueprint.problems(
    *READS_BODY,
    *REFUSED.values(),
    problems.INVALID_QUERY,
    problems.INVALID_BODY,
    problems.KIND_NOT_FOUND,
    problems.WORKLOAD_NOT_FOUND,
    problems.OBJECT_CHANGED,
    problems.OBJECT_REFUSED,
)
@blueprint.query(DryRunQuery)
@blueprint.takes("AttachRequest", body.EXAMPLE, required=False)
@blueprint.answer(200, schemas.EffectDocument, example=examples.ATTACHED)
def attach_template(query: Query, namespace: str, kind: str, workload: str, template: str) -> Response:
    """Attach a template to a workload.

    Sets the label, and the annotation where parameters are given, with your own token: it needs `patch` on
    the workload. No pod restarts. What the controller could not bring into force is refused, and nothing is
    written; nor is it where the workload is so already. The answer shows the policies before and after.
    """
    asked = body.read_attach(template)
    resource = kind_of(kind)
    key = key_of(resource, namespace, workload)
    return _changed(resource, key, lambda one: attach(one, template, asked), query)


@blueprint.route(_PATH, methods=["DELETE"])
@blueprint.operation
@blueprint.problems(
    problems.INVALID_QUERY,
    problems.KIND_NOT_FOUND,
    problems.WORKLOAD_NOT_FOUND,
    problems.OBJECT_CHANGED,
    problems.OBJECT_REFUSED,
)
@blueprint.query(DryRunQuery)
@blueprint.answer(200, schemas.EffectDocument, example=examples.DETACHED)
def detach_template(query: Query, namespace: str, kind: str, workload: str, template: str) -> Response:
    """Detach a template from a workload.

    Removes the label and the annotation, with your own token: it needs `patch` on the workload. Nothing is
    written where neither is there.
    """
    resource = kind_of(kind)
    key = key_of(resource, namespace, workload)
    return _changed(resource, key, lambda one: detach(one, template), query)


def _changed(resource: Resource, key: Key, make: Make, query: Query) -> Response:
    require(Right("patch", resource.group, resource.plural, key.namespace, key.name))
    backend().watch.catalogue()  # refuses while the store cannot be read
    dry: bool = query["dry_run"]
    for _ in range(ATTEMPTS):
        raw = _read(resource, key)
        effect = _foreseen(resource, key, raw, make)
        if dry or not effect.change.needed or _written(resource, effect.change):
            return json_answer(effect_answer(effect, dry=dry))
    detail = f"{key.kind} {key.name} was changed by others again and again meanwhile. Try again."
    raise Refused(problems.OBJECT_CHANGED, detail)


def _read(resource: Resource, key: Key) -> bytes:
    try:
        return backend().call(backend().client.get(resource.path(key.namespace, key.name)))
    except NotFound as error:
        raise not_found(key) from error


def _foreseen(resource: Resource, key: Key, raw: bytes, make: Make) -> Effect:
    """What the change comes to, by the controller's own planning. Raises Refused where it may not be made."""
    workload = decoded(resource, key, raw)
    change = make(workload)
    start = backend().ask(lambda world: around(world, key, change.template))
    check_watched(resource, start.kinds)
    after = decoded(resource, key, change.applied_to(raw))
    found = outcome(start, workload, after, change.template, backend().clock())
    if not change.needed:
        return Effect(change, found, [])
    check_outcome(found, after, change.template, start.catalogue)
    return Effect(change, found, who_brings_back(raw, change.template))


def _written(resource: Resource, change: Change) -> bool:
    """Write it, with the caller's own token; False where the workload was changed since it was read."""
    key = change.workload.key
    try:
        written = as_caller(lambda client: write(client, resource, change))
    except NotFound as error:
        raise not_found(key) from error
    if written:
        log.info("%r set template %s of %s to %s", caller().username, change.template, key, change.value)
    return written
