"""How fast many policies appear, and the controller's peak memory by then.

The clock runs from the first namespace's `managed` label to the last policy in the watch. The baseline
creates the same policies, those of the namespaces' defaults included, with the rights of the controller.
"""

import os
import time
from collections.abc import Callable
from typing import Any

from bench import machine
from bench.client import Client, each
from bench.results import Goal, Measured, Result
from bench.site import LABEL, Site, default_policies, policies_of, spent
from bench.size import Size


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
        runs.append({"controller": controller, "baseline": await _bare(site, namespaces, bodies)})
        step()
    speed = Result(
        name=f"enabling {size.deployments:,}",
        unit="policies/s",
        product=[round(policies / run["controller"]["seconds"]) for run in runs],
        baseline=[round(policies / run["baseline"]["seconds"]) for run in runs],
        goal=Goal("at least", 0.7),
    )
    memory = [
        Result(name="memory, first start", unit="MiB", product=[idle]),
        Result(
            name=f"memory, {size.deployments:,} enabled",
            unit="MiB",
            product=[run["controller"]["peak_memory_mib"] for run in runs],
        ),
    ]
    return Measured([speed, *memory], {"policies": policies, "runs": runs})


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
    await site.quiet()
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


async def _bare(site: Site, namespaces: list[str], bodies: list[dict[str, Any]]) -> dict[str, Any]:
    async with Client(site.plane, "controller") as bare:

        async def create(body: dict[str, Any]) -> None:
            await bare.create(policies_of(body["metadata"]["namespace"]), body)

        before, began = site.cpu_seconds(os.getpid()), time.perf_counter()
        await each(create, bodies)
        await site.policies.until(lambda: len(site.policies.objects) == len(bodies))
        seconds = time.perf_counter() - began
    run = {"seconds": seconds, "cpu_seconds": spent(before, site.cpu_seconds(os.getpid()))}
    await site.delete_policies(namespaces)
    await site.policies.until(lambda: not site.policies.objects)
    return run
