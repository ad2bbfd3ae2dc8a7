"""The parameters that a user gives with a reference: read, validated, completed."""

from typing import TYPE_CHECKING

from registry.model.checks import shown
from registry.model.documents import load_yaml
from registry.model.parameter_schema import closed, validate, with_defaults
from registry.model.problems import Invalid, Problem

if TYPE_CHECKING:
    from registry.model.template import Template

Parameters = dict[str, object]


def load_parameters(text: str) -> Parameters:
    """Return the mapping written in a parameters annotation, YAML or JSON; raises Invalid."""
    value = load_yaml(text)
    if not isinstance(value, dict):
        raise Invalid([_no_mapping(value)])
    return value


def fill(template: "Template", given: object) -> Parameters:
    """Return the parameters with the template's defaults filled in, nested ones too.

    Raises Invalid with pointers into `given`.
    """
    if not isinstance(given, dict):
        raise Invalid([_no_mapping(given)])
    schema = closed(template.parameters)
    filled = with_defaults(schema, given)
    problems = validate(schema, filled)
    if problems or not isinstance(filled, dict):
        raise Invalid(problems)
    return filled


def _no_mapping(value: object) -> Problem:
    reason = "There are no parameters." if value is None else f"{shown(value)} is not a mapping."
    return Problem("", reason, "Write `name: value` pairs, or {} for the defaults.")
