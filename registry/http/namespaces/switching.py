"""`/api/v1/namespaces/{namespace}/enable` and `/disable`: a plan, then one label, written as the caller."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from flask import Response

from registry.http import problems
from registry.http.acting import require
from registry.http.answers import json_answer
from registry.http.namespaces.answers import outlook_answer, shown_unmanaged
from registry.http.namespaces.body import ENABLE_EXAMPLE, read_enable
from registry.http.namespaces.examples import DISABLED, ENABLED
from registry.http.namespaces.outlook import Outlook, outlook
from registry.http.namespaces.removal import Removal, remove_unmanaged
from registry.http.namespaces.rights import on_backups, on_namespace, on_policies
from registry.http.namespaces.schemas import Switched, SwitchQuery
from registry.http.namespaces.writing import Written, fresh_namespace, label
from registry.http.operations import READS_BODY, ClusterOperations
from registry.http.problems import Refused
from registry.http.requests import backend, body
from registry.world.standing import Standing

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
    """What was done; `written` is None for a dry run."""

    action: Literal["enable", "disable"]
    written: Written | None = None
    removal: Removal = Removal()


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
    policies stay, or go after a backup, once what was planned is in force.
    """
    asked = read_enable(body())
    remove = asked.unmanaged == "remove"
    here = _admitted(namespace, remove=remove)
    if here.excluded:
        raise _excluded(namespace)
    found = outlook(here, managed=True, remove=remove)
    if query["dry_run"]:
        return _answer(here, found, query, Done("enable"))
    written = label(here, found.switch, managed=True)
    removal = remove_unmanaged(here) if remove and written.in_force else Removal()
    return _answer(here, found, query, Done("enable", written, removal))


@blueprint.route("/disable", methods=["POST"])
@blueprint.operation
@blueprint.problems(*ACTS)
@blueprint.query(SwitchQuery)
@blueprint.answer(200, Switched, example=DISABLED)
def disable_namespace(query: Query, namespace: str) -> Response:
    """Disable a namespace.

    Its label is removed with the caller's own token, and the controller removes the generated policies,
    denies first. Unmanaged policies stay; a backup can be restored before or after.
    """
    here = _admitted(namespace, remove=False)
    found = outlook(here, managed=False)
    written = None if query["dry_run"] else label(here, found.switch, managed=False)
    return _answer(here, found, query, Done("disable", written))


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
                "items": shown_unmanaged(here.unmanaged),
                "backup": removal.backup,
                "removed": removal.removed,
                "left": removal.left,
            },
            **outlook_answer(found, query, backend().watch.catalogue()),
        }
    )
