"""From a body's JSON value to the Struct that a view reads."""

from typing import TypeVar

import msgspec

from registry.http import problems
from registry.http.problems import Refused
from registry.model.problems import Problem

T = TypeVar("T")


def converted(value: object, shape: type[T], schema: str) -> T:
    """The value as `shape`, which /docs calls `schema`. Raises Refused with a pointer to what is wrong."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
        wrong = Problem(pointer, f"{text}.", f"See {schema} in /docs for what there is.")
        raise invalid([wrong]) from error


def invalid(wrong: list[Problem]) -> Refused:
    """The refusal of a body that asks for nothing that can be done."""
    return Refused(problems.INVALID_BODY, wrong[0].reason, errors=wrong)
