"""Label to policy: how long after the PATCH of a Deployment's label its policy shows in a watch.

One label after the other, in one managed namespace; when idle, and while 200 other changes a second run.
The baseline does what any controller has to: PATCH, wait for its own watch to show the Deployment, POST the
policy; all in one process, from prepared bytes, without anything to decide.
"""

import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final, NamedTuple

from bench.bare import Bare
from bench.client import each
from bench.others import OTHERS, RATE, Change, changing
from bench.results import Goal, Measured, Result, percentile
from bench.script import Bodies, Script
from bench.site import DEPLOYMENTS, LABEL, Deployment, Site, bodies_by_owner, spent
from bench.size import Size
from bench.watch import Watch
from registry import contract

_MILLISECONDS: Final = 1000
_LOADED: Final = 100
"""Deployments that are measured beside other changes, each of which takes longer then."""

_MANAGED: Final = {contract.MANAGED_LABEL: "true"}


class Deployments(NamedTuple):
    """Those that are measured, and those that change beside them."""

    measured: list[Deployment]
    others: list[Deployment]


class Way(NamedTuple):
    """How a policy comes about: `apply` for one that is measured, `on` and `off` for the others.

    `writer` is the process that writes it, `clean` deletes policies without a controller.
    """

    apply: Change
    on: Change
    off: Change
    writer: int
    clean: Callable[[], Awaitable[None]]


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Label `size.labels` Deployments, `size.runs` times each way."""
    there = await labelled_in_turn(site, size)
    bodies = await bodies_of(site, there)
    runs: list[dict[str, Any]] = []
    for _ in range(size.runs):
        run: dict[str, Any] = {}
        for writer, way in (("controller", controlled), ("baseline", scripted)):
            async with way(site, there, bodies) as made:
                run[writer] = await _turn(site, there, made)
            step()
        runs.append(run)
    ratio, most = Goal("at most", 1.5), Goal("at most", 50, absolute=True)
    return Measured(
        [
            _result(runs, ("label to policy", "idle"), 50, ratio),
            _result(runs, ("label to policy", "idle"), 99, ratio),
            _result(runs, (f"beside {RATE} changes/s", "loaded"), 50, None),
            _result(runs, (f"beside {RATE} changes/s", "loaded"), 99, most),
        ],
        {"runs": runs},
    )


async def labelled_in_turn(site: Site, size: Size) -> Deployments:
    """Make the Deployments, in two managed namespaces."""
    return Deployments(
        await site.deployments(await site.namespaces(1, _MANAGED), size.labels, lambda _: {}),
        await site.deployments(await site.namespaces(1, _MANAGED), OTHERS, lambda _: {}),
    )


async def bodies_of(site: Site, there: Deployments) -> Bodies:
    """The policies as the controller writes them, which then are gone again; no controller runs."""
    deployments = [*there.measured, *there.others]
    await site.start_controller()
    await each(lambda one: site.label(one, "true"), deployments)
    await site.policies.until(lambda: all(site.policies.owns(one.uid) for one in deployments))
    bodies = await bodies_by_owner(site)
    await unlabelled(site, deployments)
    site.controller.stop()
    return bodies


@contextlib.asynccontextmanager
async def controlled(site: Site, _there: Deployments, bodies: Bodies) -> AsyncIterator[Way]:
    """The controller writes."""

    async def nothing() -> None:
        """The controller does it."""

    await site.start_controller()
    await site.quiet()
    async with Bare(site.plane, "root") as person:
        script = Script(person, person, bodies)
        yield Way(script.label, script.label, script.unlabel, site.controller.pid, nothing)
    site.controller.stop()


@contextlib.asynccontextmanager
async def scripted(site: Site, there: Deployments, bodies: Bodies) -> AsyncIterator[Way]:
    """The baseline writes, in this process."""
    namespaces = {one.namespace for one in (*there.measured, *there.others)}
    async with (
        Bare(site.plane, "root") as person,
        Bare(site.plane, "controller") as writer,
        Watch(site.client, DEPLOYMENTS) as seen,
    ):
        script = Script(person, writer, bodies)

        async def apply(deployment: Deployment) -> None:
            await script.label(deployment)
            await seen.until(lambda: LABEL in seen.objects[deployment.place].labels)
            await script.create(deployment)

        async def clean() -> None:
            await site.delete_policies(namespaces)

        yield Way(apply, script.label_and_create, script.unlabel_and_delete, os.getpid(), clean)


async def _turn(site: Site, there: Deployments, way: Way) -> dict[str, Any]:
    before = site.cpu_seconds(way.writer)
    idle = await timed(site, there.measured, way.apply)
    cpu = spent(before, site.cpu_seconds(way.writer))
    await way.clean()
    await unlabelled(site, there.measured)
    async with changing(there.others, way.on, way.off) as rate:
        loaded = await timed(site, there.measured[:_LOADED], way.apply)
        changes = round(rate())
    await way.clean()
    await unlabelled(site, [*there.measured, *there.others])
    return {"idle": idle, "loaded": loaded, "changes_per_second": changes, "cpu_seconds_idle": cpu}


async def timed(site: Site, deployments: list[Deployment], apply: Change) -> list[float]:
    """Milliseconds from the start of `apply` until the Deployment's policy is in the watch, for each."""
    times: list[float] = []
    for deployment in deployments:
        began = time.perf_counter()
        await apply(deployment)
        await site.policies.until(partial(site.policies.owns, deployment.uid))
        times.append(round((time.perf_counter() - began) * _MILLISECONDS, 3))
    return times


async def unlabelled(site: Site, deployments: list[Deployment]) -> None:
    """Take the labels away, and wait until the policies are gone."""
    await each(lambda one: site.label(one, None), deployments)
    await site.policies.until(lambda: not any(site.policies.owns(one.uid) for one in deployments))


def _result(runs: list[dict[str, Any]], row: tuple[str, str], percent: int, goal: Goal | None) -> Result:
    name, which = row
    return Result(
        name=f"{name}, p{percent}",
        unit="ms",
        product=[percentile(run["controller"][which], percent) for run in runs],
        baseline=[percentile(run["baseline"][which], percent) for run in runs],
        goal=goal,
    )
