"""What is known of each cluster fact, and how."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from registry.model.facts import DEFAULT_FACTS
from registry.planning.objects import Key

How = Literal["setting", "detected", "default", "unknown"]


class Remark(msgspec.Struct, frozen=True):
    """A sentence for an admin, and the object that it is about, if it is about one."""

    message: str
    about: Key | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the cluster says of a fact: its value, None where nothing says it, and the objects that do.

    `read` is false while they have not been read: nothing may be concluded from what is missing then. `other`
    tells that the cluster has something else than the default, though not what.
    """

    value: list[Any] | None = None
    sources: tuple[Key, ...] = ()
    remarks: tuple[Remark, ...] = ()
    read: bool = True
    other: bool = False


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster fact as it stands; `value` is None where it is unknown."""

    name: str
    known: How
    value: Any = None
    sources: tuple[Key, ...] = ()
    remarks: tuple[Remark, ...] = ()


def fact(name: str, found: Found, given: Mapping[str, object], *, was_detected: bool) -> Fact:
    """The fact of this name: as a setting gives it, else as found, else the default.

    Where the cluster has something else than the default, that would be a guess. And a fact that was detected
    before is unknown rather than the default: policies stay as they are while a controller is installed anew,
    and none comes to allow more because something was deleted.
    """
    if name in given:
        return Fact(name=name, known="setting", value=given[name])
    if not found.read:
        waits = Remark("The objects that tell it have not been read yet; the log says what fails.")
        return Fact(name=name, known="unknown", remarks=(waits, *found.remarks))
    if found.value is not None:
        return Fact(
            name=name, known="detected", value=found.value, sources=found.sources, remarks=found.remarks
        )
    if was_detected:
        gone = Remark(
            "It was detected, and what told it is gone. Bring that back, or give it by the setting FACTS."
        )
        return Fact(name=name, known="unknown", remarks=(gone, *found.remarks))
    if name in DEFAULT_FACTS and not found.other:
        return Fact(name=name, known="default", value=DEFAULT_FACTS[name], remarks=found.remarks)
    nobody = Remark("Nothing that may be read tells it. Give it by the setting FACTS.")
    return Fact(name=name, known="unknown", remarks=(nobody, *found.remarks))


def address_peer(address: str) -> dict[str, Any]:
    """The peer that is one address."""
    return {"ipBlock": {"cidr": f"{address}/{128 if ':' in address else 32}"}}
