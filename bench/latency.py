"""Label to policy: how long after the PATCH of a Deployment's label its policy shows in a watch.

One label after the other, in one managed namespace. The baseline does what any controller has to: PATCH, wait
for its own watch to show the Deployment, POST the policy; all in one process, without anything to decide.
"""

import os
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from bench.client import Client, each
from bench.results import Goal, Measured, Result, percentile
from bench.site import DEPLOYMENTS, LABEL, TEMPLATE, Deployment, Site, policies_of, spent
from bench.size import Size
from bench.watch import Watch
from registry import contract

_SELECTOR = f"{contract.TEMPLATE_LABEL}={TEMPLATE}"
_MILLISECONDS = 1000


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Label `size.labels` Deployments, `size.runs` times each way."""
    namespaces = await site.namespaces(1, {contract.MANAGED_LABEL: "true"})
    deployments = await site.deployments(namespaces, size.labels, lambda _: {})
    runs: list[dict[str, Any]] = []
    for _ in range(size.runs):
        controller, bodies = await _with_controller(site, deployments)
        step()
        runs.append({"controller": controller, "baseline": await _bare(site, deployments, bodies)})
        step()
    return Measured([_result(runs, 50), _result(runs, 99)], {"runs": runs})


async def _with_controller(
    site: Site, deployments: list[Deployment]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Measure, and return also the policies' bodies by the uid of their Deployment."""
    await site.start_controller()
    await site.quiet()

    async def apply(deployment: Deployment) -> None:
        await site.label(deployment, "true")

    before = site.cpu_seconds(site.controller.pid)
    times = await _timed(site, deployments, apply)
    cpu = spent(before, site.cpu_seconds(site.controller.pid))
    bodies = {
        body["metadata"]["ownerReferences"][0]["uid"]: body for body in await site.policy_bodies(_SELECTOR)
    }
    await each(lambda one: site.label(one, None), deployments)
    await site.policies.until(lambda: not site.policies.owned.total())
    site.controller.stop()
    return {"milliseconds": times, "cpu_seconds": cpu}, bodies


async def _bare(
    site: Site, deployments: list[Deployment], bodies: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    async with Client(site.plane, "controller") as bare, Watch(bare, DEPLOYMENTS) as seen:

        async def apply(deployment: Deployment) -> None:
            await site.label(deployment, "true")
            await seen.until(lambda: LABEL in seen.objects[deployment.place].labels)
            await bare.create(policies_of(deployment.namespace), bodies[deployment.uid])

        before = site.cpu_seconds(os.getpid())
        times = await _timed(site, deployments, apply)
        cpu = spent(before, site.cpu_seconds(os.getpid()))
    await each(lambda one: site.label(one, None), deployments)
    await site.delete_policies({one.namespace for one in deployments}, _SELECTOR)
    await site.policies.until(lambda: not site.policies.owned.total())
    return {"milliseconds": times, "cpu_seconds": cpu}


async def _timed(
    site: Site, deployments: list[Deployment], apply: Callable[[Deployment], Awaitable[None]]
) -> list[float]:
    """Milliseconds from the start of `apply` until the Deployment's policy is in the watch, for each."""
    times: list[float] = []
    for deployment in deployments:
        began = time.perf_counter()
        await apply(deployment)
        await site.policies.until(partial(site.policies.owns, deployment.uid))
        times.append(round((time.perf_counter() - began) * _MILLISECONDS, 3))
    return times


def _result(runs: list[dict[str, Any]], percent: int) -> Result:
    return Result(
        name=f"label to policy, p{percent}",
        unit="ms",
        product=[percentile(run["controller"]["milliseconds"], percent) for run in runs],
        baseline=[percentile(run["baseline"]["milliseconds"], percent) for run in runs],
        goal=Goal("at most", 2),
    )
