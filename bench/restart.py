"""What a restart with nothing changed costs: writes by the API server's audit log, time and memory."""

from collections.abc import Callable

from bench import machine
from bench.results import Goal, Measured, Result
from bench.site import LABEL, Site, default_policies
from bench.size import Size
from devcluster.users import USERS
from registry import contract
from tests.cluster import AuditLog


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Restart the controller over `size.deployments` policies, `size.runs` times."""
    namespaces = await site.namespaces(size.namespaces, {contract.MANAGED_LABEL: "true"})
    await site.deployments(namespaces, size.deployments, lambda _: {LABEL: "true"})
    policies = size.deployments + size.namespaces * default_policies()
    await site.start_controller()
    await site.policies.until(lambda: len(site.policies.objects) == policies)
    await site.quiet()
    audit = AuditLog(site.plane.audit_log)
    writes: list[float] = []
    seconds: list[float] = []
    memory: list[float] = []
    for _ in range(size.runs):
        site.controller.stop()
        audit.restart()
        seconds.append(await site.start_controller())
        await site.quiet()
        writes.append(len(audit.writes(user=USERS["controller"].name)))
        memory.append(machine.peak_memory(site.controller.pid))
        step()
    count = f"{size.deployments:,}"
    return Measured(
        [
            Result(
                name=f"restart at {count}, writes",
                unit="",
                product=writes,
                worst=True,
                goal=Goal("at most", 0),
            ),
            Result(name=f"restart at {count}, ready", unit="s", product=seconds),
            Result(name=f"memory, restart at {count}", unit="MiB", product=memory),
        ]
    )
