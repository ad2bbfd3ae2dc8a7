"""`.run/`: what a user of `make run` needs, and the lock that keeps two runs from sharing it."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from devcluster.cluster import ControlPlane

_LOCK_NAME: Final = "in-use.lock"
_PEOPLE: Final = ("admin", "developer", "viewer")


@contextlib.contextmanager
def claimed(directory: Path, port: int) -> Iterator[Path]:
    """Hold a folder for one run: `directory`, or a subfolder named by the port while another has that."""
    for folder in (directory, directory / str(port)):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK_NAME).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield folder.resolve()
            return
    raise RuntimeError(f"{directory / str(port)} is in use, and so should port {port} have been")


@contextlib.contextmanager
def access(plane: ControlPlane, folder: Path) -> Iterator[None]:
    """Write kubeconfig, tokens and a link to kubectl; take them away with the control plane they open."""
    files = {"kubeconfig": plane.kubeconfig("admin").read_text()}
    files |= {f"{user}.token": plane.token(user) for user in _PEOPLE}
    for name, content in files.items():
        _write_secret(folder / name, content)
    _link(folder / "bin" / "kubectl", plane.kubectl)
    try:
        yield
    finally:
        for name in files:
            (folder / name).unlink(missing_ok=True)


def _write_secret(path: Path, content: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(content)


def _link(path: Path, target: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
