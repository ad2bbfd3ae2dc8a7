"""The product's own planning, from a fresh list of everything and outside of the controller.

This sees what `model` leaves out (namespaces' own policies, labels, annotations) and what a controller's
memory and missed events hide, since it has neither. It shares the planning with the product, which `model`
does not.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.soak.churn import GROUP, NAMESPACES, TEMPLATES, marker_of
from registry.cluster.client import Client
from registry.cluster.credentials import connect
from registry.planning.changes import Change
from registry.planning.objects import namespace_key
from registry.planning.orphans import Clock
from registry.settings import Settings
from registry.store.errors import StoreUnreadable
from registry.store.watch import StoreWatch
from registry.world.simulation import Simulation
from registry.world.snapshot import Snapshot, snapshot
from registry.world.watched import WatchedCluster

_READ_SECONDS: Final = 30.0


async def left_to_do(kubeconfig: Path, store: str) -> list[str]:
    """The writes that a controller which starts now would make; none is what should be."""
    return [_told(change) for change in _changes(await _read(kubeconfig, store))]


def markers(records: list[dict[str, dict[str, object]]]) -> Mapping[tuple[str, int], int]:
    """The marker of each revision of the soak's templates, from the store's ConfigMaps."""
    documents = (json.loads(str(one["data"]["document"])) for one in records)
    numbered = ((one, document) for one, document in zip(records, documents, strict=True))
    return {
        (document["name"], int(str(one["metadata"]["name"]).rpartition(".v")[2])): marker_of(document)
        for one, document in numbered
        if document["name"] in TEMPLATES
    }


async def _read(kubeconfig: Path, store: str) -> Snapshot:
    settings = Settings(store_namespace=store, namespace_selector=f"group={GROUP}")
    async with Client(connect(str(kubeconfig))) as client:
        cluster = WatchedCluster(client, settings, touch=lambda _key: None)

        def follow(names: frozenset[str]) -> None:
            with contextlib.suppress(StoreUnreadable):
                cluster.triggers.on_catalogue(watch.catalogue(), names)

        watch = StoreWatch(client, settings, follow)
        cluster.world.pin = watch.pin
        watching = [asyncio.create_task(one.run()) for one in (cluster, watch)]
        try:
            async with asyncio.timeout(_READ_SECONDS):
                await watch.synced()
                await cluster.admitted.wait()
            watch.catalogue()
            return snapshot(cluster.world, NAMESPACES)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)


def _changes(start: Snapshot) -> Iterator[Change]:
    simulation = Simulation(start, Clock(datetime.now(UTC), timedelta(hours=1)))
    for name in NAMESPACES:
        for key in (*sorted(simulation.world.index.workloads(name)), namespace_key(name)):
            yield from simulation.plan(key).changes


def _told(change: Change) -> str:
    one = change.desired or change.live
    where = f"{one.namespace}/{one.name}" if one else ""
    return f"a fresh controller would {change.action} {where}"
