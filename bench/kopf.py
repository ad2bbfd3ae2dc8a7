"""Beside a framework: a kopf operator that does the same minimal job, and the product.

The operator (`peers/operator.py`) runs in a virtual environment of its own, made at the first time from
hashes. It calls with all rights, which spares it the API server's look at RBAC.
"""

import asyncio
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from bench import machine
from bench.bare import Bare
from bench.client import each
from bench.latency import timed
from bench.results import Goal, Measured, Result, percentile
from bench.script import Script
from bench.site import Deployment, Site, quiet
from bench.size import Size
from devcluster.ports import LOOPBACK, free_port
from devcluster.processes import Child
from registry import contract

_ROOT: Final = Path(__file__).parent.parent
_PEERS: Final = Path(__file__).parent / "peers"
_VENV: Final = _ROOT / ".cache" / "peers" / "kopf"
_READY_SECONDS: Final = 60.0
_ALL_SECONDS: Final = 600.0


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Label Deployments one by one, then `size.burst` at once, `size.runs` times each way."""
    kopf = await asyncio.to_thread(_installed)
    namespaces = await site.namespaces(max(1, size.burst // 100), {contract.MANAGED_LABEL: "true"})
    deployments = await site.deployments(namespaces, size.burst, lambda _: {})
    one_by_one = deployments[: size.labels]
    runs: list[dict[str, Any]] = []
    for _ in range(size.runs):
        await site.start_controller()
        await site.quiet()
        product = await _turn(site, one_by_one, deployments, site.controller.pid)
        site.controller.stop()
        await _cleaned(site, deployments)
        step()
        peer = await _started(site, kopf)
        runs.append({"product": product, "kopf": await _turn(site, one_by_one, deployments, peer.pid)})
        peer.stop()
        await _cleaned(site, deployments)
        step()
    ahead = Goal("at most", 1)
    return Measured(
        [
            _result(runs, "label to policy, p50", "p50", "ms", ahead),
            _result(runs, "label to policy, p99", "p99", "ms", ahead),
            _result(runs, f"{size.burst:,} labelled at once", "rate", "policies/s", Goal("at least", 1)),
            _result(runs, "memory then", "memory", "MiB", ahead),
        ],
        {"runs": runs},
    )


async def _turn(
    site: Site, one_by_one: list[Deployment], deployments: list[Deployment], pid: int
) -> dict[str, Any]:
    async with Bare(site.plane, "root") as person:
        script = Script(person, person, {})
        times = await timed(site, one_by_one, script.label)
        rest = [one for one in deployments if not site.policies.owns(one.uid)]
        began = time.perf_counter()
        await each(script.label, rest)
        async with asyncio.timeout(_ALL_SECONDS):
            await site.policies.until(lambda: all(site.policies.owns(one.uid) for one in rest))
    return {
        "p50": percentile(times, 50),
        "p99": percentile(times, 99),
        "rate": round(len(rest) / (time.perf_counter() - began)) if rest else 0,
        "memory": machine.peak_memory(pid),
    }


async def _cleaned(site: Site, deployments: list[Deployment]) -> None:
    await each(lambda one: site.label(one, None), deployments)
    await site.delete_policies(sorted({one.namespace for one in deployments}))
    await site.policies.until(lambda: not site.policies.objects)


async def _started(site: Site, kopf: Path) -> Child:
    port = free_port()
    command: list[str | Path] = [kopf, "run", "--all-namespaces", "--log-format=plain", "--quiet"]
    environment = {"PATH": os.environ["PATH"], "KUBECONFIG": str(site.plane.kubeconfig("root"))}
    peer = Child.start(
        [*command, f"--liveness=http://{LOOPBACK}:{port}/healthz", _PEERS / "operator.py"],
        site.plane.directory / "kopf.log",
        site.plane.directory,
        environment,
    )
    async with asyncio.timeout(_READY_SECONDS):
        while not await asyncio.to_thread(_lives, port):  # noqa: ASYNC110 (it is another process)
            await asyncio.sleep(0.2)
    await quiet(peer.pid)
    return peer


def _lives(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, urllib.error.URLError):
        return False


def _installed() -> Path:
    """The `kopf` command, installed from pinned packages unless it is there."""
    command = _VENV / "bin" / "kopf"
    if not command.exists():
        _VENV.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", _VENV], check=True)  # noqa: S603 (our own)
        pip: list[str | Path] = [_VENV / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "-r", _PEERS / "requirements.txt"], check=True)  # noqa: S603 (our own)
    return command


def _result(runs: list[dict[str, Any]], name: str, figure: str, unit: str, goal: Goal) -> Result:
    return Result(
        name=f"{name}, beside kopf",
        unit=unit,
        product=[run["product"][figure] for run in runs],
        baseline=[run["kopf"][figure] for run in runs],
        goal=goal,
    )
