"""What a change costs the API server: every call of the controller, by the audit log.

Left out are the watches, which last, and the Lease, which is renewed whatever happens; Events are only in the
details.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from bench.audit import AuditLog
from bench.bare import Bare
from bench.results import Goal, Measured, Result
from bench.script import Script
from bench.site import Deployment, Site, bodies_by_owner
from bench.size import Size
from devcluster.users import USERS
from registry import contract

_PORT: Final = 6000
_EVENT: Final = "create events"

Calls = Counter[str]
"""Calls by verb and resource."""

Changes = dict[str, Callable[[Deployment], Awaitable[None]]]
"""What is done to every Deployment or its policy, by how the report calls it."""


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Make five kinds of change, one after the other, to `size.labels` Deployments; `size.runs` times."""
    namespaces = await site.namespaces(1, {contract.MANAGED_LABEL: "true"})
    deployments = await site.deployments(namespaces, size.labels, lambda _: {})
    await site.start_controller()
    await site.quiet()
    runs: list[dict[str, Calls]] = []
    for run in range(size.runs):
        runs.append(await _run(site, deployments, _PORT + run))
        step()
    await site.quiet()
    return Measured(
        [_result(kind, [run[kind] for run in runs], len(deployments)) for kind in runs[0]],
        {"calls": [{kind: dict(found) for kind, found in run.items()} for run in runs]},
    )


async def _run(site: Site, deployments: list[Deployment], port: int) -> dict[str, Calls]:
    async with Bare(site.plane, "root") as person:
        script = Script(person, person, {})

        async def give_port(deployment: Deployment) -> None:
            await script.give_port(deployment, port)

        first = await _counted(site, deployments, {"label": script.label})
        script = Script(person, person, await bodies_by_owner(site))
        rest: Changes = {
            "parameter": give_port,
            "edited policy": script.edit_policy,
            "deleted policy": script.delete_policy,
            "label taken away": script.unlabel,
        }
        return first | await _counted(site, deployments, rest)


async def _counted(site: Site, deployments: list[Deployment], changes: Changes) -> dict[str, Calls]:
    found: dict[str, Calls] = {}
    for kind, change in changes.items():
        log = AuditLog(site.plane.audit_log)
        for deployment in deployments:
            await change(deployment)
        await site.quiet()
        found[kind] = _calls(log)
    return found


def _result(kind: str, runs: list[Calls], changes: int) -> Result:
    return Result(
        name=f"API calls for each {kind}",
        unit="",
        product=[(found.total() - found[_EVENT]) / changes for found in runs],
        worst=True,
        goal=Goal("at most", 1),
    )


def _calls(log: AuditLog) -> Calls:
    """The controller's calls so far."""
    return Counter(
        f"{one.verb} {one.object_ref.resource}"
        for one in log.requests()
        if one.user.username == USERS["controller"].name
        and one.verb != "watch"
        and one.object_ref.resource != "leases"
    )
