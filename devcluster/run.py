"""`make run`: a control plane (or the cluster of KUBECONFIG=), the controller and the service.

It stays in the foreground, and all it started ends with it: in order on Ctrl-C and SIGTERM, by the kernel
when it is killed.
What a user needs is written to `.run/`; what fails says in one line what to do.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

import click

from devcluster import folder, tour
from devcluster.build import find_binaries
from devcluster.cluster import ControlPlane, ControlPlaneError
from devcluster.external import ClusterError, prepare
from devcluster.gobuild import BuildError
from devcluster.lifeline import die_with_parent
from devcluster.ports import PortError, usable_port
from devcluster.product import bind_users, install
from devcluster.services import Kubeconfigs, ServiceError, running

_WATCH_SECONDS: Final = 0.5
_ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ERRORS: Final = (BuildError, ClusterError, ControlPlaneError, PortError, ServiceError)


@click.command()
@click.option("--port", default="8080", help="Port of the HTTP service on 127.0.0.1.")
@click.option("--kubeconfig", type=Path, help="Use this cluster instead of starting one.")
@click.option("--directory", type=Path, default=Path(".run"), help="For kubeconfig, tokens and logs.")
@click.option("--end-with-parent", is_flag=True, help="Stop when the process that started this one ends.")
def main(port: str, kubeconfig: Path | None, directory: Path, *, end_with_parent: bool) -> None:
    """Run the registry until Ctrl-C."""
    if end_with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())
    for ending in _ENDINGS:
        signal.signal(ending, _interrupt)
    try:
        _run(usable_port(port), kubeconfig, directory)
    except _ERRORS as error:
        sys.exit(f"make run: {error}")
    except KeyboardInterrupt:
        click.echo("stopped: nothing is left running")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(port: int, kubeconfig: Path | None, directory: Path) -> None:
    with contextlib.ExitStack() as stack:
        run = Run(port, stack.enter_context(folder.claimed(directory, port)), stack)
        try:
            if kubeconfig is None:
                run.on_own_cluster()
            else:
                run.on_given_cluster(kubeconfig)
        except KeyboardInterrupt:
            click.echo("\nstopping")
            raise
        finally:
            _ignore_endings()


def _ignore_endings() -> None:
    """Let no second Ctrl-C interrupt the clean-up that follows."""
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)


class Run:
    """One `make run`: what it starts is put on `stack`, in the order that its end reverses."""

    def __init__(self, port: int, files: Path, stack: contextlib.ExitStack) -> None:
        self._port = port
        self._files = files
        self._stack = stack
        self._address = f"http://127.0.0.1:{port}"

    def on_own_cluster(self) -> None:
        """Start a control plane and run on it."""
        if os.environ.get("KUBECONFIG"):
            click.echo(
                "KUBECONFIG of the environment is not used; for that cluster: make run KUBECONFIG=$KUBECONFIG"
            )
        binaries = find_binaries()
        click.echo("starting the control plane")
        plane = self._stack.enter_context(ControlPlane(binaries, audit=False))
        api = plane.api()
        install(api)
        bind_users(api)
        api.close()
        self._stack.enter_context(folder.access(plane, self._files))
        kubeconfigs = Kubeconfigs(plane.kubeconfig("controller"), plane.kubeconfig("server"))
        self._serve(kubeconfigs, tour.own_cluster(self._address, self._files), [plane])

    def on_given_cluster(self, kubeconfig: Path) -> None:
        """Run on somebody's cluster, as the user of the kubeconfig."""
        cluster = prepare(kubeconfig)
        text = tour.given_cluster(self._address, self._files, kubeconfig, cluster)
        self._serve(Kubeconfigs(kubeconfig.resolve(), kubeconfig.resolve()), text, [])

    def _serve(self, kubeconfigs: Kubeconfigs, text: str, planes: Sequence[ControlPlane]) -> None:
        click.echo("starting the controller and the service")
        services = self._stack.enter_context(running(kubeconfigs, self._port, self._files))

        def check() -> None:
            for plane in planes:
                plane.check()
            for service in services:
                service.check()

        for service in services:
            service.wait_until_ready(check)
        click.echo(text)
        while True:
            check()
            time.sleep(_WATCH_SECONDS)


if __name__ == "__main__":
    main()
