"""Each fault of the protocol, while a workload changes in each way: afterwards the cluster is as was asked.

Within a second of the fault's end nothing is missing; no policy was deleted and made anew; and as many
writes were carried out as there were changes. What goes wrong does so for long enough that delays which grow
would show.
"""

import time
from pathlib import Path

import pytest

from devcluster.faults import (
    Answer,
    CutBody,
    CutEvent,
    Drop,
    ErrorEvent,
    FaultProxy,
    LoseAnswer,
    Match,
    Slow,
    Stall,
)
from devcluster.faults.actions import Action
from tests.cluster import eventually
from tests.controller_process import ControllerProcess
from tests.faults.scene import Scene

LONG = 5.0
VERY_LONG = 25.0
"""After which a delay that doubled with each attempt would be longer than any machine's excuse."""

UNDER_WAY = 25
"""More than a controller has watches."""

EVERYTHING = Match()
WATCHES = Match(watch=True)
WRITES = Match(methods=frozenset({"POST", "PUT", "PATCH", "DELETE"}), resource="networkpolicies")

LASTING: dict[str, tuple[Action, Match]] = {
    "watches are cut": (Drop(), WATCHES),
    "watches are stalled": (Stall(), WATCHES),
    "watches end by 410 Gone": (ErrorEvent(410), WATCHES),
    "watches are answered by 410 Gone": (Answer(410), WATCHES),
    "watches are answered by 500": (Answer(500), WATCHES),
    "watches are answered by 429": (Answer(429), WATCHES),
    "watches end by 500": (ErrorEvent(500), WATCHES),
    "everything is cut": (Drop(), EVERYTHING),
    "everything is stalled": (Stall(), EVERYTHING),
    "everything is answered by 500": (Answer(500), EVERYTHING),
    "everything is answered by 503": (Answer(503), EVERYTHING),
    "everything is answered by 429": (Answer(429), EVERYTHING),
    "everything is answered by 401": (Answer(401), EVERYTHING),
    "writes are cut": (Drop(), WRITES),
    "writes are stalled": (Stall(), WRITES),
    "writes are answered by 409": (Answer(409), WRITES),
    "writes are answered by 429": (Answer(429), WRITES),
    "writes are answered by 500": (Answer(500), WRITES),
    "writes are answered by 503": (Answer(503), WRITES),
    "events are cut in the middle": (CutEvent(), WATCHES),
}

PASSING: dict[str, tuple[Action, Match, int]] = {
    "watches are cut once": (Drop(), WATCHES, 15),
    "watches end by 410 Gone once": (ErrorEvent(410), WATCHES, 15),
    "events are cut in the middle": (CutEvent(), WATCHES, 10),
    "answers to writes are lost": (LoseAnswer(), WRITES, 3),
    "answers to writes are cut in the middle": (CutBody(), WRITES, 3),
    "writes are refused by 409": (Answer(409), WRITES, 3),
    "writes are refused by 500": (Answer(500), WRITES, 3),
    "answers are slow": (Slow(0.3), EVERYTHING, 10),
}


@pytest.mark.parametrize("fault", LASTING)
def test_what_changed_during_a_fault_is_made_good_within_a_second_of_its_end(
    fault: str, proxy: FaultProxy, scene: Scene
):
    action, match = LASTING[fault]
    injected = proxy.inject(action, match)
    if "answered" in fault:
        proxy.inject(Drop(), WATCHES, times=UNDER_WAY)  # so that they are begun anew, and answered so
    scene.change()
    eventually(lambda: injected.fired)
    time.sleep(LONG)
    proxy.heal()
    scene.assert_borne(time.monotonic())


def test_however_long_an_outage_lasts_its_end_is_known_at_once(proxy: FaultProxy, scene: Scene):
    with proxy.inject(Drop()):
        scene.change()
        time.sleep(VERY_LONG)
    scene.assert_borne(time.monotonic())


@pytest.mark.parametrize("fault", PASSING)
def test_faults_that_pass_by_themselves_are_borne(fault: str, proxy: FaultProxy, scene: Scene):
    action, match, times = PASSING[fault]
    injected = proxy.inject(action, match, times=times)
    scene.change()
    eventually(lambda: injected.fired >= times)
    scene.assert_borne(time.monotonic())


@pytest.mark.parametrize("fault", [*LASTING, *PASSING])
def test_every_fault_has_its_row(fault: str):
    page = (Path(__file__).parent.parent.parent / "docs" / "faults.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    assert fault in {one.strip() for row in rows for one in row.split(";")}


def test_after_an_outage_without_changes_nothing_is_written(
    proxy: FaultProxy, scene: Scene, controller: ControllerProcess
):
    with proxy.inject(Drop()):
        eventually(lambda: not controller.leads())
    eventually(controller.leads)
    scene.shop.run("later", {"https": "true"})
    scene.shop.await_policy("https")
    eventually(lambda: scene.written() == {"create": 1})
