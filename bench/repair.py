"""Repair: how long after somebody edits or deletes a generated policy it is in force again.

The clock runs from the start of the edit until the bench's watch shows the policy as it was. The baseline is
a script that knows what comes: edit, wait for its own watch to show it, PUT or POST the policy from memory.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from bench.bare import Bare
from bench.others import Change
from bench.results import Goal, Measured, Result, percentile
from bench.script import Bodies, Script
from bench.site import LABEL, NETWORK_POLICIES, Deployment, Site, bodies_by_owner
from bench.size import Size
from bench.watch import Place, Watch
from registry import contract

_MILLISECONDS: Final = 1000
_P50: Final = Goal("at most", 5, absolute=True)
_P99: Final = Goal("at most", 10, absolute=True)

KINDS: Final = ("edited", "deleted")
"""What is done to a policy."""

Spoilers = tuple[Change, Change]
"""What edits a Deployment's policy, and what deletes it; and, without a controller, repairs it."""


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Spoil `size.labels` policies in each of two ways, `size.runs` times each way."""
    deployments = await kept_in_force(site, size)
    bodies = await bodies_by_owner(site)
    runs: list[dict[str, Any]] = []
    for _ in range(size.runs):
        run: dict[str, Any] = {}
        for writer, way in (("controller", controlled), ("baseline", scripted)):
            async with way(site, bodies) as spoilers:
                run[writer] = await _turn(site, deployments, bodies, spoilers)
            step()
        runs.append(run)
    return Measured(
        [_result(runs, kind, percent, goal) for kind in KINDS for percent, goal in ((50, _P50), (99, _P99))],
        {"runs": runs},
    )


async def kept_in_force(site: Site, size: Size) -> list[Deployment]:
    """Make Deployments with their policies; then no controller runs."""
    namespaces = await site.namespaces(1, {contract.MANAGED_LABEL: "true"})
    deployments = await site.deployments(namespaces, size.labels, lambda _: {LABEL: "true"})
    await site.start_controller()
    await site.policies.until(lambda: all(site.policies.owns(one.uid) for one in deployments))
    site.controller.stop()
    return deployments


@contextlib.asynccontextmanager
async def controlled(site: Site, bodies: Bodies) -> AsyncIterator[Spoilers]:
    """The controller repairs."""
    await site.start_controller()
    await site.quiet()
    async with Bare(site.plane, "root") as person:
        script = Script(person, person, bodies)
        yield script.edit_policy, script.delete_policy
    site.controller.stop()


@contextlib.asynccontextmanager
async def scripted(site: Site, bodies: Bodies) -> AsyncIterator[Spoilers]:
    """The baseline repairs, in this process."""
    async with (
        Bare(site.plane, "root") as person,
        Bare(site.plane, "controller") as writer,
        Watch(site.client, NETWORK_POLICIES) as seen,
    ):
        script = Script(person, writer, bodies)

        async def edited(deployment: Deployment) -> None:
            place = place_of(bodies, deployment)
            before = seen.events[place]
            await script.edit_policy(deployment)
            await seen.until(lambda: seen.events[place] > before)
            await script.replace(deployment)

        async def deleted(deployment: Deployment) -> None:
            place = place_of(bodies, deployment)
            await script.delete_policy(deployment)
            await seen.until(lambda: place not in seen.objects)
            await script.create(deployment)

        yield edited, deleted


async def _turn(
    site: Site, deployments: list[Deployment], bodies: Bodies, spoilers: Spoilers
) -> dict[str, list[float]]:
    """Milliseconds of each repair."""
    found: dict[str, list[float]] = {}
    for kind, change in zip(KINDS, spoilers, strict=True):
        times = found[kind] = []
        for deployment in deployments:
            repaired = written_twice(site, place_of(bodies, deployment))
            began = time.perf_counter()
            await change(deployment)
            await site.policies.until(repaired)
            times.append(round((time.perf_counter() - began) * _MILLISECONDS, 3))
    return found


def written_twice(site: Site, place: Place) -> Callable[[], bool]:
    """Tell whether the policy there has had two events from now on: it was spoilt, and repaired."""
    before = site.policies.events[place]
    return lambda: site.policies.events[place] >= before + 2


def place_of(bodies: Bodies, deployment: Deployment) -> Place:
    """Where the policy of a Deployment is."""
    return deployment.namespace, bodies[deployment.uid]["metadata"]["name"]


def _result(runs: list[dict[str, Any]], kind: str, percent: int, goal: Goal) -> Result:
    return Result(
        name=f"repair of a policy {kind}, p{percent}",
        unit="ms",
        product=[percentile(run["controller"][kind], percent) for run in runs],
        baseline=[percentile(run["baseline"][kind], percent) for run in runs],
        goal=goal,
    )
