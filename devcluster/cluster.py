"""Start and stop one control plane: etcd, kube-apiserver and kube-controller-manager, in a folder of its own.

etcd listens on sockets inside that folder and the controller manager serves nothing, so the API server's port
is the only one taken. It writes its own serving certificate, whose file is also the clients' certificate
authority, and whose key also signs service account tokens: nothing here has to make keys.
"""

import base64
import fcntl
import shutil
import signal
import ssl
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import urllib3

from devcluster.api import Api, ApiError
from devcluster.build import Binaries, find_binaries
from devcluster.ports import free_port
from devcluster.processes import Child
from devcluster.users import new_tokens, write_kubeconfig, write_token_file

_FOLDER_PREFIX: Final = "netpol-registry-devcluster-"
_LOCK_NAME: Final = "in-use.lock"
_READY_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.05
_CONTROLLERS: Final = (
    "clusterrole-aggregation-controller",  # without it `edit` and `view` have no rules
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "resourcequota-controller",
    "serviceaccount-controller",
    "statefulset-controller",
)
AUDIT_POLICY: Final = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
"""
"""One line for each request, without its body."""


class ControlPlaneError(Exception):
    """The control plane did not come up; the text names the program and quotes its last words."""


class _PortLostError(ControlPlaneError):
    """Another process took the port between our choosing it and the API server's binding it."""


class ControlPlane:
    """A running control plane, as a context manager; start it in the main thread (see `lifeline`).

    With `audit`, `audit_log` gets JSON lines (audit.k8s.io/v1 Event) as `audit_policy` says.
    Callers are the keys of `users.USERS`; `root` is cluster admin and subject to no RBAC.
    """

    def __init__(
        self, binaries: Binaries | None = None, *, audit: bool = True, audit_policy: str = AUDIT_POLICY
    ) -> None:
        self._binaries = binaries or find_binaries()
        self._audit = audit
        self._audit_policy = audit_policy
        self._commands: dict[str, list[str | Path]] = {}
        self._tokens = new_tokens()
        self._children: list[Child] = []
        self._lock: IO[str] | None = None
        self._port = 0
        self.directory = Path()

    def __enter__(self) -> Self:
        self.directory, self._lock = _own_folder()
        try:
            self._start_with_one_retry()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End all processes and remove the folder; safe to call twice."""
        self._end_children()
        if self._lock is not None:
            shutil.rmtree(self.directory, ignore_errors=True)
            self._lock.close()
            self._lock = None

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """PEM file that vouches for the API server."""
        return self.directory / "certificates" / "apiserver.crt"

    @property
    def audit_log(self) -> Path:
        """One JSON line for each request answered so far."""
        return self.directory / "audit.jsonl"

    @property
    def kubectl(self) -> Path:
        """A kubectl of the cluster's version."""
        return self._binaries.kubectl

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each program, by its name."""
        return {child.name: child.pid for child in self._children}

    def token(self, user: str) -> str:
        """Return a caller's bearer token; `user` is a key of `users.USERS`."""
        return self._tokens[user]

    def kubeconfig(self, user: str = "root") -> Path:
        """Write a caller's kubeconfig and return its path, which lives as long as the control plane."""
        path = self.directory / f"{user}.kubeconfig"
        authority = base64.b64encode(self.ca_file.read_bytes()).decode()
        write_kubeconfig(path, self.url, authority, self.token(user))
        return path

    def api(self, user: str = "root") -> Api:
        """Return a client that calls as `user`."""
        tls = ssl.create_default_context(cafile=self.ca_file)
        return Api(self.url, tls, f"Bearer {self.token(user)}")

    def check(self) -> None:
        """Raise ControlPlaneError if a program has ended."""
        for child in self._children:
            if child.exit_code is not None:
                lost = _PortLostError if "address already in use" in child.tail(40) else ControlPlaneError
                raise lost(f"{child.name} ended with code {child.exit_code}; its last words:\n{child.tail()}")

    def kill(self, name: str) -> None:
        """End one program as a crash would; `name` is one of `pids`."""
        next(child for child in self._children if child.name == name).stop(signal.SIGKILL)

    def start_again(self, name: str, *, wait: bool = True) -> None:
        """Start a killed program as it was, with its data; wait until the API server answers."""
        self._children = [one for one in self._children if one.name != name]
        self._launch(name)
        if wait:
            self._wait(self.answers)

    def _start_with_one_retry(self) -> None:
        try:
            self._start()
        except _PortLostError:
            self._end_children()
            self._start()

    def _end_children(self) -> None:
        # Nothing in here is worth an orderly shutdown: the data goes with the folder.
        for child in reversed(self._children):
            child.stop(signal.SIGKILL)
        self._children.clear()

    def _start(self) -> None:
        self._port = free_port()
        write_token_file(self.directory / "tokens.csv", self._tokens)
        (self.directory / "audit-policy.yaml").write_text(self._audit_policy)
        self._run("etcd", self._binaries.etcd, _etcd_flags())
        self._run(
            "kube-apiserver",
            self._binaries.kube_apiserver,
            _apiserver_flags(self._port, audit=self._audit),
        )
        self._wait(self.answers)
        self._run(
            "kube-controller-manager",
            self._binaries.kube_controller_manager,
            _controller_manager_flags(self.kubeconfig()),
        )
        self._wait(self._roles_aggregated)

    def _run(self, name: str, program: Path, flags: list[str]) -> None:
        self._commands[name] = [program, *flags]
        self._launch(name)

    def _launch(self, name: str) -> None:
        log = self.directory / f"{name}.log"
        self._children.append(Child.start(self._commands[name], log, self.directory))

    def _wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                words = "\n".join(child.tail(3) for child in self._children)
                raise ControlPlaneError(
                    f"the control plane was not ready after {_READY_SECONDS:.0f} s:\n{words}"
                )
            time.sleep(_POLL_SECONDS)

    def answers(self) -> bool:
        """Tell whether the API server is ready; until it listens there is neither port nor certificate."""
        if not self.ca_file.exists():
            return False
        try:
            self.api().request("GET", "/readyz")
        except (ApiError, urllib3.exceptions.HTTPError, ssl.SSLError):
            return False
        return True

    def _roles_aggregated(self) -> bool:
        """Tell whether `edit` and `view` have their rules, which a controller collects."""
        roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
        return all(self.api().get(f"{roles}/{name}").get("rules") for name in ("edit", "view"))


def _own_folder() -> tuple[Path, IO[str]]:
    """Make a folder with a held lock in it, and sweep those whose owner was killed before it cleaned up."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX))
    unlocked = folder / "unlocked"
    lock = unlocked.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    unlocked.rename(folder / _LOCK_NAME)  # only now can a sweep see it
    return folder, lock


def _sweep() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*/{_LOCK_NAME}"):
        try:
            with path.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent, ignore_errors=True)
        except OSError:  # in use, somebody else's, or already swept
            continue


def _etcd_flags() -> list[str]:
    # Sockets are relative to the working folder: an absolute path can be longer than a socket's may be.
    # The advertised addresses are only names here; a cluster of one never dials them.
    return [
        "--name=devcluster",
        "--data-dir=etcd",
        "--unsafe-no-fsync",
        "--listen-client-urls=unix://etcd.sock",
        "--advertise-client-urls=http://localhost:2379",
        "--listen-peer-urls=unix://etcd-peer.sock",
        "--initial-advertise-peer-urls=http://localhost:2380",
        "--initial-cluster=devcluster=http://localhost:2380",
        "--heartbeat-interval=20",
        "--election-timeout=200",
        "--log-level=warn",
    ]


def _apiserver_flags(port: int, *, audit: bool) -> list[str]:
    flags = [
        "--etcd-servers=unix://etcd.sock",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--cert-dir=certificates",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-signing-key-file=certificates/apiserver.key",
        "--service-account-key-file=certificates/apiserver.key",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--token-auth-file=tokens.csv",
        "--authorization-mode=RBAC",
        "--endpoint-reconciler-type=none",
    ]
    # Never rotated: a reader counts from an offset.
    audit_flags = [
        "--audit-policy-file=audit-policy.yaml",
        "--audit-log-path=audit.jsonl",
        "--audit-log-maxsize=0",
    ]
    return flags + audit_flags if audit else flags


def _controller_manager_flags(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--controllers={','.join(_CONTROLLERS)}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--secure-port=0",
    ]
