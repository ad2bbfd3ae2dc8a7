"""`/api/v1/namespaces/{namespace}/enable` and `/disable`: a plan, then one label, written as the caller."""

import time
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from flask import Response

from registry.http import problems
from registry.http.acting import require
from registry.http.answers import json_answer
from registry.http.namespaces.adopting import adopt, plan_adoptions
from registry.http.namespaces.answers import outlook_answer
from registry.http.namespaces.body import DISABLE_EXAMPLE, ENABLE_EXAMPLE, read_disable, read_enable
from registry.http.namespaces.examples import DISABLED, ENABLED
from registry.http.namespaces.outlook import Outlook, outlook
from registry.http.namespaces.removal import Removal, remove_unmanaged
from registry.http.namespaces.rights import on_backups, on_namespace, on_policies
from registry.http.namespaces.schemas import Switched, SwitchQuery
from registry.http.namespaces.unmanaged import shown_unmanaged
from registry.http.namespaces.writing import Written, end_leaving, fresh_namespace, wait, write
from registry.http.operations import READS_BODY, ClusterOperations
from registry.http.problems import Refused
from registry.http.requests import backend, body
from registry.world.adopting import Adoptions
from registry.world.standing import Standing
from registry.world.switching import Aim, Switch, switch

Query = Mapping[str, Any]

blueprint: Final = ClusterOperations(
    "enabling", __name__, url_prefix="/api/v1/namespaces/<namespace>", description="Enabling and disabling."
)

ACTS: Final = (
    problems.INVALID_QUERY,
    problems.NAMESPACE_NOT_FOUND,
    problems.OBJECT_CHANGED,
    problems.OBJECT_REFUSED,
)


class Done(NamedTuple):
    """What was done; `written` is None for a dry run. `adoptions` where they were asked for."""

    action: Literal["enable", "disable"]
    written: Written | None = None
    removal: Removal = Removal()
    adoptions: Adoptions | None = None
    remove: bool = False


@blueprint.route("/enable", methods=["POST"])
@blueprint.operation
@blueprint.problems(*ACTS, *READS_BODY, problems.INVALID_BODY, problems.NAMESPACE_EXCLUDED)
@blueprint.query(SwitchQuery)
@blueprint.takes("EnableRequest", ENABLE_EXAMPLE)
@blueprint.answer(200, Switched, example=ENABLED)
def enable_namespace(query: Query, namespace: str) -> Response:
    """Enable a namespace.

    Its label is set with the caller's own token, and the controller writes the policies. The answer is the
    plan that this came from: what is written, which workloads become isolated, what is cut. Unmanaged
    policies stay, go after a backup, or are adopted: references take their place.
    """
    asked = read_enable(body())
    here = _admitted(namespace, remove=asked.unmanaged != "keep")
    if here.excluded:
        raise _excluded(namespace)
    if asked.unmanaged == "adopt":
        return _adopted(here, query)
    remove = asked.unmanaged == "remove"
    aim = Aim(managed=True, gone=frozenset(live.name for live in here.unmanaged if remove))
    found = outlook(here, switch(here, backend().clock(), aim))
    if query["dry_run"]:
        return _answer(here, found, query, Done("enable", remove=remove))
    written = _written(here, aim, found.switch)
    removal = remove_unmanaged(here) if remove and written.in_force else Removal()
    return _answer(here, found, query, Done("enable", written, removal, remove=remove))


def _adopted(here: Standing, query: Query) -> Response:
    planned = plan_adoptions(here)
    found = outlook(here, planned.switch)
    if query["dry_run"]:
        return _answer(here, found, query, Done("enable", adoptions=planned))
    written, removal = adopt(here, planned)
    return _answer(here, found, query, Done("enable", written, removal, planned))


@blueprint.route("/disable", methods=["POST"])
@blueprint.operation
@blueprint.problems(*ACTS, *READS_BODY, problems.INVALID_BODY)
@blueprint.query(SwitchQuery)
@blueprint.takes("DisableRequest", DISABLE_EXAMPLE, required=False)
@blueprint.answer(200, Switched, example=DISABLED)
def disable_namespace(query: Query, namespace: str) -> Response:
    """Disable a namespace.

    Its label is removed with the caller's own token, and the controller removes the generated policies,
    denies first, or leaves them behind as ordinary ones. Unmanaged policies stay; a backup can be restored
    before or after.
    """
    asked = read_disable()
    here = _admitted(namespace, remove=False)
    aim = Aim(managed=False, leave=asked.policies == "leave")
    found = outlook(here, switch(here, backend().clock(), aim))
    if query["dry_run"]:
        return _answer(here, found, query, Done("disable"))
    started = time.monotonic()
    written = _written(here, aim, found.switch)
    if aim.leave and written.in_force and not end_leaving(here, started):
        written = Written(in_force=False, seconds=None)
    return _answer(here, found, query, Done("disable", written))


def _written(here: Standing, aim: Aim, planned: Switch) -> Written:
    started = time.monotonic()
    write(here, aim)
    return wait(here, planned, started)


def _admitted(name: str, *, remove: bool) -> Standing:
    """The namespace, if the caller may do what is asked. Raises Refused, or ApiError."""
    require(on_namespace("patch", name))
    require(on_policies("list", name))
    if remove:
        require(on_policies("delete", name))
        require(on_backups("create", name))
    backend().watch.catalogue()  # refuses while the store cannot be read
    return fresh_namespace(name)


def _excluded(name: str) -> Refused:
    detail = (
        f"Namespace {name} is never managed: it is the registry's own, or one of the setting "
        "EXCLUDED_NAMESPACES. A policy there could cut off the cluster's own services."
    )
    return Refused(problems.NAMESPACE_EXCLUDED, detail)


def _answer(here: Standing, found: Outlook, query: Query, done: Done) -> Response:
    written, removal = done.written, done.removal
    return json_answer(
        {
            "namespace": here.namespace.name,
            "action": done.action,
            "dryRun": written is None,
            "changed": here.namespace.managed != (done.action == "enable"),
            "inForce": written.in_force if written else None,
            "seconds": written.seconds if written else None,
            "unmanaged": {
                "items": shown_unmanaged(here.unmanaged, done.adoptions, remove=done.remove),
                "backup": removal.backup,
                "removed": removal.removed,
                "adopted": removal.adopted,
                "left": [one._asdict() for one in removal.left],
            },
            **outlook_answer(found, query, backend().watch.catalogue()),
        }
    )
