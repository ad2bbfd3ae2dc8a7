"""`python -m bench`: make the measurements, each on a control plane of its own, and report."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import FrameType
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from bench import (
    burst,
    calls,
    catalogue,
    crash,
    kopf,
    latency,
    machine,
    repair,
    report,
    restart,
    service_preview,
    service_reads,
    service_saves,
    stages,
    throughput,
)
from bench.connectivity import measure as connectivity
from bench.results import Measured
from bench.site import Site, site
from bench.size import Size
from devcluster.cluster import ControlPlane, ControlPlaneError
from devcluster.gobuild import BuildError

_SECONDS: Final = 3600.0
_BUSY: Final = 1.0

Measure = Callable[[Site, Size, Callable[[], None]], Awaitable[Measured]]


class Measurement(msgspec.Struct, frozen=True):
    """One module's measurement: whether writes are counted in it, and its steps in each run."""

    measure: Measure
    audit: bool
    steps: int


class Offline(msgspec.Struct, frozen=True):
    """A measurement that needs no control plane, and its steps: in each run, or in all."""

    measure: Callable[[Size, Callable[[], None]], Measured]
    steps: int
    each_run: bool = True


# Auditing costs the API server time, so it is on only where requests are counted or timed.
_MEASUREMENTS: Final[Mapping[str, Measurement | Offline]] = {
    "latency": Measurement(latency.measure, audit=False, steps=2),
    "repair": Measurement(repair.measure, audit=False, steps=2),
    "stages": Measurement(stages.measure, audit=True, steps=2),
    "throughput": Measurement(throughput.measure, audit=False, steps=2),
    "burst": Measurement(burst.measure, audit=False, steps=2),
    "calls": Measurement(calls.measure, audit=True, steps=1),
    "catalogue": Measurement(catalogue.measure, audit=True, steps=1),
    "restart": Measurement(restart.measure, audit=True, steps=1),
    "crash": Measurement(crash.measure, audit=False, steps=1),
    "kopf": Measurement(kopf.measure, audit=False, steps=2),
    "reads": Measurement(service_reads.measure, audit=False, steps=1),
    "saves": Measurement(service_saves.measure, audit=False, steps=1),
    "preview": Measurement(service_preview.measure, audit=False, steps=1),
    "connectivity": Offline(connectivity.measure, steps=1),
    "growth": Offline(connectivity.growth, steps=6, each_run=False),
}


@click.command()
@click.option(
    "--size",
    "deployments",
    envvar="SIZE",
    default=2000,
    type=click.IntRange(20),
    help="Labelled Deployments.",
)
@click.option("--runs", envvar="RUNS", default=5, type=click.IntRange(1), help="Runs of each, in turn.")
@click.argument("names", nargs=-1, type=click.Choice(list(_MEASUREMENTS)))
def main(deployments: int, runs: int, names: tuple[str, ...]) -> None:
    """Measure the product beside the least that could do the same; NAMES, or everything."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    console = Console()
    size = Size.scaled(deployments, runs)
    if (load := machine.load()) > _BUSY:
        console.print(f"[yellow]This machine is busy (load average {load}): the figures will be noisy.[/]")
    conditions = {"machine": machine.describe(), "versions": machine.versions(), "size": size}
    try:
        measured = _measured(size, names or tuple(_MEASUREMENTS), console)
    except (BuildError, ControlPlaneError, TimeoutError) as error:
        sys.exit(f"make bench: {error or f'a measurement took more than {_SECONDS:.0f} s'}")
    except KeyboardInterrupt:
        sys.exit("stopped: nothing is left running, nothing was written")
    console.print(report.table([result for one in measured.values() for result in one.results]))
    console.print(f"all figures: {report.save(conditions, measured)}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _measured(size: Size, names: Sequence[str], console: Console) -> dict[str, Measured]:
    columns = (SpinnerColumn(), TextColumn("{task.description:11}"), BarColumn())
    with Progress(*columns, MofNCompleteColumn(), TimeElapsedColumn(), console=console) as progress:
        bars = {
            name: progress.add_task(name, total=_steps(_MEASUREMENTS[name], size), start=False)
            for name in names
        }
        return {name: _one(_MEASUREMENTS[name], size, _Bar(progress, bar)) for name, bar in bars.items()}


def _steps(measurement: Measurement | Offline, size: Size) -> int:
    in_all = isinstance(measurement, Offline) and not measurement.each_run
    return measurement.steps * (1 if in_all else size.runs)


class _Bar:
    """The progress of one measurement, from its first step on."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def start(self) -> None:
        self._progress.start_task(self._task)

    def step(self) -> None:
        self._progress.advance(self._task)

    def stop(self) -> None:
        self._progress.stop_task(self._task)


def _one(measurement: Measurement | Offline, size: Size, bar: _Bar) -> Measured:
    bar.start()
    if isinstance(measurement, Offline):
        measured = measurement.measure(size, bar.step)
        bar.stop()
        return measured
    with ControlPlane(audit=measurement.audit) as plane:
        measured = asyncio.run(_run(measurement.measure, plane, size, bar.step))
    bar.stop()
    return measured


async def _run(measure: Measure, plane: ControlPlane, size: Size, step: Callable[[], None]) -> Measured:
    async with asyncio.timeout(_SECONDS), site(plane) as made:
        measured = await measure(made, size, step)
        version = (await made.client.get("/version"))["gitVersion"]
        return msgspec.structs.replace(measured, details={"kubernetes": version, **measured.details})


if __name__ == "__main__":
    main()
