"""When a namespace was last enabled or disabled, and in how long a window: as the controller's Event says.

The Event is read with the caller's own token. It is gone after the cluster's time for Events, an hour by
default (kube-apiserver's `--event-ttl`), and so are the figures.
"""

from typing import Any

import msgspec

from registry import contract
from registry.cluster.client import Requests
from registry.cluster.resources import EVENTS
from registry.http.access import Right
from registry.http.acting import as_caller
from registry.http.namespaces.rights import granted


class _Meta(msgspec.Struct):
    annotations: dict[str, str] = {}


class _Event(msgspec.Struct):
    metadata: _Meta


class _Events(msgspec.Struct):
    items: list[_Event] = []


class Figures(msgspec.Struct, rename="camel", frozen=True):
    """`at` is when the label was heard of, RFC 3339; `waiting` objects had policies that were refused."""

    action: str
    at: str
    writes: int
    window_seconds: float
    waiting: int


def last_switch(namespace: str) -> Figures | None:
    """The last that is told; None where none is, or the caller may not list Events. Raises ApiError."""
    if not granted({namespace: Right("list", EVENTS.group, EVENTS.plural, namespace)}):
        return None
    found = as_caller(lambda client: _events(client, namespace))
    texts = [one.metadata.annotations.get(contract.SWITCH_ANNOTATION) for one in found.items]
    figures = [one for text in texts if text and (one := _figures(text))]
    return max(figures, key=lambda one: one.at, default=None)


async def _events(client: Requests, namespace: str) -> _Events:
    about = f"involvedObject.kind=Namespace,involvedObject.name={namespace},source={contract.MANAGER}"
    return msgspec.json.decode(
        await client.get(EVENTS.path(namespace), {"fieldSelector": about}), type=_Events
    )


def _figures(text: str) -> Figures | None:
    """None where somebody spoiled the Event."""
    try:
        return msgspec.json.decode(text, type=Figures)
    except msgspec.MsgspecError:
        return None


EXAMPLE: dict[str, Any] = {
    "action": "enable",
    "at": "2026-01-01T12:00:00.000+00:00",
    "writes": 3,
    "windowSeconds": 0.0142,
    "waiting": 0,
}
