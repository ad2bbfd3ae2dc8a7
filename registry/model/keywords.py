r"""JSON Schema keywords that are read more strictly, or run in less time, than jsonschema does.

- `integer`: a whole number as written; 80.0 is none, as Kubernetes takes it for no port.
- `pattern`: the regular expressions of ECMA-262, where `$` is the end of the text. Python's `$` also
  matches before a final line break, so that `^[a-z]+$` would let "a\n" through.
- `uniqueItems`: in linear time, as users' input is not bounded enough for comparing all pairs.

Source: https://json-schema.org/draft/2020-12/json-schema-core#name-regular-expressions
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from registry.model.documents import canonical


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the compiled expression; raises re.error."""
    return re.compile("".join(_translated(pattern)))


def _translated(pattern: str) -> Iterator[str]:
    escaped = in_class = False
    for character in pattern:
        yield r"\Z" if character == "$" and not escaped and not in_class else character
        if not escaped and character in "[]":
            in_class = character == "["
        escaped = character == "\\" and not escaped


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _unique_items(_: object, unique: bool, instance: object, __: object) -> Iterator[ValidationError]:
    if unique and isinstance(instance, list) and len(set(map(canonical, instance))) < len(instance):
        yield ValidationError("an item stands twice")


Validator: Final[type[Draft202012Validator]] = extend(  # type: ignore[no-untyped-call]  # no types in its stub
    Draft202012Validator,
    {"pattern": _pattern, "uniqueItems": _unique_items},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
"""Validates by draft 2020-12 with the readings above."""
