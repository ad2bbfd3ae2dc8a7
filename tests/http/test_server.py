"""The service as a process: gunicorn by the command line, on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import urllib3

from tests.cluster import eventually


@pytest.fixture
def server(control_plane, make_store_namespace, tmp_path) -> Iterator[tuple[subprocess.Popen, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "no-home"),
        "KUBECONFIG": str(control_plane.kubeconfig("server")),
        "NETPOL_REGISTRY_STORE_NAMESPACE": make_store_namespace(),
        "NETPOL_REGISTRY_HOST": "127.0.0.1",
        "NETPOL_REGISTRY_PORT": str(port),
        "NETPOL_REGISTRY_WORKERS": "2",
    }
    with subprocess.Popen([sys.executable, "-m", "registry", "serve"], env=environment) as process:
        yield process, f"http://127.0.0.1:{port}"
        process.kill()


def answers(url, **headers):
    try:
        return urllib3.request("GET", url, headers=headers, retries=False)
    except urllib3.exceptions.HTTPError:
        return None


def test_the_process_serves_the_default_templates_and_ends_on_a_signal(server, control_plane):
    process, url = server
    eventually(lambda: (answer := answers(f"{url}/readyz")) and answer.status == 200, timeout=30)
    token = {"Authorization": f"Bearer {control_plane.token('viewer')}"}
    listed = answers(f"{url}/api/v1/templates?limit=500", **token).json()
    assert "postgres" in {item["name"] for item in listed["items"]}
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
