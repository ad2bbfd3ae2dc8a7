"""Label selectors in their text form, as scale subresources give them. Pure.

The grammar is that of `kubectl get -l`:
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from registry.model.labels import is_label_key, is_label_value
from registry.planning.exclusion import Requirement, requirements
from registry.planning.objects import Selector

_REQUIREMENT: Final = re.compile(
    r"""\s*(?:
        !\s*(?P<absent>[^\s,=!<>()]+)
        |(?P<key>[^\s,=!<>()]+)\s*(?:
            (?P<equal>==?|!=)\s*(?P<value>[^\s,=!<>()]*)
            |(?P<set>in|notin)\s*\((?P<values>[^()]*)\)
        )?
    )\s*(?:,|$)""",
    re.VERBOSE,
)


class NoLabelSelector(ValueError):
    """A text that is no selector, or that asks for what a LabelSelector cannot say (`<`, `>`)."""


def selector_text(selector: Selector) -> str:
    """The text of a LabelSelector, as a query has it; empty for one that selects everything."""
    return ",".join(_written(one) for one in sorted(requirements(selector)))


def _written(one: Requirement) -> str:
    match one.operator:
        case "In" | "NotIn":
            return f"{one.key} {one.operator.lower()} ({','.join(one.values)})"
        case _:
            return one.key if one.operator == "Exists" else f"!{one.key}"


def parse_selector(text: str) -> Selector:
    """The LabelSelector of a text; `{}` for an empty one. Raises NoLabelSelector.

    Equal for texts that differ in the order of requirements or values alone.
    """
    labels: dict[str, str] = {}
    expressions: list[dict[str, Any]] = []
    for key, operator, values in sorted(set(_requirements(text))):
        if operator == "In" and len(values) == 1 and labels.setdefault(key, values[0]) == values[0]:
            continue
        listed = {"values": list(values)} if values else {}
        expressions.append({"key": key, "operator": operator, **listed})
    parts = {"matchLabels": labels, "matchExpressions": expressions}
    return {name: part for name, part in parts.items() if part}


def _requirements(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _REQUIREMENT.match(text, place)
        if found is None:
            raise NoLabelSelector(text)
        key, operator, values = _requirement(found)
        if not is_label_key(key) or not all(map(is_label_value, values)):
            raise NoLabelSelector(text)
        yield key, operator, values
        place = found.end()
    if text.rstrip().endswith(","):
        raise NoLabelSelector(text)


def _requirement(found: re.Match[str]) -> tuple[str, str, tuple[str, ...]]:
    if found["absent"]:
        return found["absent"], "DoesNotExist", ()
    if found["equal"]:
        return found["key"], "NotIn" if found["equal"] == "!=" else "In", (found["value"],)
    if found["set"]:
        values = {value.strip() for value in found["values"].split(",")}
        return found["key"], "In" if found["set"] == "in" else "NotIn", tuple(sorted(values))
    return found["key"], "Exists", ()
