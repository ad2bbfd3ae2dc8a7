"""`python -m bench.soak`: faults, churn and crashes for some minutes; exit code 1 if a promise was broken."""

import asyncio
import logging
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final

import click
from rich.console import Console

from bench.soak import report
from bench.soak.audit import POLICY
from bench.soak.result import Figures, Result
from bench.soak.run import NAMES, Plan, run
from devcluster.cluster import ControlPlane, ControlPlaneError
from devcluster.gobuild import BuildError

_HIGHEST_SEED: Final = 10**6
_LOGS: Final = Path(__file__).parent.parent / "results" / "soak-logs"


@click.command()
@click.option(
    "--minutes",
    envvar="MINUTES",
    default=10.0,
    type=click.FloatRange(0.5),
    help="How long; a round that was begun is ended.",
)
@click.option("--seed", envvar="SEED", type=int, help="That of an earlier run, to repeat what it did.")
@click.option("--faults", "wanted", envvar="FAULTS", help=f"Only these, with commas: {', '.join(NAMES)}.")
def main(minutes: float, seed: int | None, wanted: str | None) -> None:
    """Break everything around the controller for some minutes, and see whether it keeps its promises."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    logging.getLogger("registry").setLevel(logging.ERROR)  # controllers tell the same, in their logs
    console = Console(width=140)
    seed = random.randrange(_HIGHEST_SEED) if seed is None else seed  # noqa: S311 (no secret)
    plan, result, began = Plan(minutes, seed, _chosen(wanted)), Result(), time.monotonic()
    console.print(f"seed {seed}, {minutes:g} minutes")
    try:
        _carry_out(plan, result, lambda one: console.print(report.line(time.monotonic() - began, one)))
    except (BuildError, ControlPlaneError) as error:
        sys.exit(f"make soak: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped: nothing is left running")
    broken = report.show(console, result)
    console.print(
        f"seed {seed}: {f'{broken} violations; logs in {_LOGS}' if broken else 'all promises kept'}"
    )
    sys.exit(1 if broken else 0)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _chosen(wanted: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in wanted.split(",")) if wanted else NAMES
    if unknown := [name for name in names if name not in NAMES]:
        raise click.BadParameter(f"{unknown[0]!r} is no fault. Known: {', '.join(NAMES)}.")
    return names


def _carry_out(plan: Plan, result: Result, tell: "report.Tell") -> None:
    with ControlPlane(audit_policy=POLICY) as plane:
        try:
            asyncio.run(run(plane, plan, result, tell))
        except* TimeoutError as error:
            result.rounds.append(Figures("run", violations=[report.stuck(error)]))
        finally:
            _keep_logs(plane.directory)


def _keep_logs(directory: Path) -> None:
    """The folder goes with the control plane; what was logged is wanted when a promise was broken."""
    shutil.rmtree(_LOGS, ignore_errors=True)
    for log in [*directory.glob("*/*.log"), *directory.glob("*.log"), directory / "audit.jsonl"]:
        if log.exists():
            target = _LOGS / log.relative_to(directory)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(log, target)


if __name__ == "__main__":
    main()
