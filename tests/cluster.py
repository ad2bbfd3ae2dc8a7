"""What integration tests share: eventual assertions, namespaces of their own, and counting writes."""

import contextlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from devcluster.api import Api, ApiError, Object
from devcluster.cluster import ControlPlane
from devcluster.product import bind_users, install

_POLL_SECONDS = 0.05
_BUSY_SECONDS = 2.0
_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_OF_THE_CLUSTER = ("system:kube-controller-manager", "system:apiserver", "system:serviceaccount:kube-system:")
_numbers = itertools.count(1)
T = TypeVar("T")


def unique_name(prefix: str = "t") -> str:
    """A name that no other test of this run uses: a valid namespace or object name."""
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


def eventually(check: Callable[[], T | None], timeout: float = 15.0) -> T:
    """Call `check` until it answers something true, and return that.

    Until then it may answer False, None or nothing found, may assert, index into what is not there yet,
    or get an ApiError. When time is up, AssertionError tells the last of these.
    """

    def answer() -> T:
        result = check()
        assert result, f"still {result!r}"
        return result

    return until_passes(answer, timeout)


def until_passes(check: Callable[[], T], timeout: float = 15.0) -> T:
    """Call `check` until it raises nothing, and return its answer, whatever that is: for assertions."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return check()
        except (AssertionError, LookupError, TypeError, ApiError) as problem:
            if time.monotonic() > deadline:
                raise AssertionError(f"not so within {timeout:g} s: {problem!r}") from problem
        time.sleep(_POLL_SECONDS)


@dataclass(frozen=True)
class Write:
    """One write that the API server answered, by its audit log; cluster objects have namespace ""."""

    user: str
    verb: str
    resource: str
    namespace: str
    name: str
    code: int


class AuditLog:
    """The writes since this object was made (or since `restart`), by when their requests came.

    The API server logs a request when it has answered it, so what a write did can be seen before its line:
    reading waits until nothing was added for `quiet` seconds, and leaves out what came before.
    """

    def __init__(self, path: Path, quiet: float = 0.1) -> None:
        self._path = path
        self._quiet = quiet
        self.restart()

    def restart(self) -> None:
        """Count from now."""
        self._since = datetime.now(UTC)
        self._offset = self._path.stat().st_size
        with self._path.open("rb") as file:
            file.seek(max(0, self._offset - 1))
            self._amid_line = file.read(1) not in {b"", b"\n"}

    def writes(self, user: str = "", resource: str = "", namespace: str | None = None) -> list[Write]:
        """The writes so far, also refused ones, without Leases; `user` is any part of the caller's name.

        Those of the cluster's own controllers are left out: what they make of a workload or a new namespace
        comes whenever they get to it.
        """
        return [
            write
            for write in self._read()
            if user in write.user
            and not write.user.startswith(_OF_THE_CLUSTER)
            and (not resource or write.resource == resource)
            and (namespace is None or write.namespace == namespace)
            and write.resource != "leases"
        ]

    def _settle(self) -> None:
        deadline = time.monotonic() + _BUSY_SECONDS
        size = -1
        while size != (now := self._path.stat().st_size) and time.monotonic() < deadline:
            size = now
            time.sleep(self._quiet)

    def _read(self) -> Iterator[Write]:
        self._settle()
        with self._path.open("rb") as file:
            file.seek(self._offset)
            # The last line may still be under way.
            for line in file.read().split(b"\n")[self._amid_line : -1]:
                event = json.loads(line)
                is_write = event["verb"] in _WRITES and "objectRef" in event
                if is_write and datetime.fromisoformat(event["requestReceivedTimestamp"]) >= self._since:
                    yield _write(event)


def _write(event: dict[str, Any]) -> Write:
    target = event["objectRef"]
    return Write(
        user=event["user"]["username"],
        verb=event["verb"],
        resource=target["resource"],
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event["responseStatus"]["code"],
    )


@contextlib.contextmanager
def control_plane_with_product() -> Iterator[ControlPlane]:
    """A control plane with what deploy/ installs, and the users of the tests."""
    with ControlPlane() as plane:
        root = plane.api()
        install(root)
        bind_users(root)
        root.close()
        yield plane


def create_namespace(api: Api, name: str, labels: dict[str, str] | None = None) -> Object:
    """Create a namespace with these labels and return it as stored."""
    return api.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels or {}}})
