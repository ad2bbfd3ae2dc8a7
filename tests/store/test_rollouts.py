"""Rollouts in the store: one at a time for each template, and no status is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from registry.planning.objects import Key
from registry.planning.rollouts import Failure, Rollout, Status, grouped, with_failures
from registry.store.objects import StoredRollout
from registry.store.rollouts import NoRollout, Rollouts, RolloutUnderWay
from tests.store.support import Opened, edit, opened, seen, template

DB = Key("apps", "Deployment", "shop", "db")


@pytest.fixture
def namespace(make_store_namespace) -> str:
    return make_store_namespace()


@contextlib.asynccontextmanager
async def rollouts(plane: ControlPlane, namespace: str) -> AsyncIterator[tuple[Opened, Rollouts]]:
    async with opened(plane, namespace) as one:
        yield one, Rollouts(one.client, one.watch, one.settings)


def rollout(started: str = "first", **fields: Any) -> Rollout:
    given = {"revision": 2, "users": grouped([DB]), "batch": 1, "pause": 0, "skipped": 0, "author": "ann"}
    return Rollout(template="web", started=started, **{**given, **fields})


def done(status: Status) -> Status:
    return msgspec.structs.replace(status, state="done", finished="now")


async def test_of_many_that_begin_at_once_exactly_one_does(control_plane, namespace):
    async with rollouts(control_plane, namespace) as (_, store):
        begun = (store.begin(rollout(f"t{number}")) for number in range(8))
        found = await asyncio.gather(*begun, return_exceptions=True)
        [winner] = [one for one in found if isinstance(one, StoredRollout)]
        refused = [one.current for one in found if isinstance(one, RolloutUnderWay)]
        assert refused == [winner] * 7


async def test_the_next_takes_the_place_of_one_that_has_ended(control_plane, namespace):
    async with rollouts(control_plane, namespace) as (_, store):
        first = await store.begin(rollout())
        await store.change("web", "first", done)
        second = await store.begin(rollout("second"))
        assert (second.uid, second.rollout.started, second.status) == (first.uid, "second", Status())


async def test_one_that_somebody_spoiled_is_replaced(control_plane, namespace, api: Api):
    async with rollouts(control_plane, namespace) as (one, store):
        stored = await store.begin(rollout())
        path = f"/api/v1/namespaces/{namespace}/configmaps/{stored.name}"
        api.patch(path, {"data": {"status": "{"}})
        await seen(one, lambda: not one.watch.rollouts)
        assert (await store.begin(rollout("second"))).rollout.started == "second"


async def test_changes_of_two_at_once_are_both_kept(control_plane, namespace):
    async with (
        rollouts(control_plane, namespace) as (_, store),
        rollouts(control_plane, namespace) as (there, other),
    ):
        await store.begin(rollout())
        await seen(there, lambda: there.watch.rollouts)
        failure = Failure("Reason", "why")
        await store.change("web", "first", lambda status: with_failures(status, {DB: failure}))
        found = await other.change("web", "first", done)
        assert (found.status.state, found.status.failures) == ("done", {"shop": {DB.kind_name: failure}})


async def test_a_change_is_never_made_to_another_rollout(control_plane, namespace):
    async with rollouts(control_plane, namespace) as (_, store):
        await store.begin(rollout())
        with pytest.raises(NoRollout):
            await store.change("web", "another", done)


async def test_a_change_of_one_that_was_deleted_is_told(control_plane, namespace, api: Api):
    async with rollouts(control_plane, namespace) as (_, store):
        stored = await store.begin(rollout())
        api.delete(f"/api/v1/namespaces/{namespace}/configmaps/{stored.name}")
        with pytest.raises(NoRollout):
            await store.change("web", "first", done)


async def test_a_rollout_changes_nothing_of_what_is_in_force(control_plane, namespace):
    async with rollouts(control_plane, namespace) as (one, store):
        await one.store.ensure([template()])
        await one.store.save(edit(port=81, expected=("*",)))
        one.changes.clear()
        await one.store.save(edit(port=82, expected=("*",)))
        usual = one.changes.copy()
        one.changes.clear()
        await store.begin(rollout())
        await one.store.save(edit(port=83, expected=("*",)))
        assert one.changes == usual
