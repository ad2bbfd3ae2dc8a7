"""Removing unmanaged policies: first a backup, then exactly the objects that are in it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

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

BATCH: Final = 100


class Left(NamedTuple):
    """A policy that stays although it was to go, or to be taken over, and why."""

    name: str
    reason: str


class Removal(msgspec.Struct, frozen=True):
    """The backup, the policies that went, those that references stand for now, and those that stay."""

    backup: str | None = None
    removed: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()


class Kept(msgspec.Struct, frozen=True):
    """A backup, and the policies in it as they were read."""

    backup: str | None
    policies: tuple[LivePolicy, ...]


def remove_unmanaged(here: Standing) -> Removal:
    """Back up and remove the policies that are not ours, as the caller. Raises Refused, or ApiError."""
    # Only what the plan named: a policy that came since was seen by nobody.
    kept = back_up(here, {live.name for live in here.unmanaged})
    removed, left = remove(kept.policies)
    return Removal(kept.backup, removed, (), left)


def back_up(here: Standing, names: Collection[str]) -> Kept:
    """Keep the unmanaged policies of these names, as the caller. Raises Refused, or ApiError."""
    author = caller().username
    return as_caller(lambda client: _back_up(client, here, names, author))


def remove(policies: Collection[LivePolicy]) -> tuple[tuple[str, ...], tuple[Left, ...]]:
    """Remove exactly these objects, as the caller: the names of those that went, and the others."""
    reasons: dict[str, str | None] = {}
    for batch in _batches(list(policies)):
        reasons |= as_caller(lambda client: _remove(client, batch))  # noqa: B023 (called at once)
    return (
        tuple(name for name, reason in reasons.items() if reason is None),
        tuple(Left(name, reason) for name, reason in reasons.items() if reason),
    )


async def _back_up(client: Requests, here: Standing, names: Collection[str], author: str) -> Kept:
    if not names:
        return Kept(None, ())
    namespace = here.namespace.name
    found = [(decode_policy(raw), raw) async for raw in listed(client, NETWORK_POLICIES.path(namespace))]
    ours = {live.name for _, live in here.generated}
    foreign = [(live, raw) for live, raw in found if live.name in names and is_foreign(live, ours)]
    if not foreign:
        return Kept(None, ())
    manifests = [backups.manifest(raw) for _, raw in foreign]
    backup = await backups.save(client, namespace, manifests, author, datetime.now(UTC))
    return Kept(backup.name, tuple(live for live, _ in foreign))


def _batches(policies: Sequence[LivePolicy]) -> Iterator[Sequence[LivePolicy]]:
    """So many at once that each is answered in time: what is done is told, however many there are."""
    for first in range(0, len(policies), BATCH):
        yield policies[first : first + BATCH]


async def _remove(client: Requests, policies: Collection[LivePolicy]) -> dict[str, str | None]:
    return {live.name: await _delete(client, live) for live in policies}


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
