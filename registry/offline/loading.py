"""Reads manifests from files, and tells on a terminal how far that is."""

import gc
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from registry.model.problems import Problem
from registry.offline.files import STDIN, Given, find
from registry.offline.manifests import Manifests, read_manifests
from registry.offline.objects import Found, Source, Unread, read_objects

QUIET: Final = 2.0
"""Seconds after which progress is told."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of reading; paths are files, folders, or `-` for the standard input."""

    paths: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    default_namespace: str = "default"


def load(reading: Reading) -> Manifests:
    """All manifests at the paths. Raises NoInput."""
    with _without_collector():
        return read_manifests(_objects(reading), reading.default_namespace)


def _objects(reading: Reading) -> Iterator[Found]:
    if STDIN in reading.paths:
        yield from _some("standard input", read_objects("standard input", sys.stdin.buffer.read()))
    paths = [path for path in reading.paths if path != STDIN]
    files = find(paths, reading.exclude) if paths else []
    progress = Progress("read", len(files), "files")
    for file in files:
        yield from _file(file)
        progress.step()
    progress.end()


def _file(file: Given) -> Iterator[Found]:
    name = str(file.path)
    try:
        content = b"" if file.problem else file.path.read_bytes()
    except OSError as error:
        file = Given(file.path, error.strerror or str(error))
    if file.problem:
        yield _unread(name, f"{file.problem}.", "Give the path of a file that can be read.")
        return
    yield from _some(name, read_objects(name, content))


def _some(name: str, found: Iterator[Found]) -> Iterator[Found]:
    """The objects, or that there are none."""
    first = next(found, None)
    if first is None:
        yield _unread(name, "There is no document in it.", "Leave it out with --exclude.")
        return
    yield first
    yield from found


def _unread(file: str, reason: str, fix: str) -> Unread:
    return Unread(Source(file), Problem("", reason, fix))


@contextmanager
def _without_collector() -> Iterator[None]:
    """What is read stays: to look for garbage in it takes as long as to read it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class Progress:
    """A line on a terminal once something takes longer than `QUIET`; nothing where nobody looks."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self._text = f"{what} {{:,}} of {total:,} {unit}"
        self._shows = sys.stderr.isatty()
        self._next = time.monotonic() + QUIET
        self._done = 0
        self._shown = False

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._shows and time.monotonic() >= self._next:
            self._shown = True
            self._next = time.monotonic() + 0.2
            sys.stderr.write(f"\r{self._text.format(self._done)}")
            sys.stderr.flush()

    def end(self) -> None:
        """All is done: the line goes away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def problems_of(found: Sequence[Manifests]) -> list[dict[str, object]]:
    """What could not be read, as JSON objects."""
    return [
        {
            "file": one.source.file,
            "document": one.source.document,
            "line": one.source.line,
            "object": one.name or None,
            **msgspec.structs.asdict(one.problem),
        }
        for manifests in found
        for one in manifests.unread
    ]


def problem_lines(found: Sequence[Manifests]) -> Iterator[str]:
    """The same for a person, each with what to do below."""
    for one in (one for manifests in found for one in manifests.unread):
        what = " ".join(filter(None, (one.name, f"at {one.problem.pointer}" if one.problem.pointer else "")))
        yield f"{one.source}: {what + ': ' if what else ''}{one.problem.reason}\n    {one.problem.fix}"
