"""What a restart with nothing changed costs: writes by the API server's audit log, time and memory."""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from bench import machine
from bench.results import Goal, Measured, Result
from bench.site import LABEL, Site, default_policies
from bench.size import Size
from devcluster.users import USERS
from registry import contract
from tests.cluster import AuditLog

_MEMORY = Goal("at most", 120, absolute=True)


class Start(NamedTuple):
    """What a start cost: seconds until all was read, and the most memory ever resident, in MiB."""

    seconds: float
    memory: float


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Restart the controller over `size.deployments` policies, `size.runs` times."""
    namespaces = await site.namespaces(size.namespaces, {contract.MANAGED_LABEL: "true"})
    await site.deployments(namespaces, size.deployments, lambda _: {LABEL: "true"})
    policies = size.deployments + size.namespaces * default_policies()
    await site.start_controller()
    await site.policies.until(lambda: len(site.policies.objects) == policies)
    await site.quiet()
    found = await restarts(site, size.runs, step)
    count = f"{size.deployments:,}"
    return Measured(
        [
            Result(
                name=f"restart at {count}, writes",
                unit="",
                product=found["writes"],
                worst=True,
                goal=Goal("at most", 0),
            ),
            Result(
                name=f"restart at {count}, all read",
                unit="s",
                product=found["seconds"],
                baseline=found["bare_seconds"],
                goal=Goal("at most", 2, absolute=True),
            ),
            Result(name="restart, all compared", unit="s", product=found["compared"]),
            Result(
                name=f"memory, restart at {count}",
                unit="MiB",
                product=found["memory"],
                baseline=found["bare_memory"],
                goal=_MEMORY,
            ),
        ],
        {"runs": found},
    )


async def restarts(site: Site, runs: int, step: Callable[[], None]) -> dict[str, list[float]]:
    """Restart `runs` times, in turns with the bare reader; figures of each by what they are of."""
    audit = AuditLog(site.plane.audit_log)
    found: dict[str, list[float]] = {}

    def note(**figures: float) -> None:
        for name, figure in figures.items():
            found.setdefault(name, []).append(figure)

    for _ in range(runs):
        site.controller.stop()
        audit.restart()
        began = time.perf_counter()
        seconds = await site.start_controller()
        await site.all_compared()
        compared = time.perf_counter() - began
        await site.quiet()
        note(
            writes=len(audit.writes(user=USERS["controller"].name)),
            seconds=seconds,
            compared=compared,
            memory=machine.peak_memory(site.controller.pid),
        )
        site.controller.stop()
        bare = await _bare(site)
        note(bare_seconds=bare.seconds, bare_memory=bare.memory)
        step()
    return found


async def _bare(site: Site) -> Start:
    plane = site.plane
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.reader",
        plane.url,
        str(plane.ca_file),
        plane.token("controller"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout  # noqa: S101 (asked for above)
        await process.stdout.readline()
        return Start(time.perf_counter() - began, machine.peak_memory(process.pid))
    finally:
        process.kill()
        await process.wait()
