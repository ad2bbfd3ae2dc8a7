"""Credentials that cannot be used end the start with one line that says what to mend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devcluster.cluster import ControlPlane
from registry.cluster import bearer
from registry.cluster.connection import ConnectionProblem
from registry.cluster.credentials import connect

CLUSTER = """
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1", certificate-authority: %s}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""

AUTHORITY = Path(__file__).parent.parent.parent / "pyproject.toml"
"""Any file, since nothing is verified over plain HTTP."""


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
    config.write_text((CLUSTER % AUTHORITY).replace("https", "http").replace("token: t", "tokenFile: token"))
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


def test_a_plain_kubeconfig_is_read_without_the_official_client(tmp_path: Path):
    with_token_file(tmp_path, "t")
    code = (
        "import sys; from registry.cluster.credentials import connect; connect(sys.argv[1]);"
        "assert 'kubernetes' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "config"], check=True, timeout=30)


def test_a_plugin_is_asked_by_the_official_client(tmp_path: Path):
    config = tmp_path / "config"
    plugin = tmp_path / "plugin"
    plugin.write_text(
        """#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t"}}'
"""
    )
    plugin.chmod(0o755)
    how = f"exec: {{apiVersion: client.authentication.k8s.io/v1, command: {plugin}, interactiveMode: Never}}"
    config.write_text((CLUSTER % AUTHORITY).replace("https", "http").replace("token: t", how))
    assert connect(str(config)).authorization() == "Bearer t"


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a pod's service account, which is the only source of credentials."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(bearer, "ACCOUNT", tmp_path)
    return tmp_path


def test_a_pod_calls_with_its_service_account(pod: Path, control_plane: ControlPlane):
    (pod / "token").write_text("t\n")
    (pod / "ca.crt").write_text(control_plane.ca_file.read_text())
    made = connect()
    assert (made.url, made.authorization()) == ("https://[fd00::1]:443", "Bearer t")
    assert made.tls
    assert made.tls.cert_store_stats()["x509"] > 0


@pytest.mark.parametrize(
    "files", [{}, {"ca.crt": "x"}, {"ca.crt": "x", "token": ""}, {"ca.crt": "x", "token": "t"}]
)
def test_a_pod_without_usable_credentials_says_so(pod: Path, files: dict[str, str]):
    for name, text in files.items():
        (pod / name).write_text(text)
    with pytest.raises(ConnectionProblem):
        connect()


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
