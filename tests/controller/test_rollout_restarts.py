"""Rollouts through a crash of the controller, and with two controllers that write at once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from devcluster.cluster import ControlPlane
from registry.planning.objects import Key
from tests.cluster import AuditLog, eventually, unique_name
from tests.controller.rolling import Rolling, await_revisions, pinned_to_the_first, revisions
from tests.controller.shop import Shop
from tests.controller.store import Catalogue
from tests.controller_process import ControllerProcess

USERS = [f"w{number:03d}" for number in range(100)]


@pytest.fixture
def rolling(catalogue: Catalogue) -> Rolling:
    return Rolling(catalogue)


class Hundred(NamedTuple):
    """A template at revision 2 and its users, pinned to revision 1."""

    template: str
    users: list[Key]


@pytest.fixture
def hundred(own_controller: ControllerProcess, shop: Shop, catalogue: Catalogue) -> Hundred:
    own_controller.start()
    template = unique_name("moved")
    return Hundred(template, pinned_to_the_first(catalogue, template, shop, *USERS))


@pytest.fixture
def other_controller(
    control_plane: ControlPlane, store: str, group: str, tmp_path: Path
) -> Iterator[ControllerProcess]:
    (tmp_path / "other").mkdir()
    process = ControllerProcess(control_plane, store, group, tmp_path / "other")
    process.setting("LEASE_NAME", "other")
    yield process
    process.stop()


def moved(shop: Shop) -> int:
    return Counter(revisions(shop).values())["2"]


def successes(audit: AuditLog, shop: Shop) -> Counter[str]:
    """Writes of policies that were carried out, by name."""
    return Counter(one.name for one in audit.writes("", "networkpolicies", shop.name) if one.code < 300)


def test_a_kill_amid_a_rollout_of_100_loses_none_and_writes_none_twice(
    own_controller: ControllerProcess, hundred: Hundred, shop: Shop, rolling: Rolling, audit: AuditLog
):
    audit.restart()
    rolling.begin(*hundred, batch=5)
    eventually(lambda: moved(shop) > 10)
    own_controller.kill()
    assert moved(shop) < 100, "killed too late to show anything"
    own_controller.start()
    rolling.await_state(hundred.template, "done", timeout=60)
    await_revisions(shop, dict.fromkeys(USERS, "2"))
    assert set(successes(audit, shop).values()) == {1}


def test_a_rollout_recorded_while_the_controller_is_down_is_carried_out(
    own_controller: ControllerProcess, hundred: Hundred, shop: Shop, rolling: Rolling
):
    own_controller.stop()
    rolling.begin(*hundred)
    own_controller.start()
    rolling.await_state(hundred.template, "done")
    assert moved(shop) == 100


def test_a_rollout_stopped_while_the_controller_is_down_stays_so(
    own_controller: ControllerProcess, hundred: Hundred, shop: Shop, rolling: Rolling
):
    own_controller.stop()
    rolling.begin(*hundred)
    rolling.stop(hundred.template)
    own_controller.start()
    rolling.await_state(hundred.template, "stopped")
    assert moved(shop) == 0


def test_two_controllers_at_once_move_each_once_and_call_nothing_a_failure(
    other_controller: ControllerProcess, hundred: Hundred, shop: Shop, rolling: Rolling, audit: AuditLog
):
    other_controller.start()
    audit.restart()
    rolling.begin(*hundred, batch=20)
    status = rolling.await_state(hundred.template, "done", timeout=60)
    assert (moved(shop), status["failures"]) == (100, {})
    assert set(successes(audit, shop).values()) == {1}
