"""Whether two label selectors can select the same pod."""

from collections import defaultdict
from collections.abc import Iterable

from registry.planning.exclusion import Requirement, requirements
from registry.planning.objects import Selector


def overlap(one: Selector, other: Selector) -> bool:
    """Whether some set of labels satisfies both; pods that bear it need not exist.

    Labels of different keys never contradict each other, so each key is looked at alone.
    """
    by_key: defaultdict[str, list[Requirement]] = defaultdict(list)
    for requirement in requirements(one) | requirements(other):
        by_key[requirement.key].append(requirement)
    return all(_satisfiable(asked) for asked in by_key.values())


def _satisfiable(asked: Iterable[Requirement]) -> bool:
    """Whether one value of a label, or its absence, satisfies all that is asked of it."""
    values: defaultdict[str, list[set[str]]] = defaultdict(list)
    for requirement in asked:
        values[requirement.operator].append(set(requirement.values))
    if "DoesNotExist" in values:
        return not values.keys() & {"In", "Exists"}
    # Without In there is always one more value that no NotIn names.
    return "In" not in values or bool(set.intersection(*values["In"]) - set().union(*values["NotIn"]))
