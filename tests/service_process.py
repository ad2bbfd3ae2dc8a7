"""A real service process for tests and the bench: `netpol-registry serve`, with a store of its own."""

import contextlib
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

from devcluster.cluster import ControlPlane
from devcluster.ports import LOOPBACK, free_port
from devcluster.processes import Child
from tests.cluster import eventually

CHECKOUT = Path(__file__).parent.parent


class ServiceProcess:
    """Starts and stops the service with the rights of its service account."""

    def __init__(self, plane: ControlPlane, store: str, directory: Path) -> None:
        self.port = free_port()
        self.store = store
        self._directory = directory
        self._child: Child | None = None
        self._environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(plane.kubeconfig("server")),
            "NETPOL_REGISTRY_HOST": LOOPBACK,
            "NETPOL_REGISTRY_PORT": str(self.port),
            "NETPOL_REGISTRY_STORE_NAMESPACE": store,
        }

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """The process that gunicorn calls the arbiter; its children are the workers."""
        assert self._child
        return self._child.pid

    @property
    def workers(self) -> list[int]:
        """The processes that answer requests."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def setting(self, name: str, value: str) -> None:
        """Give a setting for the next start."""
        self._environment[f"NETPOL_REGISTRY_{name}"] = value

    def start(self, *, wait: bool = True) -> None:
        """Start it and wait until it is ready, unless told otherwise."""
        command = [sys.executable, "-m", "registry", "serve"]
        log = self._directory / f"service-{self.port}.log"
        self._child = Child.start(command, log, CHECKOUT, self._environment)
        if wait:
            eventually(self.is_ready, timeout=60)

    def is_ready(self) -> bool:
        assert self._child
        if self._child.exit_code is not None:
            raise RuntimeError(self._child.tail(20))  # no use in waiting
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    def log(self) -> str:
        assert self._child
        return self._child.log.read_text(errors="replace")

    def stop(self) -> None:
        if self._child:
            self._child.stop()

    def kill(self) -> None:
        """End all of it as a crash would."""
        workers = self.workers
        assert self._child
        self._child.stop(signal.SIGKILL)  # first, or it would start new ones
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
