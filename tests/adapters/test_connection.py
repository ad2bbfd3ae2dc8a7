"""Credentials that cannot be used end the start with one line that says what to mend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry.cluster.connection import ConnectionProblem, connect

CLUSTER = """
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1", certificate-authority: %s}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


@pytest.mark.parametrize("text", ["", "{", "[]", "clusters: 1", "a: b", CLUSTER % "/no/such/file"])
def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path: Path, text: str):
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(ConnectionProblem) as problem:
        connect(str(path))
    assert "\n" not in str(problem.value)


def test_a_missing_kubeconfig_is_named(tmp_path: Path):
    with pytest.raises(ConnectionProblem, match="missing"):
        connect(str(tmp_path / "missing.yaml"))


def with_token_file(directory: Path, token: str) -> Path:
    """A kubeconfig whose token is in a file of its own; returns the file."""
    config, file = directory / "config", directory / "token"
    authority = Path(__file__).parent.parent.parent / "pyproject.toml"
    config.write_text((CLUSTER % authority).replace("https", "http").replace("token: t", "tokenFile: token"))
    file.write_text(token)
    return file


def test_a_refused_token_is_read_anew(tmp_path: Path):
    file = with_token_file(tmp_path, "old")
    connection = connect(str(tmp_path / "config"))
    before = connection.authorization()
    file.write_text("new")
    connection.renew()
    assert (before, connection.authorization()) == ("Bearer old", "Bearer new")


def test_a_token_that_is_gone_leaves_the_last_one(tmp_path: Path):
    file = with_token_file(tmp_path, "old")
    connection = connect(str(tmp_path / "config"))
    file.unlink()
    connection.renew()
    assert connection.authorization() == "Bearer old"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("KUBECONFIG", "/no/such/file"), ("NETPOL_REGISTRY_PORT", "x"), ("NETPOL_REGISTRY_PROT", "1")],
)
@pytest.mark.parametrize("process", ["controller", "serve"])
def test_a_process_that_cannot_start_says_why_in_one_line(process: str, variable: str, value: str):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", variable: value}
    command = [sys.executable, "-m", "registry", process]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("netpol-registry: ")
    assert ended.stderr.count("\n") == 1
