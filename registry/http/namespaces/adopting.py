"""Letting references take the place of unmanaged policies, step by step; what is done stays done.

A backup, the labels, the generated policies in force, and only then the removal of those that say the same.
Where a step fails for a policy it stays, and the answer tells why; doing it all again goes on from there.
"""

import time
from collections.abc import Iterable
from typing import Final

from registry.cluster.client import Requests
from registry.cluster.errors import ApiError, Conflict
from registry.cluster.resources import NETWORK_POLICIES, Resource
from registry.contract import ADOPT_ANNOTATION
from registry.http.access import Right
from registry.http.acting import as_caller, require
from registry.http.namespaces.removal import Left, Removal, back_up, remove
from registry.http.namespaces.rights import granted, on_policies
from registry.http.namespaces.writing import Written, awaits, differing, wait, write
from registry.http.requests import backend
from registry.http.workloads.field_owners import FIELD_MANAGER
from registry.planning.names import bears_mark, owner_key, policy_name
from registry.planning.objects import Key, Workload
from registry.world.adopting import Adoption, Adoptions, Scene, adoptions
from registry.world.resembling import selecting
from registry.world.standing import Standing
from registry.world.switching import Labelled
from registry.world.workloads import workloads_in
from registry.world.world import World

ATTEMPTS: Final = 20
STEP_SECONDS: Final = 0.05
"""Another's change of a workload, such as of its status, is no reason to give up: the watch shows it soon."""

CHANGED: Final = "It was changed meanwhile, or what it belongs to was. Call again."
NOT_IN_FORCE: Final = "What takes its place is not in force yet. Call again in a moment."

Reasons = dict[str, str]
"""Why a policy stays as it is, by its name."""


def plan_adoptions(here: Standing) -> Adoptions:
    """What references take the place of, where the caller may write them. Raises Refused, or ApiError."""
    workloads = backend().ask(lambda world: workloads_in(world, here.namespace.name))
    users = {one.key for live in here.unmanaged for one in selecting(live, workloads)}
    allowed = granted({key: right for key in users if (right := _right(key))})
    barred = users - allowed
    found = adoptions(Scene(here, workloads, barred, backend().clock()))
    if any(one.in_place for one in found.adopted):
        require(on_policies("patch", here.namespace.name))
    return found


def adopt(here: Standing, planned: Adoptions) -> tuple[Written, Removal]:
    """Carry the plan out, as the caller. Raises Refused, or ApiError; then no policy was removed."""
    kept = back_up(here, planned.aim.gone)
    started = time.monotonic()
    write(here, planned.aim)
    stays = _label(planned)
    stays |= _offer([one for one in planned.adopted if one.in_place and one.policy.name not in stays])
    going = [one for one in planned.adopted if one.policy.name not in stays]
    awaits(started, lambda world: all(_in_force(world, one) for one in going))
    written = Written(in_force=False, seconds=None) if stays else wait(here, planned.switch, started)
    stays |= backend().ask(
        lambda world: {one.policy.name: NOT_IN_FORCE for one in going if not _in_force(world, one)}
    )
    specs = {one.policy.name: one.policy.spec for one in planned.adopted}
    stays |= {live.name: CHANGED for live in kept.policies if specs[live.name] != live.spec}
    removed, left = remove([live for live in kept.policies if live.name not in stays])
    stays |= dict(left)
    adopted = tuple(one.policy.name for one in planned.adopted if one.policy.name not in stays)
    return written, Removal(kept.backup, removed, adopted, tuple(Left(*one) for one in sorted(stays.items())))


def _right(key: Key) -> Right | None:
    resource = _resource(key)
    return Right("patch", key.group, resource.plural, key.namespace, key.name) if resource else None


def _resource(key: Key) -> Resource | None:
    """The kind of a workload; None where its definition went this moment."""
    return next((one for one in backend().kinds() if (one.group, one.kind) == (key.group, key.kind)), None)


def _label(planned: Adoptions) -> Reasons:
    """Label the workloads, with one patch each."""
    workloads = [one for one in planned.aim.labelled if isinstance(one.after, Workload)]
    refused = {one.after.key: reason for one in workloads if (reason := _label_workload(one))}
    return {
        one.policy.name: refused[one.reference.user]
        for one in planned.adopted
        if one.reference and one.reference.user in refused
    }


def _label_workload(asked: Labelled) -> str | None:
    """Why it could not be labelled; None when it is."""
    key = asked.before.key
    resource = _resource(key)
    if resource is None:
        return CHANGED
    path = resource.path(key.namespace, key.name)
    labels, annotations = differing(asked.before, asked.after)
    for _ in range(ATTEMPTS):
        now = backend().ask(lambda world: world.workload(key))
        if now is None or not asked.fits(now):
            return CHANGED
        metadata = {"resourceVersion": now.resource_version, "labels": labels, "annotations": annotations}
        outcome = _patched(path, metadata)
        if not isinstance(outcome, Conflict):
            return str(outcome) if outcome else None
        time.sleep(STEP_SECONDS)
    return CHANGED


def _offer(adopted: Iterable[Adoption]) -> Reasons:
    """Let the controller take policies over.

    Of several policies of one reference that with the reference's first name goes last: it is the one by
    which the controller looks at them all.
    """
    return {one.policy.name: reason for one in sorted(adopted, key=_is_first) if (reason := _offered(one))}


def _is_first(one: Adoption) -> bool:
    return one.reference is not None and one.by == policy_name(*one.reference.place)


def _offered(one: Adoption) -> str | None:
    live = one.policy
    identity = {"uid": live.uid, "resourceVersion": live.resource_version}
    outcome = _patched(
        NETWORK_POLICIES.path(live.namespace, live.name),
        {**identity, "annotations": {ADOPT_ANNOTATION: one.offer}},
    )
    if isinstance(outcome, Conflict):
        return CHANGED
    return str(outcome) if outcome else None


def _patched(path: str, metadata: object) -> ApiError | None:
    """Patch an object's metadata, as the caller: why that failed, or None."""

    async def patch(client: Requests) -> ApiError | None:
        try:
            await client.merge_patch(path, {"metadata": metadata}, {"fieldManager": FIELD_MANAGER})
        except ApiError as error:
            return error
        return None

    return as_caller(patch)


def _in_force(world: World, one: Adoption) -> bool:
    """Whether the generated policy is there, with the very same spec."""
    live = world.policies.get(one.policy.namespace, one.by)
    if live is None or one.reference is None or live.deleting or not bears_mark(live):
        return False
    return owner_key(live) == one.reference.user and live.spec == one.policy.spec
