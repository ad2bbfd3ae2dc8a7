"""Control planes share nothing, and end with whoever started them."""

import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.api import Api
from devcluster.build import find_binaries
from devcluster.cluster import ControlPlane
from devcluster.gobuild import BuildError
from devcluster.processes import Child
from tests.cluster import create_namespace, eventually, unique_name

pytestmark = pytest.mark.cluster

PARENT = """
    import json, sys, time
    from devcluster.cluster import ControlPlane
    with ControlPlane() as plane:
        print(json.dumps({"pids": list(plane.pids.values()), "directory": str(plane.directory)}), flush=True)
        time.sleep(600)
"""


def alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet reaped by its new parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def test_two_at_once_have_their_own_state_and_folder(control_plane: ControlPlane, api: Api):
    name = unique_name()
    with ControlPlane() as other:
        create_namespace(other.api(), name)
        assert other.url != control_plane.url
        assert other.directory != control_plane.directory
        assert api.find(f"/api/v1/namespaces/{name}") is None


def test_nothing_is_left_after_an_orderly_stop():
    with ControlPlane() as plane:
        pids = plane.pids.values()
        assert all(alive(pid) for pid in pids)
    assert not any(alive(pid) for pid in pids)
    assert not plane.directory.exists()


def test_nothing_is_left_after_a_kill_of_the_parent(parent):
    started = json.loads(parent.stdout.readline())
    assert len(started["pids"]) == 3
    parent.send_signal(signal.SIGKILL)
    eventually(lambda: not any(alive(pid) for pid in started["pids"]))
    with ControlPlane():  # sweeps what only a living process could remove
        assert not Path(started["directory"]).exists()


def test_a_port_lost_to_another_process_is_replaced(control_plane: ControlPlane, monkeypatch):
    taken = int(control_plane.url.rsplit(":", 1)[1])
    ports = iter([taken, 0])
    original = ControlPlane.__init__.__globals__["free_port"]
    monkeypatch.setattr("devcluster.cluster.free_port", lambda: next(ports) or original())
    with ControlPlane() as plane:
        assert plane.url != control_plane.url


def test_the_kubebuilder_assets_are_used_when_given(monkeypatch, tmp_path):
    own = find_binaries()
    for program in (own.etcd, own.kube_apiserver, own.kubectl):
        (tmp_path / program.name).symlink_to(program)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    found = find_binaries()
    assert found.kube_apiserver == tmp_path / "kube-apiserver"
    assert found.kube_controller_manager == own.kube_controller_manager


def test_assets_without_an_api_server_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(BuildError, match=r"lacks etcd, kube-apiserver, .*: point it at a folder with"):
        find_binaries()


@pytest.mark.parametrize(
    ("go", "says"),
    [
        (None, "Go 1.26.0 or newer, and no `go` is on PATH: install it, or set KUBEBUILDER_ASSETS"),
        (
            'test "$PWD" = / && echo go1.19 || exit 1',
            "Go 1.26.0 or newer; `go` is go1.19: install a newer one",
        ),
        ("exit 1", "`go` is broken: install a newer one"),
    ],
)
def test_a_go_that_cannot_build_is_one_clear_line(monkeypatch, tmp_path, go, says):
    if go is not None:
        (tmp_path / "go").write_text(f"#!/bin/sh\n{go}\n")
        (tmp_path / "go").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    with pytest.raises(BuildError, match=r"^[^\n]*$") as refusal:
        find_binaries()
    assert says in str(refusal.value)


def test_a_child_that_does_not_listen_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr("devcluster.processes._STOP_SECONDS", 0.2)
    child = Child.start(
        ["/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"],
        tmp_path / "deaf.log",
        tmp_path,
    )
    eventually(child.tail)
    child.stop()
    assert child.exit_code == -signal.SIGKILL
    assert not alive(child.pid)
