"""Kill -9 in the middle of many changes, then a restart: every change in force once, none lost, none doubled.

A third of the Deployments get the label, a third lose it, a third get another port. The controller is killed
when the watch has shown two fifths of the policies' changes, and the labelling goes on meanwhile.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

from bench.client import each
from bench.results import Goal, Measured, Result
from bench.site import LABEL, TEMPLATE, Deployment, Site
from bench.size import Size
from registry import contract

_KILLED_AFTER: Final = 0.4
_SETTLE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.2
_PORT: Final = 5432
_PARAMETERS: Final = contract.PARAMETERS_ANNOTATION_PREFIX + TEMPLATE

Wanted = Mapping[Deployment, int | None]
"""The port that each Deployment's policy shall open; None: no policy."""


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Make `size.changes` changes with a crash among them, `size.runs` times."""
    namespaces = await site.namespaces(1, {contract.MANAGED_LABEL: "true"})
    deployments = await site.deployments(
        namespaces, size.changes, lambda number: {} if number % 3 == 0 else {LABEL: "true"}
    )
    await site.start_controller()
    await _settled(site, _wanted(deployments, 0))
    lost: list[float] = []
    doubled: list[float] = []
    runs: list[dict[str, int]] = []
    for run in range(1, size.runs + 1):
        await site.quiet()
        site.policies.events.clear()
        wanted = _wanted(deployments, run)
        seen = await _crash(site, wanted)
        await site.start_controller()
        await _settled(site, wanted)
        await site.quiet()
        found = await _ports(site)
        lost.append(_lost(wanted, found))
        written = site.policies.events
        doubled.append(sum(len(ports) > 1 for ports in found.values()) + written.total() - len(written))
        runs.append({"seen_when_killed": seen, "written": written.total()})
        step()
    name = f"kill -9 in {size.changes}"
    goal = Goal("at most", 0)
    return Measured(
        [
            Result(name=f"{name}, lost", unit="", product=lost, worst=True, goal=goal),
            Result(name=f"{name}, doubled", unit="", product=doubled, worst=True, goal=goal),
        ],
        {"runs": runs},
    )


def _wanted(deployments: list[Deployment], run: int) -> dict[Deployment, int | None]:
    """Each run turns the first two thirds round, and gives the last a new port."""
    return {one: _port(number % 3, run) for number, one in enumerate(deployments)}


def _port(third: int, run: int) -> int | None:
    if third == 2:  # noqa: PLR2004 (the last of three)
        return _PORT + run
    return None if third == run % 2 else _PORT


async def _crash(site: Site, wanted: Wanted) -> int:
    """Ask for what is wanted and kill the controller meanwhile; returns how many changes had been seen."""

    async def ask(change: tuple[Deployment, int | None]) -> None:
        deployment, port = change
        await site.client.patch(deployment.path, _asking(port))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(each(ask, wanted.items()))
        await site.policies.until(lambda: site.policies.events.total() >= _KILLED_AFTER * len(wanted))
        site.controller.kill()
        return site.policies.events.total()


def _asking(port: int | None) -> dict[str, Any]:
    label = None if port is None else "true"
    parameters = None if port is None else f"port: {port}"
    return {"metadata": {"labels": {LABEL: label}, "annotations": {_PARAMETERS: parameters}}}


async def _settled(site: Site, wanted: Wanted) -> None:
    """Wait until all is as wanted; whatever is not in time is counted as lost."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLE_SECONDS):
            while _lost(wanted, await _ports(site)):  # noqa: ASYNC110 (another process does it)
                await asyncio.sleep(_POLL_SECONDS)


async def _ports(site: Site) -> dict[str, list[int]]:
    """The ports that policies open, by the uid of their Deployment."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for policy in await site.policy_bodies(f"{contract.TEMPLATE_LABEL}={TEMPLATE}"):
        uid = policy["metadata"]["ownerReferences"][0]["uid"]
        found[uid].append(policy["spec"]["ingress"][0]["ports"][0]["port"])
    return found


def _lost(wanted: Wanted, found: Mapping[str, list[int]]) -> int:
    """How many changes are not in force."""
    return sum(
        bool(found.get(one.uid)) if port is None else port not in found.get(one.uid, ())
        for one, port in wanted.items()
    )
