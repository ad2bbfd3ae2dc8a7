"""Removing unmanaged policies: first a backup, then exactly the objects that are in it."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from registry.cluster.client import Requests
from registry.cluster.decode import decode_policy
from registry.cluster.errors import ApiError, NotFound
from registry.cluster.listing import listed
from registry.cluster.resources import NETWORK_POLICIES
from registry.http.acting import as_caller
from registry.http.requests import caller
from registry.planning.objects import LivePolicy
from registry.planning.policies import delete_body
from registry.store import backups
from registry.world.standing import Standing, is_foreign


class Removal(msgspec.Struct, frozen=True):
    """The backup, the policies that went, and those that could not be removed with the reason."""

    backup: str | None = None
    removed: tuple[str, ...] = ()
    left: tuple[dict[str, Any], ...] = ()


def remove_unmanaged(here: Standing) -> Removal:
    """Back up and remove the policies that are not ours, as the caller. Raises Refused, or ApiError."""
    author = caller().username
    return as_caller(lambda client: _remove(client, here, author))


async def _remove(client: Requests, here: Standing, author: str) -> Removal:
    namespace = here.namespace.name
    found = [(decode_policy(raw), raw) async for raw in listed(client, NETWORK_POLICIES.path(namespace))]
    planned = {live.name for live in here.unmanaged}
    ours = {live.name for _, live in here.generated}
    # Only what the plan named: a policy that came since was seen by nobody.
    foreign = [(live, raw) for live, raw in found if live.name in planned and is_foreign(live, ours)]
    if not foreign:
        return Removal()
    manifests = [backups.manifest(raw) for _, raw in foreign]
    backup = await backups.save(client, namespace, manifests, author, datetime.now(UTC))
    reasons = {live.name: await _delete(client, live) for live, _ in foreign}
    return Removal(
        backup.name,
        tuple(name for name, reason in reasons.items() if reason is None),
        tuple({"name": name, "reason": reason} for name, reason in reasons.items() if reason),
    )


async def _delete(client: Requests, live: LivePolicy) -> str | None:
    """Why it is still there; None when it is gone."""
    path = NETWORK_POLICIES.path(live.namespace, live.name)
    try:
        await client.delete(path, delete_body(live))
    except NotFound:
        return None
    except ApiError as error:
        return str(error)
    return None
