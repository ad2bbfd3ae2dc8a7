"""Reads of the service beside bare Flask views that return the same bytes, prepared, under the same gunicorn.

Both are called in turns with the same load, so that whatever else the machine does weighs the same.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Final

from bench.results import Goal, Measured, Result
from bench.service_load import get, rate
from bench.service_site import TEMPLATES, URL, Service, service
from bench.site import Site
from bench.size import Size
from devcluster.ports import LOOPBACK, free_port
from devcluster.processes import Child
from tests.service_process import CHECKOUT

_SLICES: Final = 5
_SLICE_SECONDS: Final = 0.5
"""Short turns, so that a burst of other work on the machine falls on both."""
_READY_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.05
_PATHS: Final = {"one": f"{URL}/postgres", "list": f"{URL}?limit={TEMPLATES}"}
_ROWS: Final = {
    "one": (f"get one of {TEMPLATES} templates", Goal("at least", 0.8)),
    "list": (f"list of {TEMPLATES} templates", Goal("at least", 0.5)),
}
"""Half of the requests a second is twice the time for each."""

Rates = dict[str, list[float]]


async def measure(site: Site, size: Size, step: Callable[[], None]) -> Measured:
    """Read from the service and from the bare views, `size.runs` times."""
    async with service(site) as product:
        bodies = {name: await product.get(path) for name, path in _PATHS.items()}
        async with _bare(bodies, site.plane.directory) as port:
            ours: Rates = {name: [] for name in _PATHS}
            bare: Rates = {name: [] for name in _PATHS}
            for _ in range(size.runs):
                for name in _PATHS:
                    product_rate, bare_rate = await _rates(product, port, name)
                    ours[name].append(product_rate)
                    bare[name].append(bare_rate)
                step()
    results = [
        Result(name=name, unit="requests/s", product=ours[key], baseline=bare[key], goal=goal)
        for key, (name, goal) in _ROWS.items()
    ]
    return Measured(results, {"bytes": {name: len(body) for name, body in bodies.items()}})


async def _rates(product: Service, port: int, name: str) -> tuple[float, float]:
    """Requests a second of the service and of the bare view, each over its turns."""
    places = (product.process.port, get(_PATHS[name], product.token)), (port, get(f"/{name}", product.token))
    turns = [[await rate(*place, _SLICE_SECONDS) for place in places] for _ in range(_SLICES)]
    ours, bare = (round(statistics.mean(rates)) for rates in zip(*turns, strict=True))
    return ours, bare


@contextlib.asynccontextmanager
async def _bare(bodies: Mapping[str, bytes], directory: Path) -> AsyncIterator[int]:
    """Serve the bodies as they are; yields the port."""
    folder = directory / "bare"
    folder.mkdir()
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    port = free_port()
    command: list[str | Path] = [sys.executable, "-m", "bench.service_bare", folder, str(port)]
    child = Child.start(command, directory / "bare.log", CHECKOUT, {"PATH": os.environ["PATH"]})
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while not _answers(f"http://{LOOPBACK}:{port}/one"):  # noqa: ASYNC110 (it is another process)
                await asyncio.sleep(_POLL_SECONDS)
        yield port
    finally:
        child.stop()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 (of our own)
            return True
    except OSError:
        return False
