"""`/api/v1/namespaces/{namespace}/backups` and `/restore`: removed policies, and bringing them back."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from registry.http import problems
from registry.http.acting import as_caller, require
from registry.http.answers import json_answer
from registry.http.namespaces.body import RESTORE_EXAMPLE, read_restore
from registry.http.namespaces.examples import BACKUPS, RESTORED
from registry.http.namespaces.rights import on_backups, on_policies
from registry.http.namespaces.schemas import BackupPage, RestoredDocument
from registry.http.operations import READS_BODY, ClusterOperations
from registry.http.paging import Order, page
from registry.http.problems import Refused
from registry.http.queries import DryRunQuery, PageQuery
from registry.http.requests import body
from registry.store.backups import Backup, BackupUnreadable, read, restore

Query = Mapping[str, Any]

_BY_NAME: Final = Order[Backup]("name", lambda one: (one.name,), descending=True)

blueprint: Final = ClusterOperations(
    "backups", __name__, url_prefix="/api/v1/namespaces/<namespace>", description="Removed policies."
)


@blueprint.route("/backups", methods=["GET"])
@blueprint.operation
@blueprint.problems(problems.INVALID_QUERY, problems.BACKUP_UNREADABLE)
@blueprint.query(PageQuery)
@blueprint.answer(200, BackupPage, example=BACKUPS)
def list_backups(query: Query, namespace: str) -> Response:
    """List the backups of a namespace, the newest first.

    They are ConfigMaps of the namespace, read with the caller's own token.
    """
    require(on_backups("list", namespace))
    return page(_read(namespace), _BY_NAME, _shown, query)


@blueprint.route("/restore", methods=["POST"])
@blueprint.operation
@blueprint.problems(
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.INVALID_BODY,
    problems.BACKUP_NOT_FOUND,
    problems.BACKUP_UNREADABLE,
    problems.OBJECT_CHANGED,
    problems.OBJECT_REFUSED,
)
@blueprint.query(DryRunQuery)
@blueprint.takes("RestoreRequest", RESTORE_EXAMPLE)
@blueprint.answer(200, RestoredDocument, example=RESTORED)
def restore_backup(query: Query, namespace: str) -> Response:
    """Restore a backup.

    Policies that are missing are created with the caller's own token; those that are there stay as they are,
    and the answer says which of them differ.
    """
    asked = read_restore(body())
    for right in (
        on_backups("list", namespace),
        on_policies("list", namespace),
        on_policies("create", namespace),
    ):
        require(right)
    found = next((one for one in _read(namespace) if one.name == asked.backup), None)
    if found is None:
        detail = f"Namespace {namespace} has no backup {asked.backup}; /backups lists them."
        raise Refused(problems.BACKUP_NOT_FOUND, detail)
    done = as_caller(lambda client: restore(client, namespace, found, dry=query["dry_run"]))
    return json_answer(
        {
            "namespace": namespace,
            "backup": found.name,
            "dryRun": query["dry_run"],
            "created": done.created,
            "unchanged": done.unchanged,
            "differing": done.differing,
        }
    )


def _read(namespace: str) -> list[Backup]:
    try:
        return as_caller(lambda client: read(client, namespace))
    except BackupUnreadable as error:
        raise Refused(problems.BACKUP_UNREADABLE, f"{error} Look at it, and delete it.") from error


def _shown(one: Backup) -> dict[str, Any]:
    return {
        "name": one.name,
        "time": one.time,
        "author": one.author,
        "configMaps": one.parts,
        "policies": sorted(one.policies),
    }
