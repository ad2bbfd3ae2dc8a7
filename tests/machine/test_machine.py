"""Random actions on a real cluster with a real controller: it does what the model of the contract says."""

import os
from collections.abc import Iterator
from typing import Final

import pytest

from tests.machine.machine import Budget, run
from tests.machine.site import Site, site

STEPS_OF_AN_EXAMPLE: Final = 40
BUDGET: Final = Budget(
    seed=int(os.environ.get("MACHINE_SEED", "1")),
    examples=max(1, int(os.environ.get("MACHINE_STEPS", "400")) // STEPS_OF_AN_EXAMPLE),
    steps=STEPS_OF_AN_EXAMPLE,
    shrink=os.environ.get("MACHINE_SHRINK") != "no",
)


@pytest.fixture(scope="module")
def place(control_plane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(control_plane, tmp_path_factory.mktemp("machine")) as one:
        yield one


# The service's own threads use it, which hypothesis takes for the strategies' doing.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
def test_the_cluster_is_as_the_contract_says_after_every_step(place: Site):
    try:
        run(place, BUDGET)
    finally:
        print(f"seed {BUDGET.seed}: {place.steps} steps, {dict(place.tally)}")  # noqa: T201 (shown with -rP)
