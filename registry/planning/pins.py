"""Pins that last: what pinned references have in force, recorded when their template moves on. Pure.

A pin says the same as the policy's own marks. It counts only where there is no such policy: because
somebody deleted it while no controller ran, or because a backup brought the workload back without it.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from registry.planning.names import parse_kind_name
from registry.planning.objects import Key
from registry.planning.resolve import Applied

KEPT_DAYS: Final = 30
"""How long the pin of a workload that is gone waits for its return."""


class Pin(msgspec.Struct, frozen=True, omit_defaults=True):
    """The revision and the parameters of one reference; `gone` is the day its object was missed first."""

    revision: int
    parameters: Mapping[str, Any] = {}
    gone: str = ""

    def applied(self) -> Applied:
        """What was in force."""
        return Applied(self.revision, self.parameters, "pinned")


Pins = Mapping[Key, Pin]
"""The pins of one template."""

Recorded = Callable[[str, Key], Pin | None]
"""What is recorded of the reference of a key to a template."""


def unrecorded(_template: str, _key: Key) -> Pin | None:
    """Nothing is."""
    return None


class Held(NamedTuple):
    """What an object has of a template now. `there`: the object exists; `pinned`: its reference is."""

    there: bool
    pinned: bool
    applied: Applied | None


def wanted(head: int, held: Mapping[Key, Held], stored: Pins, today: date) -> Pins:
    """The pins that there should be, when the current revision is `head`."""
    found = {
        key: pin for key in {*held, *stored} if (pin := _pin(head, held.get(key), stored.get(key), today))
    }
    return {key: found[key] for key in sorted(found)}


def _pin(head: int, held: Held | None, stored: Pin | None, today: date) -> Pin | None:
    if held is None or not held.there:
        return _of_gone(stored, today)
    if not held.pinned:
        return None
    if held.applied is None:
        return Pin(stored.revision, stored.parameters) if stored else None
    # At the current revision nothing is needed: it would come back so by itself.
    return Pin(held.applied.revision, held.applied.parameters) if held.applied.revision < head else None


def _of_gone(stored: Pin | None, today: date) -> Pin | None:
    if stored is None:
        return None
    if not stored.gone:
        return msgspec.structs.replace(stored, gone=today.isoformat())
    return stored if today - _day(stored.gone) <= timedelta(KEPT_DAYS) else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min  # spoiled by hand


def written(pins: Pins) -> dict[str, str]:
    """The pins as they are stored: by namespace, JSON by kind and name."""
    spaces: dict[str, dict[str, Pin]] = {}
    for key, pin in pins.items():
        spaces.setdefault(key.namespace, {})[key.kind_name] = pin
    return {name: msgspec.json.encode(users, order="sorted").decode() for name, users in spaces.items()}


def read(texts: Mapping[str, str]) -> dict[Key, Pin]:
    """The stored pins; what somebody spoiled by hand is left out."""
    found: dict[Key, Pin] = {}
    for namespace, text in texts.items():
        try:
            users = _USERS.decode(text)
        except msgspec.MsgspecError:
            continue
        keys = ((parse_kind_name(name, namespace), pin) for name, pin in users.items())
        found |= {key: pin for key, pin in keys if key}
    return found


_USERS: Final = msgspec.json.Decoder(dict[str, Pin])
