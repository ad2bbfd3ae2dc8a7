"""Accepted saves of the service, beside the naive way: get the ConfigMap, put it with one key changed.

Each writer changes a template of its own, each save is a change; after a conflict the naive way starts anew.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from bench.client import Client, Refused
from bench.results import Goal, Measured, Result
from bench.service_site import Service, document, service
from bench.site import STORE, Site
from bench.size import Size

WRITERS: Final = (1, 8, 32)

_SECONDS: Final = 2.0
_GOAL: Final = Goal("at least", 100)
_CONFIG_MAPS: Final = f"/api/v1/namespaces/{STORE}/configmaps"
_TEMPLATES: Final = f"{_CONFIG_MAPS}/netpol-templates"
_COPY: Final = "naive"
_CONFLICT: Final = ": 409 "

Save = Callable[[], Awaitable[bool]]
"""Tries one change and tells whether it was accepted."""


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Save with each number of writers, in both ways, `size.runs` times."""
    saves: dict[int, list[float]] = {count: [] for count in WRITERS}
    naive: dict[int, list[float]] = {count: [] for count in WRITERS}
    async with service(site) as product:
        await _copy_store(site.client)
        ours = [await _saving(product, f"saved-{number}") for number in range(max(WRITERS))]
        theirs = [_putting(site.client, f"saved-{number}.yaml") for number in range(max(WRITERS))]
        for _ in range(size.runs):
            for count in WRITERS:
                saves[count].append(await _rate(ours[:count]))
                naive[count].append(await _rate(theirs[:count]))
            step()
    results = [_result(count, saves[count], naive[count]) for count in WRITERS]
    most = max(WRITERS)
    goal = Result(name=f"saves, {most} writers", unit="1/s", product=saves[most], goal=_GOAL)
    return Measured([*results, goal])


def _result(count: int, saves: list[float], naive: list[float]) -> Result:
    name = f"saves, {count} writer{'s' if count > 1 else ''}, beside get and put"
    return Result(name=name, unit="1/s", product=saves, baseline=naive)


async def _rate(saves: list[Save]) -> float:
    """Accepted saves a second when all writers save at once, again and again."""
    began = time.perf_counter()
    counts = await asyncio.gather(*(_writer(save, began + _SECONDS) for save in saves))
    return round(sum(counts) / (time.perf_counter() - began), 1)


async def _writer(save: Save, end: float) -> int:
    accepted = 0
    while time.perf_counter() < end:
        accepted += await save()
    return accepted


async def _saving(product: Service, name: str) -> Save:
    etag = await product.create(document(name, 1))
    ports = itertools.count(2)

    async def save() -> bool:
        nonlocal etag
        etag = await product.replace(document(name, next(ports)), etag)
        return True

    return save


def _putting(client: Client, key: str) -> Save:
    numbers = itertools.count()

    async def save() -> bool:
        copy = await client.get(f"{_CONFIG_MAPS}/{_COPY}")
        copy["data"][key] = f"number: {next(numbers)}\n"
        return await _put(client, copy)

    return save


async def _put(client: Client, copy: dict[str, Any]) -> bool:
    try:
        await client.replace(f"{_CONFIG_MAPS}/{_COPY}", copy)
    except Refused as refused:
        if _CONFLICT in str(refused):
            return False
        raise
    return True


async def _copy_store(client: Client) -> None:
    """Give the naive way a ConfigMap of its own with the same texts."""
    stored = await client.get(_TEMPLATES)
    await client.create(_CONFIG_MAPS, {"metadata": {"name": _COPY}, "data": stored["data"]})
