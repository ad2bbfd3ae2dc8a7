"""Read the Dockerfile and do what its build stage does, in another folder than /opt and without Docker."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build_stage() -> Iterator[tuple[str, str]]:
    """The instructions of the Dockerfile's first stage, each with its arguments."""
    stages = (ROOT / "Dockerfile").read_text().split("\nFROM ")
    for line in stages[1].splitlines()[1:]:
        if line and not line.startswith("#"):
            instruction, arguments = line.split(maxsplit=1)
            yield instruction, arguments


def copy(arguments: str, source: Path) -> None:
    """COPY as Docker does it: a folder's content into the target, files into the target folder."""
    *names, target = shlex.split(arguments)
    for name in names:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / target, ignore=ignored, dirs_exist_ok=True)
        else:
            (source / target).mkdir(exist_ok=True)
            shutil.copy(ROOT / name, source / target)


def run(command: str, source: Path, opt: Path) -> None:
    """RUN with our own folder for /opt, and with this machine's cache of packages."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    subprocess.run(
        ["sh", "-ec", command.replace("/opt/", f"{opt}/")],
        cwd=source,
        env=environment,
        check=True,
        timeout=600,
    )


def follow(source: Path, opt: Path) -> None:
    """Do all steps of the build stage, with `source` for its WORKDIR and `opt` for /opt."""
    for instruction, arguments in build_stage():
        if instruction == "COPY":
            copy(arguments, source)
        elif instruction == "RUN":
            run(arguments, source, opt)
        else:
            assert instruction in {"ENV", "WORKDIR"}, f"{instruction} is not understood here"
