"""What is recorded of pins, and when: gathered, but for what is given up."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import msgspec
import pytest

from registry.cluster.cache import Cache
from registry.controller import pins as keeping
from registry.controller.pins import PinKeeper
from registry.planning.objects import Key
from registry.planning.pins import Pin, Pins
from registry.store.objects import StoredPins
from registry.world.triggers import Triggers
from registry.world.world import World
from tests.planning.build import DB, catalogue, namespace, workload

NEVER = 3600.0


class Records:
    """The store's pins, without a store; it is both what is watched and what is written."""

    def __init__(self, **recorded: Pins) -> None:
        self.recorded = dict(recorded)
        self.writes = 0

    @property
    def pins(self) -> Mapping[str, StoredPins]:
        return {
            template: StoredPins(
                namespace="", name="", uid="", resource_version="", template=template, pins=pins
            )
            for template, pins in self.recorded.items()
        }

    def pin(self, template: str, key: Key) -> Pin | None:
        return self.recorded.get(template, {}).get(key)

    async def change(self, template: str, make: Callable[[Pins], Pins]) -> None:
        await asyncio.sleep(0)
        self.writes += 1
        self.recorded[template] = make(self.recorded[template])


@pytest.fixture
def world() -> World:
    """A workload pinned to a template that has moved on."""
    triggers = Triggers(lambda _: None, ())
    made = triggers.world
    made.catalogue = catalogue(postgres=[{}, {}])
    made.workloads["apps", "Deployment"] = Cache(triggers.on_workload)
    made.workloads["apps", "Deployment"].put(workload({"postgres": "true"}))
    made.namespaces.put(namespace())
    return made


@pytest.fixture
def records() -> Records:
    return Records(postgres={DB: Pin(1)})


@pytest.fixture
async def keeper(world: World, records: Records, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PinKeeper]:
    """Runs, and would gather what changes for ever."""
    monkeypatch.setattr(keeping, "EVERY_SECONDS", NEVER)
    made, readable = PinKeeper(world, records, records), asyncio.Event()
    readable.set()
    running = asyncio.create_task(made.run(readable))
    await settle()
    yield made
    running.cancel()


def give_up(world: World) -> None:
    world.workloads["apps", "Deployment"].put(msgspec.structs.replace(workload({}), resource_version="2"))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_a_reference_gives_up_is_recorded_at_once(
    keeper: PinKeeper, world: World, records: Records
):
    give_up(world)
    keeper.touched(DB)
    await settle()
    assert records.recorded == {"postgres": {}}


async def test_what_is_given_up_is_written_once(keeper: PinKeeper, world: World, records: Records):
    give_up(world)
    for _ in range(3):
        keeper.touched(DB)
        await settle()
    assert records.writes == 1


async def test_what_else_changes_is_gathered(keeper: PinKeeper, records: Records):
    keeper.touched(DB)
    keeper.reconciled(DB)
    await settle()
    assert records.writes == 0
