"""The product's two processes, started from this work tree with the identities they are given."""

import contextlib
import http.client
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from devcluster.ports import LOOPBACK, free_port
from devcluster.processes import Child

_ROOT: Final = Path(__file__).parent.parent
_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.2


class ServiceError(Exception):
    """One of the processes ended or never got ready; the text quotes its last words and names its log."""


@dataclass(frozen=True)
class Service:
    """One running process and the port on which it tells whether it is ready."""

    process: Child
    port: int

    def check(self) -> None:
        """Raise ServiceError if it has ended."""
        if self.process.exit_code is not None:
            raise ServiceError(
                f"the {self.process.name} ended with code {self.process.exit_code}; "
                f"the end of {self.process.log}:\n{self.process.tail()}"
            )

    def wait_until_ready(self, check: Callable[[], None]) -> None:
        """Return when `/readyz` answers 200; raises ServiceError after a minute, and what `check` raises."""
        deadline = time.monotonic() + _READY_SECONDS
        while (answer := _readiness(self.port)) is not None:
            check()
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"the {self.process.name} is not ready after {_READY_SECONDS:.0f} s: {answer}\n"
                    f"the end of {self.process.log}:\n{self.process.tail()}"
                )
            time.sleep(_POLL_SECONDS)


@dataclass(frozen=True)
class Kubeconfigs:
    """With which each process calls the API server."""

    controller: Path
    server: Path


@contextlib.contextmanager
def running(kubeconfigs: Kubeconfigs, port: int, logs: Path) -> Iterator[tuple[Service, Service]]:
    """Run the controller and the HTTP service on `port`, with output in `logs`, until the block ends."""
    controller_port = free_port()
    controller = _start(
        "controller",
        logs / "controller.log",
        KUBECONFIG=kubeconfigs.controller,
        NETPOL_REGISTRY_CONTROLLER_PORT=controller_port,
    )
    try:
        server = _start(
            "serve", logs / "server.log", KUBECONFIG=kubeconfigs.server, NETPOL_REGISTRY_PORT=port
        )
        try:
            yield Service(controller, controller_port), Service(server, port)
        finally:
            server.stop()
    finally:
        controller.stop()


def _start(command: str, log: Path, **settings: object) -> Child:
    own = {"NETPOL_REGISTRY_HOST": LOOPBACK, "PYTHONUNBUFFERED": "1", **settings}
    environment = dict(os.environ) | {name: str(value) for name, value in own.items()}
    return Child.start([sys.executable, "-m", "registry", command], log, _ROOT, environment)


def _readiness(port: int) -> str | None:
    """Return None when the process on `port` is ready, else what it answers."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return (
            None
            if answer.status == HTTPStatus.OK
            else f"{answer.status} {answer.read().decode(errors='replace')}"
        )
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
