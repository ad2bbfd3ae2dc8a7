"""What a plain (unquoted) YAML scalar means here: the core schema of YAML 1.2, minus its traps.

`yes`, `on` and dates are strings, as YAML 1.2 has it, so a label value `yes` is a label value. What
YAML versions read differently (`010` is 8 in 1.1 and 10 in 1.2) and what JSON cannot hold (`.nan`,
`.inf`, integers beyond 64 bits, which Kubernetes cannot hold either) is refused.
Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

import math
import re
from typing import Final

NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
TRUE: Final = frozenset({"true", "True", "TRUE"})
FALSE: Final = frozenset({"false", "False", "FALSE"})
INTEGER_LIMIT: Final = 2**63
"""Integers lie in [-INTEGER_LIMIT, INTEGER_LIMIT): the int64 of the Kubernetes API."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})|0o[0-7]{1,22}|0x[0-9a-fA-F]{1,16}")
_DIGITS = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASES: Final = {"0o": 8, "0x": 16}

Scalar = str | int | float | bool | None


class Ambiguous(ValueError):
    """A plain scalar without one clear JSON value; the text says why."""


def resolve(text: str) -> Scalar:
    """Return the JSON value of a plain scalar; raises Ambiguous."""
    if text in NULLS:
        return None
    if text in TRUE or text in FALSE:
        return text in TRUE
    if text[0] in "+-.0123456789":
        return _number(text)
    return text


def _number(text: str) -> Scalar:
    if _INTEGER.fullmatch(text):
        return _bounded(int(text[2:], _BASES[text[:2]]) if text[:2] in _BASES else int(text))
    if _DIGITS.fullmatch(text):
        raise Ambiguous("is read differently by YAML versions or too large for a number")
    if _NOT_FINITE.fullmatch(text):
        raise Ambiguous("is not a number that JSON can hold")
    return _finite(float(text)) if _FLOAT.fullmatch(text) else text


def _bounded(value: int) -> int:
    if not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
        raise Ambiguous("is too large for a 64-bit integer")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Ambiguous("is not a number that JSON can hold")
    return value
