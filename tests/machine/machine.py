"""The state machine: users and admins in random order, against the model of the contract."""

from typing import NamedTuple

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.admins import CatalogueRules, ControllerRules, PolicyRules
from tests.machine.site import Site
from tests.machine.users import UserRules


class Machine(UserRules, PolicyRules, CatalogueRules, ControllerRules):
    """Everybody at once."""


class Budget(NamedTuple):
    """How much to try. The same `seed` makes the same steps; `shrink`: find the fewest that fail."""

    seed: int
    examples: int
    steps: int
    shrink: bool = True


def run(site: Site, budget: Budget) -> None:
    """Run the machine on a site. Raises what the first failure raises, with the steps that lead to it."""

    @seed(budget.seed)
    def machine() -> Machine:
        return Machine(site)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=budget.examples,
            stateful_step_count=budget.steps,
            database=None,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink] if budget.shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
