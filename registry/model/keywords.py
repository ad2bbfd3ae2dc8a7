r"""JSON Schema keywords that are read more strictly, or run in less time, than jsonschema does.

- `integer`: a whole number as written; 80.0 is none, as Kubernetes takes it for no port.
- `pattern`: the regular expressions of RE2, which match in linear time: an author's pattern meets
  users' texts, and Python's `re` can be made to run for hours. `$` is the end of the text, as in
  ECMA-262; in Python it also matches before a final line break.
- `uniqueItems`: in linear time, as users' input is not bounded enough for comparing all pairs.

Sources: https://json-schema.org/draft/2020-12/json-schema-core#name-regular-expressions,
https://github.com/google/re2/wiki/Syntax
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import re2  # type: ignore[import-untyped]  # has no types
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from registry.model.documents import canonical


class BadPattern(ValueError):
    """Not a regular expression of RE2."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:  # noqa: ANN401 (re2 has no types)
    """Return the compiled expression; raises BadPattern."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise BadPattern(str(error)) from error


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
