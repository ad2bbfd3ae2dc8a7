"""The command as CI runs it, on manifests that a test writes."""

import json
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from registry.cli import main


class Done(NamedTuple):
    status: int
    output: str
    errors: str

    @property
    def json(self):
        return json.loads(self.output)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a file of manifests; commands run where they are."""
    monkeypatch.chdir(tmp_path)

    def file(name, *documents):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = [one if isinstance(one, str) else json.dumps(one) for one in documents]
        path.write_text("\n---\n".join(texts))
        return name

    return file


@pytest.fixture
def connectivity():
    """Runs `netpol-registry connectivity` with these arguments."""

    def run(*arguments, stdin=""):
        done = CliRunner().invoke(main, ["connectivity", *arguments], input=stdin)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def answer(connectivity):
    """Runs a command, and answers its JSON."""

    def run(command, *arguments, stdin=""):
        return connectivity(command, *arguments, "--format", "json", stdin=stdin).json

    return run
