"""The files that are given, and those in folders that are given."""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Final, NamedTuple

SUFFIXES: Final = (".yaml", ".yml", ".json")
STDIN: Final = "-"


class NoInput(ValueError):
    """A path that cannot be looked at; the text says why and what to do."""


class Given(NamedTuple):
    """A file by the path that a person knows it by, and why it cannot be read, if so."""

    path: Path
    problem: str = ""


def find(paths: Sequence[str], exclude: Sequence[str]) -> list[Given]:
    """The files at `paths`: themselves, and in folders and sub-folders those that end like manifests.

    Hidden ones are left out, as are those that match a pattern of `exclude` by path or name. Raises NoInput
    for a path that is not there, and where there is nothing to read.
    """
    found = [given for path in paths for given in _at(Path(path))]
    kept = [one for one in found if not _excluded(one.path, exclude)]
    if not kept:
        listed = ", ".join(paths)
        raise NoInput(f"There is no file to read in {listed}: manifests end with {', '.join(SUFFIXES)}.")
    return list(dict.fromkeys(kept))


def _at(path: Path) -> Iterator[Given]:
    if path.is_dir():
        yield from _in(path)
    elif path.exists():
        yield Given(path)
    else:
        raise NoInput(f"There is no file or folder {path}. Give the path of manifests.")


def _in(folder: Path) -> Iterator[Given]:
    """Folders that are links are entered too, each folder once."""
    seen: set[str] = set()
    problems: list[OSError] = []
    for top, folders, names in os.walk(folder, onerror=problems.append, followlinks=True):
        real = os.path.realpath(top)
        folders[:] = sorted(one for one in folders if not one.startswith(".")) if real not in seen else []
        if real in seen:
            continue
        seen.add(real)
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield Given(Path(top, name))
    for problem in problems:
        yield Given(Path(str(problem.filename)), problem.strerror or str(problem))


def _excluded(path: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatch(str(path), pattern) or fnmatch(path.name, pattern) for pattern in patterns)
