"""The lease goes by what was seen, on one's own monotonic clock: another machine's clock may be hours off."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from tests.cluster import eventually, unique_name
from tests.controller_process import ControllerProcess

SECONDS = 4
HOURS_OFF = [timedelta(hours=-7), timedelta(hours=7)]


class Other:
    """Another replica, on a machine whose clock is off, that holds the lease and renews it when told."""

    def __init__(self, api: Api, namespace: str, name: str, off: timedelta) -> None:
        self._api = api
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._name = name
        self._off = off
        spec = {"holderIdentity": "other", "leaseDurationSeconds": SECONDS, "leaseTransitions": 1}
        api.create(self._path, {"metadata": {"name": name}, "spec": {**spec, "renewTime": self._now()}})

    def renew(self) -> None:
        self._api.patch(f"{self._path}/{self._name}", {"spec": {"renewTime": self._now()}})

    def holder(self) -> str:
        holder: str = self._api.get(f"{self._path}/{self._name}")["spec"]["holderIdentity"]
        return holder

    def _now(self) -> str:
        return (datetime.now(UTC) + self._off).isoformat().replace("+00:00", "Z")


@pytest.fixture
def own_lease(
    control_plane: ControlPlane, store: str, group: str, tmp_path: Path
) -> Iterator[tuple[ControllerProcess, str]]:
    """A controller that competes for a lease of this test's own, not started, and the lease's name."""
    process, name = ControllerProcess(control_plane, store, group, tmp_path), unique_name("lease")
    process.setting("LEASE_NAME", name)
    yield process, name
    process.stop()


@pytest.fixture
def make_other(api: Api, store: str) -> Callable[[str, timedelta], Other]:
    return lambda name, off: Other(api, store, name, off)


@pytest.mark.parametrize("off", HOURS_OFF, ids=["hours behind", "hours ahead"])
def test_a_dead_leader_is_followed_after_its_lease_whatever_its_clock_said(
    off: timedelta, own_lease: tuple[ControllerProcess, str], make_other: Callable[[str, timedelta], Other]
):
    process, name = own_lease
    other = make_other(name, off)
    began = time.monotonic()
    process.start()  # waits until it leads
    assert other.holder() != "other"
    assert time.monotonic() - began >= SECONDS


@pytest.mark.parametrize("off", HOURS_OFF, ids=["hours behind", "hours ahead"])
def test_a_leader_that_renews_keeps_its_lease_whatever_its_clock_says(
    off: timedelta, own_lease: tuple[ControllerProcess, str], make_other: Callable[[str, timedelta], Other]
):
    process, name = own_lease
    other = make_other(name, off)
    process.start(wait=False)
    eventually(process.is_ready)
    for _ in range(SECONDS + 3):
        other.renew()
        time.sleep(1)
        assert (process.leads(), other.holder()) == (False, "other")
