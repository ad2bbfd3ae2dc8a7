"""Find the control plane's binaries: those of KUBEBUILDER_ASSETS, or our own, built once and cached.

The build takes minutes the first time, so it is kept outside the work tree, under a name made from all it
was built from; the name changes with the inputs, and nothing stale is ever used. `python -m devcluster.build`
builds and prints where. It needs nothing but Python, so that it can run while the packages are installed.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from devcluster.processes import Child

SOURCE: Final = Path(__file__).parent
_SOURCE_FILES: Final = ("go.mod", "go.sum", "main.go")
_PROGRAMS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
_ASSETS_ADVICE: Final = "set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl"
_TICK_SECONDS: Final = 0.5
_QUIET_TICK_SECONDS: Final = 20.0
_SHOWN_ERROR_LINES: Final = 8


class BuildError(Exception):
    """The binaries cannot be had; the text says what to do, and has the compiler's words if any."""


@dataclass(frozen=True)
class Binaries:
    """Where the four programs are."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    kubectl: Path

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "Binaries":
        """Take the four paths in the order of the fields."""
        return cls(*paths)


def find_binaries() -> Binaries:
    """Return the programs to run, building them if need be with progress on stderr; raises BuildError."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if not assets:
        return Binaries.of([_built() / name for name in _PROGRAMS])
    return Binaries.of(_with_own_controllers(Path(assets)))


def _with_own_controllers(assets: Path) -> list[Path]:
    """Take the programs of `assets`; downloads often lack the controller manager, so that may be ours."""
    paths = [(assets / name).absolute() for name in _PROGRAMS]
    missing = [path.name for path in paths if not os.access(path, os.X_OK)]
    if missing == ["kube-controller-manager"]:
        _say(f"KUBEBUILDER_ASSETS={assets} has no kube-controller-manager: using our own")
        return [_built() / path.name if path.name in missing else path for path in paths]
    if missing:
        raise BuildError(
            f"KUBEBUILDER_ASSETS={assets} lacks {', '.join(missing)}: "
            "point it at a folder with etcd, kube-apiserver and kubectl, or unset it to have them built"
        )
    return paths


def _built() -> Path:
    """Return the folder of our own build, made now if it is not there."""
    go = _go_version()
    folder = _cache() / f"devcluster-{_fingerprint(go)}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.with_suffix(".lock")):
        if not folder.is_dir():  # another build may have made it while we waited
            _build(folder)
    return folder


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "netpol-registry"


def _fingerprint(go: str) -> str:
    digest = hashlib.sha256(go.encode())
    for name in _SOURCE_FILES:
        digest.update((SOURCE / name).read_bytes())
    return digest.hexdigest()[:16]


def _go_version() -> str:
    """Return version and platform of the Go that builds this module; raises BuildError when none can."""
    if shutil.which("go") is None:
        raise BuildError(
            f"the control plane is built with Go {_required('go')} or newer, and no `go` is on PATH: "
            f"install it, or {_ASSETS_ADVICE}"
        )
    # In the module's folder, where a `go` that knows toolchains may switch to the one the module asks for.
    answer = _go(["env", "GOVERSION", "GOOS", "GOARCH"], SOURCE)
    if answer.returncode != 0:
        found = _go(["env", "GOVERSION"], Path("/")).stdout.strip()
        raise BuildError(
            f"the control plane is built with Go {_required('go')} or newer; `go` is {found or 'broken'}: "
            f"install a newer one, or {_ASSETS_ADVICE}"
        )
    return answer.stdout


def _go(arguments: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["go", *arguments], cwd=directory, capture_output=True, text=True, check=False)  # noqa: S603, S607


def _required(module: str) -> str:
    """Return the version that go.mod states for a module, or for `go` itself."""
    stated = re.search(
        rf"^\s*(?:require )?{re.escape(module)} (\S+)$", (SOURCE / "go.mod").read_text(), re.MULTILINE
    )
    if stated is None:
        raise BuildError(f"devcluster/go.mod does not state a version of {module}")
    return stated[1]


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock file; who else builds the same waits here, and the kernel frees it at any death."""
    with path.open("w") as file:
        _acquire(file)
        yield


def _acquire(file: IO[str]) -> None:
    progress = Progress("waiting for another build of the control plane")
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.show()
            time.sleep(_TICK_SECONDS)
        else:
            progress.end()
            return


def _build(folder: Path) -> None:
    """Build into a folder beside the final one and rename it: it is there whole or not at all."""
    with tempfile.TemporaryDirectory(prefix="building-", dir=folder.parent) as scratch:
        made = Path(scratch) / "devcluster"
        made.mkdir()
        _compile(made / "devcluster", Path(scratch) / "go-build.log")
        for name in _PROGRAMS:
            (made / name).symlink_to("devcluster")
        made.rename(folder)


def _compile(target: Path, log: Path) -> None:
    flags = f"-s -w -X k8s.io/component-base/version.gitVersion={_required('k8s.io/kubernetes')}"
    go = shutil.which("go") or "go"
    command = [go, "build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(target), "."]
    progress = Progress("building the control plane (once, about 5 minutes on 2 cores)")
    child = Child.start(command, log, SOURCE, dict(os.environ))
    try:
        while child.exit_code is None:
            progress.show(_stage(log))
            time.sleep(_TICK_SECONDS)
    finally:
        child.stop()
        progress.end()
    if child.exit_code != 0:
        raise BuildError(f"`go build` of devcluster/ failed:\n{child.tail(_SHOWN_ERROR_LINES)}")


def _stage(log: Path) -> str:
    """Say how far `go build -v` is: it names each package as it is compiled."""
    lines = log.read_text(errors="replace").splitlines()
    if not lines:
        return "reading the modules"
    packages = sum(not line.startswith("go: ") for line in lines)
    return f"{packages} packages, now {lines[-1].removeprefix('go: ')}"


def _say(text: str, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()


class Progress:
    """Elapsed time and stage of something slow: one living line on a terminal, one each 20 s elsewhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = self._shown = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._silent = True

    def show(self, stage: str = "") -> None:
        """Show where it stands, if it is time to."""
        now = time.monotonic()
        interval = _TICK_SECONDS if self._terminal or self._silent else _QUIET_TICK_SECONDS
        if now - self._shown < interval:
            return
        self._shown, self._silent = now, False
        elapsed = f"{int(now - self._began) // 60}:{int(now - self._began) % 60:02d}"
        self._write(f"{self._what}: {elapsed} {stage}".rstrip())

    def end(self) -> None:
        """Finish the line, if there was one."""
        if self._terminal and not self._silent:
            _say("")

    def _write(self, text: str) -> None:
        if not self._terminal:
            _say(text)
            return
        width = shutil.get_terminal_size().columns
        _say(f"\r{text[: width - 1]:{width - 1}}", end="")


def main() -> None:
    """Build, and print the folder of the programs."""
    try:
        folder = find_binaries().kube_apiserver.parent
    except BuildError as error:
        sys.exit(f"devcluster: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
