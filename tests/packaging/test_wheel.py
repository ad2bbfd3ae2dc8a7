"""The wheel carries all that the product needs, and both processes run from it."""

import subprocess
import urllib.request
import zipfile
from http import HTTPStatus
from pathlib import Path

import pytest

from devcluster.cluster import ControlPlane
from devcluster.ports import free_port
from devcluster.processes import Child
from tests.cluster import eventually, until_passes
from tests.packaging.dockerfile import ROOT


@pytest.fixture(scope="session")
def contents(opt: Path) -> set[str]:
    (wheel,) = (opt / "wheels").glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("folder", ["schemas", "default_templates"])
def test_the_wheel_carries(folder, contents):
    files = {file.name for file in (ROOT / folder).iterdir() if file.is_file()}
    assert files
    assert {f"registry/{folder}/{name}" for name in files} <= contents


def test_the_wheel_carries_nothing_of_the_development_tools(contents):
    tops = {name.split("/")[0] for name in contents}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"registry"}


def test_nothing_but_the_pinned_runtime_packages_is_installed(installed):
    listed = subprocess.run(
        [installed.with_name("pip"), "list", "--format=freeze"], capture_output=True, text=True, check=True
    )
    names = {line.split("==")[0].lower().replace("_", "-") for line in listed.stdout.splitlines()}
    pinned = {
        line.split("==")[0]
        for line in (ROOT / "requirements" / "runtime.txt").read_text().splitlines()
        if "==" in line
    }
    assert names - {"pip", "setuptools", "netpol-registry"} <= pinned


def test_both_processes_get_ready_from_the_wheel_alone(
    installed, control_plane, make_store_namespace, tmp_path
):
    store = make_store_namespace()
    controller_port, server_port = free_port(), free_port()
    processes = [
        Child.start(
            [installed, command],
            tmp_path / f"{command}.log",
            tmp_path,
            settings(control_plane, user, store, port),
        )
        for command, user, port in [
            ("controller", "controller", controller_port),
            ("serve", "server", server_port),
        ]
    ]
    try:
        for port in (controller_port, server_port):
            until_passes(lambda port=port: ready(port, processes), timeout=60)
        assert eventually(lambda: templates(server_port, control_plane.token("viewer")))
    finally:
        for process in processes:
            process.stop()


def settings(plane: ControlPlane, user: str, store: str, port: int) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "KUBECONFIG": str(plane.kubeconfig(user)),
        "NETPOL_REGISTRY_HOST": "127.0.0.1",
        "NETPOL_REGISTRY_STORE_NAMESPACE": store,
        "NETPOL_REGISTRY_NAMESPACE_SELECTOR": f"kubernetes.io/metadata.name={store}",
        "NETPOL_REGISTRY_PORT": str(port),
        "NETPOL_REGISTRY_CONTROLLER_PORT": str(port),
    }


def ready(port: int, processes: list[Child]) -> None:
    for process in processes:
        if process.exit_code is not None:  # not worth waiting for
            raise RuntimeError(process.tail(20))
    answer, content = get(port, "/readyz")
    assert answer == HTTPStatus.OK, content


def templates(port: int, token: str) -> bytes:
    answer, content = get(port, "/api/v1/templates", token)
    assert answer == HTTPStatus.OK, content
    return content


def get(port: int, path: str, token: str = "") -> tuple[int, bytes]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()
