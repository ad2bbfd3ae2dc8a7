r"""Regular expressions of JSON Schema's `pattern`, which are those of ECMA-262.

Python's `$` also matches before a final line break, so that `^[a-z]+$` would let "a\n" through;
here it matches at the very end only.
Source: https://json-schema.org/draft/2020-12/json-schema-core#name-regular-expressions
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from jsonschema import ValidationError


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


def check_pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
    """Yield an error when a text does not match: the `pattern` keyword, as jsonschema calls it."""
    if isinstance(instance, str) and not compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
