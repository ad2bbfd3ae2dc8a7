"""A real controller process for tests, with a store namespace and a namespace selector of its own."""

import json
import os
import re
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


class ControllerProcess:
    """Starts and stops `netpol-registry controller` with the rights of its service account."""

    def __init__(self, plane: ControlPlane, store: str, group: str, directory: Path) -> None:
        self.port = free_port()
        self._directory = directory
        self._starts = 0
        self._child: Child | None = None
        self._environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(plane.kubeconfig("controller")),
            "NETPOL_REGISTRY_HOST": LOOPBACK,
            "NETPOL_REGISTRY_CONTROLLER_PORT": str(self.port),
            "NETPOL_REGISTRY_STORE_NAMESPACE": store,
            "NETPOL_REGISTRY_NAMESPACE_SELECTOR": f"group={group}",
            # After a kill the next one leads within four seconds.
            "NETPOL_REGISTRY_LEASE_SECONDS": "4",
            "NETPOL_REGISTRY_LEASE_RENEW_SECONDS": "3",
            "NETPOL_REGISTRY_LEASE_RETRY_SECONDS": "0.5",
        }

    @property
    def started(self) -> bool:
        """Whether it was started at all; it may have ended."""
        return self._child is not None

    @property
    def pid(self) -> int:
        assert self._child
        return self._child.pid

    def credentials(self, kubeconfig: Path) -> None:
        """Act as somebody else from the next start on."""
        self._environment["KUBECONFIG"] = str(kubeconfig)

    def setting(self, name: str, value: str) -> None:
        """Give a setting for the next start."""
        self._environment[f"NETPOL_REGISTRY_{name}"] = value

    def start(self, *, wait: bool = True) -> None:
        """Start, and unless told otherwise wait until it is ready and leads."""
        self._starts += 1
        log = self._directory / f"controller-{self._starts}.log"
        command = [sys.executable, "-m", "registry", "controller"]
        self._child = Child.start(command, log, CHECKOUT, self._environment)
        if wait:
            eventually(lambda: self.is_ready() and self.leads())

    def is_ready(self) -> bool:
        assert self._child
        if self._child.exit_code is not None:
            raise RuntimeError(self._child.tail(20))  # no use in waiting
        return not any(problem != "ok" for problem in self.checks().values())

    def checks(self) -> dict[str, str]:
        """What /readyz says, check by check."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}/readyz", timeout=2) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
        except OSError:
            return {"process": "not listening yet"}
        checks: dict[str, str] = json.loads(body)
        return checks

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.port}/metrics", timeout=2) as answer:
            return str(answer.read(), "utf-8")

    def leads(self) -> bool:
        """Whether it is the one that writes."""
        return bool(re.search(r"^leader_election_master_status{.*} 1\.0$", self.metrics(), re.MULTILINE))

    def log(self) -> str:
        assert self._child
        return self._child.log.read_text(errors="replace")

    def stop(self) -> None:
        if self._child:
            self._child.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._child
        self._child.stop(signal.SIGKILL)
