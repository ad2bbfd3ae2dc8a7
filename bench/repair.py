"""Repair: how long after somebody edits or deletes a generated policy it is in force again.

The clock runs from the start of the edit until the bench's watch shows the policy as it was. The baseline is
a script that knows what comes: edit, wait for its own watch to show it, PUT or POST the policy from memory.
"""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from bench.bare import Bare
from bench.results import Goal, Measured, Result, percentile
from bench.script import Script
from bench.site import LABEL, NETWORK_POLICIES, Deployment, Site, bodies_by_owner
from bench.size import Size
from bench.watch import Place, Watch
from registry import contract

_MILLISECONDS: Final = 1000
_P50: Final = Goal("at most", 5, absolute=True)
_P99: Final = Goal("at most", 10, absolute=True)

Change = Callable[[Deployment], Awaitable[None]]


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Spoil `size.labels` policies in each of two ways, `size.runs` times each way."""
    namespaces = await site.namespaces(1, {contract.MANAGED_LABEL: "true"})
    deployments = await site.deployments(namespaces, size.labels, lambda _: {LABEL: "true"})
    await site.start_controller()
    await site.policies.until(lambda: all(site.policies.owns(one.uid) for one in deployments))
    bodies = await bodies_by_owner(site)
    site.controller.stop()
    runs: list[dict[str, Any]] = []
    for _ in range(size.runs):
        async with Bare(site.plane, "root") as person:
            await site.start_controller()
            await site.quiet()
            script = Script(person, person, bodies)
            product = await _turn(site, deployments, bodies, (script.edit_policy, script.delete_policy))
            site.controller.stop()
        step()
        runs.append({"controller": product, "baseline": await _bare(site, deployments, bodies)})
        step()
    return Measured(
        [
            _result(runs, kind, percent, goal)
            for kind in ("edited", "deleted")
            for percent, goal in ((50, _P50), (99, _P99))
        ],
        {"runs": runs},
    )


async def _bare(
    site: Site, deployments: list[Deployment], bodies: dict[str, dict[str, Any]]
) -> dict[str, list[float]]:
    async with (
        Bare(site.plane, "root") as person,
        Bare(site.plane, "controller") as writer,
        Watch(site.client, NETWORK_POLICIES) as seen,
    ):
        script = Script(person, writer, bodies)

        async def edited(deployment: Deployment) -> None:
            place = _place(bodies, deployment)
            before = seen.events[place]
            await script.edit_policy(deployment)
            await seen.until(lambda: seen.events[place] > before)
            await script.replace(deployment)

        async def deleted(deployment: Deployment) -> None:
            place = _place(bodies, deployment)
            await script.delete_policy(deployment)
            await seen.until(lambda: place not in seen.objects)
            await script.create(deployment)

        return await _turn(site, deployments, bodies, (edited, deleted))


async def _turn(
    site: Site,
    deployments: list[Deployment],
    bodies: dict[str, dict[str, Any]],
    spoil: tuple[Change, Change],
) -> dict[str, list[float]]:
    """Milliseconds of each repair: two events of its policy, the spoiling and the repair."""
    found: dict[str, list[float]] = {"edited": [], "deleted": []}
    for kind, change in zip(found, spoil, strict=True):
        for deployment in deployments:
            place = _place(bodies, deployment)
            repaired = partial(_twice_more, site, place, site.policies.events[place])
            began = time.perf_counter()
            await change(deployment)
            await site.policies.until(repaired)
            found[kind].append(round((time.perf_counter() - began) * _MILLISECONDS, 3))
    return found


def _twice_more(site: Site, place: Place, before: int) -> bool:
    return site.policies.events[place] >= before + 2


def _place(bodies: dict[str, dict[str, Any]], deployment: Deployment) -> Place:
    return deployment.namespace, bodies[deployment.uid]["metadata"]["name"]


def _result(runs: list[dict[str, Any]], kind: str, percent: int, goal: Goal) -> Result:
    return Result(
        name=f"repair of a policy {kind}, p{percent}",
        unit="ms",
        product=[percentile(run["controller"][kind], percent) for run in runs],
        baseline=[percentile(run["baseline"][kind], percent) for run in runs],
        goal=goal,
    )
