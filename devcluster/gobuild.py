"""Programs built from Go modules of this repository, once, and cached outside the work tree.

A build is kept under a name made from all it was built from; the name changes with the inputs, and nothing
stale is ever used. It needs nothing but Python, so that it can run while the packages are installed.
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

_SOURCE_FILES: Final = ("go.mod", "go.sum", "main.go")
_TICK_SECONDS: Final = 0.5
_QUIET_TICK_SECONDS: Final = 20.0
_SHOWN_ERROR_LINES: Final = 8


class BuildError(Exception):
    """The program cannot be had; the text says what to do, and has the compiler's words if any."""


@dataclass(frozen=True)
class Module:
    """A Go module that is one program, called like its folder.

    `what` it is and how long it takes (`once`) are for people; `otherwise` says what else helps without Go.
    With `version_of` the program is told the version of that module as its own Kubernetes version; `links`
    are other names of the program.
    """

    source: Path
    what: str
    once: str
    otherwise: str = ""
    version_of: str = ""
    links: tuple[str, ...] = ()

    def built(self) -> Path:
        """Return the program's folder, made now if need be, with progress on stderr; raises BuildError."""
        folder = _cache() / f"{self.source.name}-{self._fingerprint()}"
        if folder.is_dir():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder.with_suffix(".lock"), f"waiting for another build of {self.what}"):
            if not folder.is_dir():  # another build may have made it while we waited
                self._build(folder)
        return folder

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(self._go_version().encode())
        for name in _SOURCE_FILES:
            digest.update((self.source / name).read_bytes())
        return digest.hexdigest()[:16]

    def _go_version(self) -> str:
        """Return version and platform of the Go that builds it; raises BuildError when none can."""
        needed = f"{self.what} is built with Go {self._required('go')} or newer"
        if shutil.which("go") is None:
            raise BuildError(f"{needed}, and no `go` is on PATH: {self._advice('install it')}")
        # In the module's folder, where a `go` that knows toolchains may switch to the one it asks for.
        answer = _go(["env", "GOVERSION", "GOOS", "GOARCH"], self.source)
        if answer.returncode != 0:
            found = _go(["env", "GOVERSION"], Path("/")).stdout.strip()
            raise BuildError(f"{needed}; `go` is {found or 'broken'}: {self._advice('install a newer one')}")
        return answer.stdout

    def _advice(self, first: str) -> str:
        return f"{first}, or {self.otherwise}" if self.otherwise else first

    def _required(self, module: str) -> str:
        """Return the version that go.mod states for a module, or for `go` itself."""
        text = (self.source / "go.mod").read_text()
        stated = re.search(rf"^\s*(?:require )?{re.escape(module)} (\S+)$", text, re.MULTILINE)
        if stated is None:
            raise BuildError(f"{self.source}/go.mod does not state a version of {module}")
        return stated[1]

    def _build(self, folder: Path) -> None:
        """Build into a folder beside the final one and rename it: it is there whole or not at all."""
        with tempfile.TemporaryDirectory(prefix="building-", dir=folder.parent) as scratch:
            made = Path(scratch) / self.source.name
            made.mkdir()
            self._compile(made / self.source.name, Path(scratch) / "go-build.log")
            for name in self.links:
                (made / name).symlink_to(self.source.name)
            made.rename(folder)

    def _compile(self, target: Path, log: Path) -> None:
        flags = "-s -w"
        if self.version_of:
            flags += f" -X k8s.io/component-base/version.gitVersion={self._required(self.version_of)}"
        command = [shutil.which("go") or "go", "build", "-v", "-trimpath", "-buildvcs=false"]
        command += ["-ldflags", flags, "-o", str(target), "."]
        progress = Progress(f"building {self.what} (once, {self.once})")
        child = Child.start(command, log, self.source, dict(os.environ))
        try:
            while child.exit_code is None:
                progress.show(_stage(log))
                time.sleep(_TICK_SECONDS)
        finally:
            child.stop()
            progress.end()
        if child.exit_code != 0:
            raise BuildError(f"`go build` of {self.source.name}/ failed:\n{child.tail(_SHOWN_ERROR_LINES)}")


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "netpol-registry"


def _go(arguments: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["go", *arguments], cwd=directory, capture_output=True, text=True, check=False)  # noqa: S603, S607


@contextlib.contextmanager
def _lock(path: Path, waiting: str) -> Iterator[None]:
    """Hold the lock file; who else builds the same waits here, and the kernel frees it at any death."""
    with path.open("w") as file:
        _acquire(file, Progress(waiting))
        yield


def _acquire(file: IO[str], progress: "Progress") -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.show()
            time.sleep(_TICK_SECONDS)
        else:
            progress.end()
            return


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
