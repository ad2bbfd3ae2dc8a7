"""Where the time from a change to its policy goes: in the API server, in its writer, on the way.

The changes are those of `latency`, beside 200 others a second, and of `repair`; controller and script take
turns. Each is cut by the audit log of the API server (`spans`), whose clock is that of the bench; meanwhile
processor time is counted, of each process and of the machine.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from bench import latency, repair
from bench.audit import AuditLog
from bench.others import RATE, Change, changing
from bench.results import Measured, Result, percentile
from bench.script import Bodies
from bench.shares import MACHINE, Shares
from bench.site import Deployment, Site, bodies_by_owner
from bench.size import Size
from bench.spans import STAGES, TOTAL, Figure, Span, Stages, Target, cut, of_the_slowest

CONTROLLER, BASELINE = "controller", "baseline"

_LABELLED: Final = f"label beside {RATE} changes/s"
_REPAIRED: Final = dict(zip(repair.KINDS, (("patch", "update"), ("delete", "create")), strict=True))
"""The verbs of spoiling a policy and of its repair."""

_LOGGED_SECONDS: Final = 0.5
"""After which the log tells of every answer."""

_FIGURES: Final[Mapping[str, Figure]] = {
    "p50": lambda changes, stage: percentile((one[stage] for one in changes), 50),
    "p99": lambda changes, stage: percentile((one[stage] for one in changes), 99),
    "slowest 5 %": of_the_slowest,
}


class Turn(NamedTuple):
    """A change to make to many Deployments: what ends each, and the requests of person and writer."""

    change: Change
    shown: Callable[[Deployment], Callable[[], bool]]
    asked: Callable[[Deployment], Target]
    written: Callable[[Deployment], Target]


class Found(NamedTuple):
    """What a turn found: the stages of each change, and who used how many percent of a core."""

    changes: list[Stages]
    shares: dict[str, float]


Run = dict[str, dict[str, Found]]
"""By writer, then by kind of change."""


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Label Deployments, edit and delete policies, `size.labels` each, `size.runs` times each way."""
    there = await latency.labelled_in_turn(site, size)
    bodies = await latency.bodies_of(site, there)
    kept = await repair.kept_in_force(site, size)
    policies = await bodies_by_owner(site)
    runs: list[Run] = []
    for _ in range(size.runs):
        run: Run = {}
        for writer in (CONTROLLER, BASELINE):
            run[writer] = {_LABELLED: await _labelled(site, there, bodies, writer)}
            run[writer] |= await _repaired(site, kept, policies, writer)
            step()
        runs.append(run)
    kinds = runs[0][CONTROLLER]
    return Measured(
        [row for kind in kinds for row in (*_stage_rows(runs, kind), *_share_rows(runs, kind))],
        {"runs": [_details(run) for run in runs]},
    )


async def _labelled(site: Site, there: latency.Deployments, bodies: Bodies, writer: str) -> Found:
    way = latency.controlled if writer == CONTROLLER else latency.scripted
    async with way(site, there, bodies) as made:
        turn = Turn(
            made.apply,
            lambda one: partial(site.policies.owns, one.uid),
            lambda one: ("patch", "deployments", *one.place),
            lambda one: ("create", "networkpolicies", *repair.place_of(bodies, one)),
        )
        async with changing(there.others, made.on, made.off):
            found = await _found(site, turn, there.measured, writer)
        await made.clean()
        await latency.unlabelled(site, [*there.measured, *there.others])
    return found


async def _repaired(site: Site, kept: list[Deployment], bodies: Bodies, writer: str) -> dict[str, Found]:
    def target(verb: str, one: Deployment) -> Target:
        return verb, "networkpolicies", *repair.place_of(bodies, one)

    found: dict[str, Found] = {}
    way = repair.controlled if writer == CONTROLLER else repair.scripted
    async with way(site, bodies) as spoilers:
        for (kind, (spoiling, mending)), change in zip(_REPAIRED.items(), spoilers, strict=True):
            turn = Turn(
                change,
                lambda one: repair.written_twice(site, repair.place_of(bodies, one)),
                partial(target, spoiling),
                partial(target, mending),
            )
            found[f"repair of a policy {kind}"] = await _found(site, turn, kept, writer)
    return found


async def _found(site: Site, turn: Turn, deployments: Sequence[Deployment], writer: str) -> Found:
    log = AuditLog(site.plane.audit_log)
    pids = {**site.plane.pids, "bench": os.getpid()}
    shares = Shares(pids | ({CONTROLLER: site.controller.pid} if writer == CONTROLLER else {}))
    spans: list[Span] = []
    for one in deployments:
        shown = turn.shown(one)
        began = time.time()
        await turn.change(one)
        await site.policies.until(shown)
        spans.append(Span(began, time.time(), turn.asked(one), turn.written(one)))
    used = shares.so_far()
    await asyncio.sleep(_LOGGED_SECONDS)
    return Found(cut(spans, log.requests()), used)


def _stage_rows(runs: list[Run], kind: str) -> list[Result]:
    def each(writer: str, stage: str, figure: Figure) -> list[float]:
        return [figure(run[writer][kind].changes, stage) for run in runs]

    return [
        Result(
            name=f"{kind}: {stage}, {name}",
            unit="ms",
            product=each(CONTROLLER, stage, figure),
            baseline=each(BASELINE, stage, figure),
        )
        for stage in (*STAGES, TOTAL)
        for name, figure in _FIGURES.items()
    ]


def _share_rows(runs: list[Run], kind: str) -> list[Result]:
    return [
        Result(
            name=f"{kind}: {process}",
            unit="% of its cores" if process == MACHINE else "% of a core",
            product=[run[CONTROLLER][kind].shares[process] for run in runs],
            baseline=[run[BASELINE][kind].shares.get(process, 0) for run in runs],
        )
        for process in runs[0][CONTROLLER][kind].shares
    ]


def _details(run: Run) -> dict[str, Any]:
    return {writer: {kind: one._asdict() for kind, one in found.items()} for writer, found in run.items()}
