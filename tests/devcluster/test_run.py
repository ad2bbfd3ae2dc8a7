"""`make run` leads a new user through the tour, and each thing that can be wrong is one clear line."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.ports import free_port
from tests.cluster import eventually
from tests.devcluster.test_processes import alive

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]


class Make:
    """One `make run`, in its own process group as a terminal would have it, and what it has printed."""

    def __init__(self, folder: Path, *variables: str) -> None:
        self._output = folder / "output"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "KUBE"))
        }
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                ["make", "run", f"RUN_DIRECTORY={folder / 'run'}", *variables],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def printed(self) -> str:
        return self._output.read_text()

    def is_up(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(self.printed)
        return "Ctrl-C stops" in self.printed

    def descendants(self) -> set[int]:
        """The processes that it has started, and those that they have, whatever their process group."""
        parents = {int(path.name): parent_of(path) for path in Path("/proc").glob("[0-9]*")}
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.process.pid}


def parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


@pytest.fixture
def run_make(tmp_path) -> Iterator:
    started: list[Make] = []

    def run(*variables: str) -> Make:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Make(folder, *variables))
        return started[-1]

    yield run
    for make in started:
        make.process.kill()
        make.process.wait()


def refusal(make: Make) -> str:
    """What it said before it gave up, less make's own line."""
    assert make.process.wait(60) != 0
    return "\n".join(line for line in make.printed.splitlines() if not line.startswith("make: "))


def tour(printed: str) -> str:
    """The commands that a reader would copy, as a script."""
    return printed.split("another terminal:")[1].split("Ctrl-C", maxsplit=1)[0]


def shell(script: str) -> str:
    return subprocess.run(
        ["bash", "-euc", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_the_printed_tour_leads_from_one_label_to_a_policy(run_make):
    make = run_make(f"PORT={free_port()}")
    eventually(make.is_up, timeout=90)
    *commands, get_policies, get_templates = tour(make.printed).strip().splitlines()
    prepared = "\n".join(commands)
    shell(prepared)
    settings = commands[0]
    policies = eventually(lambda: ready_policies(f"{settings}\n{get_policies}"))
    assert policies == {"db-postgres", "shop-deny-all-ingress", "shop-allow-namespace-communication"}
    assert '"postgres"' in shell(f"{settings}\n{get_templates}")


def ready_policies(script: str) -> set[str]:
    """The policies' names without their hashes, once there are three."""
    names = re.findall(r"^(\S+)-[^-\s]+ ", shell(script), re.MULTILINE)
    assert len(names) >= 3, names
    return set(names)


def ctrl_c(make: Make) -> None:
    """As a terminal does: to make and to all that has not left its process group."""
    os.killpg(make.process.pid, signal.SIGINT)


def terminate(make: Make) -> None:
    make.process.terminate()


def kill(make: Make) -> None:
    make.process.kill()


@pytest.mark.parametrize("end", [ctrl_c, terminate, kill])
def test_all_ends_with_make(run_make, end, tmp_path):
    make = run_make(f"PORT={free_port()}")
    eventually(make.is_up, timeout=90)
    started = make.descendants()
    assert len(started) >= 6
    end(make)
    eventually(lambda: not any(alive(pid) for pid in started))
    assert not list((tmp_path / "0" / "run").glob("*.token"))


def test_two_run_at_once_from_one_work_tree(run_make, tmp_path):
    ports = [free_port(), free_port()]
    makes = [run_make(f"PORT={port}", f"RUN_DIRECTORY={tmp_path / 'run'}") for port in ports]
    for make in makes:
        eventually(make.is_up, timeout=90)
    tokens = list((tmp_path / "run").rglob("admin.token"))
    assert len({token.read_text() for token in tokens}) == 2


def test_all_ends_with_a_process_of_the_product(run_make):
    make = run_make(f"PORT={free_port()}")
    eventually(make.is_up, timeout=90)
    (controller,) = [pid for pid in make.descendants() if b"registry\0controller\0" in command_line(pid)]
    os.kill(controller, signal.SIGKILL)
    assert "make run: the controller ended with code -9" in refusal(make)


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_it_runs_on_a_given_cluster(run_make, control_plane):
    make = run_make(f"PORT={free_port()}", f"KUBECONFIG={control_plane.kubeconfig()}")
    eventually(make.is_up, timeout=90)
    assert control_plane.url in make.printed


def test_a_port_in_use_is_named_before_anything_is_started(run_make):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal(run_make(f"PORT={port}")) == (
            f"make run: port {port} cannot be used (Address already in use): "
            "stop what listens there, or choose another one: make run PORT=8090"
        )


@pytest.mark.parametrize("port", ["0", "http", "70000", "-1"])
def test_a_port_that_is_none_is_refused(run_make, port):
    assert refusal(run_make(f"PORT={port}")).startswith(
        f"make run: PORT={port} is not a port: write a number"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no such file"),
        ("", "is not a usable kubeconfig"),
        ("a: [", "is not a usable kubeconfig"),
        ("apiVersion: v1\nkind: Config\nclusters: []\n", "is not a usable kubeconfig"),
    ],
)
def test_a_broken_kubeconfig_is_one_line(run_make, tmp_path, content, says):
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    words = refusal(run_make(f"PORT={free_port()}", f"KUBECONFIG={path}"))
    assert words.startswith(f"make run: KUBECONFIG={path}")
    assert says in words
    assert "\n" not in words


def test_a_cluster_that_does_not_answer_is_one_line(run_make, tmp_path, control_plane):
    path = tmp_path / "kubeconfig"
    config = control_plane.kubeconfig().read_text()
    path.write_text(config.replace(control_plane.url, f"https://127.0.0.1:{free_port()}"))
    words = refusal(run_make(f"PORT={free_port()}", f"KUBECONFIG={path}"))
    assert "no API server answers at https://127.0.0.1:" in words
    assert "\n" not in words


def test_a_caller_without_rights_is_told_whose_they_lack(run_make, control_plane):
    words = refusal(run_make(f"PORT={free_port()}", f"KUBECONFIG={control_plane.kubeconfig('viewer')}"))
    assert "takes a cluster admin: 403 Forbidden" in words
    assert '"viewer" cannot patch' in words
