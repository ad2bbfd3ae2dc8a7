"""How two label selectors stand to each other, whatever pods there are."""

from collections import defaultdict
from collections.abc import Iterable

from registry.planning.exclusion import Requirement

Requirements = frozenset[Requirement]
"""A selector (`exclusion.requirements`)."""


def overlap(one: Requirements, other: Requirements) -> bool:
    """Whether some set of labels satisfies both; pods that bear it need not exist.

    Labels of different keys never contradict each other, so each key is looked at alone.
    """
    by_key: defaultdict[str, list[Requirement]] = defaultdict(list)
    for requirement in one | other:
        by_key[requirement.key].append(requirement)
    return all(_satisfiable(asked) for asked in by_key.values())


def contains(wide: Requirements, narrow: Requirements) -> bool:
    """Whether each requirement of `wide` follows from one of `narrow`, so that it selects all of that."""
    return all(any(_follows(one, given) for given in narrow if given.key == one.key) for one in wide)


def _satisfiable(asked: Iterable[Requirement]) -> bool:
    """Whether one value of a label, or its absence, satisfies all that is asked of it."""
    values: defaultdict[str, list[set[str]]] = defaultdict(list)
    for requirement in asked:
        values[requirement.operator].append(set(requirement.values))
    if "DoesNotExist" in values:
        return not values.keys() & {"In", "Exists"}
    # Without In there is always one more value that no NotIn names.
    return "In" not in values or bool(set.intersection(*values["In"]) - set().union(*values["NotIn"]))


def _follows(one: Requirement, given: Requirement) -> bool:
    """Whether what satisfies `given` satisfies `one`, of the same key."""
    values, others = set(one.values), set(given.values)
    match one.operator, given.operator:
        case "In", "In":
            return others <= values
        case "Exists", "In" | "Exists":
            return True
        case "NotIn", "In":
            return not values & others
        case "NotIn", "NotIn":
            return values <= others
        case (("NotIn" | "DoesNotExist"), "DoesNotExist"):
            return True
        case _:
            return False
