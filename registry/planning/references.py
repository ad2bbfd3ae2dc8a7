"""What a template label's value asks for, by the label contract."""

import re
from typing import Literal

import msgspec

Tracking = Literal["pinned", "exact", "latest"]

_EXACT = re.compile(r"v([1-9][0-9]{0,8})")


class Reference(msgspec.Struct, frozen=True):
    """A reference to `template`; `revision` is set for exact tracking alone."""

    template: str
    tracking: Tracking
    revision: int | None = None


class Malformed(ValueError):
    """A label value outside the contract."""


def parse_reference(template: str, value: str) -> Reference | None:
    """The reference that `value` asks for; None for `"false"`. Raises Malformed for anything else."""
    if value == "true":
        return Reference(template, "pinned")
    if value == "latest":
        return Reference(template, "latest")
    if value == "false":
        return None
    if match := _EXACT.fullmatch(value):
        return Reference(template, "exact", int(match[1]))
    raise Malformed(
        f'"{value}" is not a value of this label. Write "true", "latest", "false" or "v" and a revision.'
    )
