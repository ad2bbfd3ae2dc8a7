"""How fast many policies appear, and the controller's peak memory by then.

The clock runs from the first namespace's `managed` label to the last policy in the watch. The baseline
creates the same policies, those of the namespaces' defaults included, with the rights of the controller: the
best bare client, and one with aiohttp as most people would write it.
"""

import os
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from bench import machine
from bench.bare import Bare
from bench.client import Client, each
from bench.results import Goal, Measured, Result
from bench.site import LABEL, Site, default_policies, policies_of, spent
from bench.size import Size

T = TypeVar("T")


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Enable the namespaces of `size.deployments` labelled Deployments, `size.runs` times each way."""
    idle = await _idle_memory(site)
    namespaces = await site.namespaces(size.namespaces)
    await site.deployments(namespaces, size.deployments, lambda _: {LABEL: "true"})
    policies = size.deployments + size.namespaces * default_policies()
    runs: list[dict[str, Any]] = []
    for _ in range(size.runs):
        controller, bodies = await _with_controller(site, namespaces, policies)
        step()
        turns = {
            "controller": controller,
            "baseline": await _bare(site, namespaces, bodies),
            "aiohttp": await _aiohttp(site, namespaces, bodies),
        }
        runs.append(turns)
        step()
    rates = {way: [round(policies / run[way]["seconds"]) for run in runs] for way in runs[0]}
    speed = [
        Result(
            name=f"enabling {size.deployments:,}",
            unit="policies/s",
            product=rates["controller"],
            baseline=rates["baseline"],
            goal=Goal("at least", 0.8),
        ),
        Result(
            name="beside a client with aiohttp",
            unit="policies/s",
            product=rates["controller"],
            baseline=rates["aiohttp"],
        ),
        Result(
            name="processor time for each",
            unit="ms",
            product=[_milliseconds(run["controller"], policies) for run in runs],
            baseline=[_milliseconds(run["baseline"], policies) for run in runs],
        ),
    ]
    memory = [
        Result(name="memory, first start", unit="MiB", product=[idle]),
        Result(
            name=f"memory, {size.deployments:,} enabled",
            unit="MiB",
            product=[run["controller"]["peak_memory_mib"] for run in runs],
        ),
    ]
    return Measured([*speed, *memory], {"policies": policies, "runs": runs})


async def _idle_memory(site: Site) -> float:
    await site.start_controller()
    await site.quiet()
    memory = machine.peak_memory(site.controller.pid)
    site.controller.stop()
    return memory


async def _with_controller(
    site: Site, namespaces: list[str], policies: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Measure, and return also the bodies of the policies."""
    await site.start_controller()
    await site.all_compared()  # not until it is quiet: thousands of Events say that the namespaces wait
    before, began = site.cpu_seconds(site.controller.pid), time.perf_counter()
    await site.manage(namespaces, "true")
    await site.policies.until(lambda: len(site.policies.objects) == policies)
    seconds = time.perf_counter() - began
    run = {
        "seconds": seconds,
        "cpu_seconds": spent(before, site.cpu_seconds(site.controller.pid)),
        "peak_memory_mib": machine.peak_memory(site.controller.pid),
    }
    bodies = await site.policy_bodies()
    await site.manage(namespaces, None)
    await site.policies.until(lambda: not site.policies.objects)
    site.controller.stop()
    return run, bodies


def _milliseconds(turn: dict[str, Any], policies: int) -> float:
    """What each policy cost the process that wrote it."""
    seconds: float = turn["cpu_seconds"]["client"]
    return round(1000 * seconds / policies, 3)


async def _bare(site: Site, namespaces: list[str], bodies: list[dict[str, Any]]) -> dict[str, Any]:
    async with Bare(site.plane, "controller") as bare:

        async def create(request: bytes) -> None:
            await bare.send(request)

        requests = [
            bare.request("POST", policies_of(body["metadata"]["namespace"]), msgspec.json.encode(body))
            for body in bodies
        ]
        return await _timed(site, namespaces, create, requests)


async def _aiohttp(site: Site, namespaces: list[str], bodies: list[dict[str, Any]]) -> dict[str, Any]:
    async with Client(site.plane, "controller") as client:

        async def create(body: dict[str, Any]) -> None:
            await client.create(policies_of(body["metadata"]["namespace"]), body)

        return await _timed(site, namespaces, create, bodies)


async def _timed(
    site: Site, namespaces: list[str], create: Callable[[T], Awaitable[None]], bodies: list[T]
) -> dict[str, Any]:
    """Create everything, IN_FLIGHT at once, until the watch shows it; then delete it."""
    before, began = site.cpu_seconds(os.getpid()), time.perf_counter()
    await each(create, bodies)
    await site.policies.until(lambda: len(site.policies.objects) == len(bodies))
    seconds = time.perf_counter() - began
    run = {"seconds": seconds, "cpu_seconds": spent(before, site.cpu_seconds(os.getpid()))}
    await site.delete_policies(namespaces)
    await site.policies.until(lambda: not site.policies.objects)
    return run
