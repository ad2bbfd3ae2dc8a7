"""Stores and their ConfigMaps, for the tests of the store."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, TypeVar

from devcluster.cluster import ControlPlane
from registry.cluster.client import Client
from registry.cluster.credentials import connect
from registry.model.template import Template, parse_template
from registry.planning.catalogue import Catalogue, Revision
from registry.settings import Settings
from registry.store.bodies import text_of
from registry.store.catalogue import Records, View, check_readable, read_entry
from registry.store.objects import Record, StoredConfigMap
from registry.store.saves import Edit
from registry.store.store import Store
from registry.store.watch import StoreWatch

T = TypeVar("T")


def document(name: str = "web", port: int = 80, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "Lets pods of the namespace reach this workload.",
        "scope": "workload",
        "spec": {
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": port}]}],
        },
        **fields,
    }


def template(name: str = "web", port: int = 80, **fields: Any) -> Template:
    return parse_template(document(name, port, **fields))


def text(name: str = "web", port: int = 80, **fields: Any) -> str:
    return text_of(template(name, port, **fields))


def edit(name: str = "web", port: int = 80, expected: tuple[str, ...] | None = None, **fields: Any) -> Edit:
    made = template(name, port, **fields)
    return Edit(name=name, template=made, text=text_of(made), author="ann", expected=expected)


def deletion(name: str, *expected: str) -> Edit:
    return Edit(name=name, template=None, text=None, author="ann", expected=expected)


def record(number: int, name: str = "web", port: int = 80, *, deleted: bool = False, **fields: Any) -> Record:
    """A record as the watch has it; on the revision before, unless `parent` is given."""
    made = None if deleted else template(name, port)
    revision = Revision(
        name=name,
        number=number,
        author="ann",
        time="2026-01-01T00:00:00Z",
        message="",
        digest=made.digest if made else "",
        template=made,
    )
    return Record(
        namespace="ns",
        name=f"s.{name}.v{number}",
        uid=f"{name}{number}",
        resource_version="1",
        revision=revision,
        **{"parent": number - 1, **fields},
    )


def main(heads: dict[str, int] | None, **texts: str) -> StoredConfigMap:
    """The catalogue ConfigMap with a text for each name."""
    keys = {f"{name}.yaml": value for name, value in texts.items()}
    return StoredConfigMap(namespace="ns", name="s", uid="u", resource_version="1", texts=keys, heads=heads)


class Opened:
    """One process's store, with the names its watch told as changed."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self.client = client
        self.settings = settings
        self.changes: list[frozenset[str]] = []
        self.watch = StoreWatch(client, settings, self.changes.append)
        self.store = Store(client, self.watch, settings)


@contextlib.asynccontextmanager
async def opened(
    control_plane: ControlPlane, namespace: str, *, watching: bool = True
) -> AsyncIterator[Opened]:
    """A store as one process has it; without `watching` its watch sees no more than what is there now."""
    settings = Settings(store_namespace=namespace)
    async with Client(connect(str(control_plane.kubeconfig("server")))) as client:
        one = Opened(client, settings)
        running = asyncio.create_task(one.watch.run())
        await one.watch.synced()
        if not watching:
            running.cancel()
        try:
            yield one
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await one.store.close()
    await asyncio.sleep(0.01)  # aborted connections are closed by the loop's next rounds


async def seen(one: Opened, check: Callable[[], T]) -> T:
    """Wait in the event loop until the watch shows it."""
    for _ in range(5000):
        if result := check():
            return result
        await asyncio.sleep(0.002)
    raise AssertionError(f"the watch never showed it: {one.watch.view.main}")


def by_name(records: Iterable[Record]) -> Records:
    """Records by template name and number."""
    found: dict[str, dict[int, Record]] = {}
    for record in records:
        found.setdefault(record.revision.name, {})[record.revision.number] = record
    return found


def read_catalogue(main: StoredConfigMap | None, records: Iterable[Record]) -> Catalogue:
    """The catalogue in force. Raises StoreUnreadable when these ConfigMaps do not say what that is."""
    view = View(main, by_name(records))
    check_readable(view)
    entries = ((name, read_entry(view.holding(name))) for name in view.names())
    return Catalogue({name: entry for name, entry in entries if entry})
