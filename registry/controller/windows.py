"""How long it takes, from the first write to the last, to enable or disable a namespace: told when done.

In that window some of its policies are in force and others are not yet, or no longer.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from registry import contract
from registry.controller import metrics
from registry.controller.queue import KeyQueue
from registry.model.counts import counted
from registry.planning.objects import Namespace, Note

PATIENCE: Final = 60.0
"""Seconds for which writes that were refused and are tried again still belong to it."""


class _Window:
    """One switch under way; times are of the monotonic clock, `at` is when it was heard of."""

    def __init__(self, *, managed: bool) -> None:
        self.managed = managed
        self.at = datetime.now(UTC)
        self.opened = time.monotonic()
        self.first = 0.0
        self.last = 0.0
        self.writes = 0

    @property
    def seconds(self) -> float:
        """From the first write's sending to the last one's answer."""
        return round(self.last - self.first, 4)


class Windows:
    """The switches under way, by namespace. `there` are the namespaces as the term finds them.

    A switch that this term did not see begin is not told: its first write was another's.
    """

    def __init__(
        self, queue: KeyQueue, there: Iterable[Namespace], tell: Callable[[Namespace, Note], None]
    ) -> None:
        self._queue = queue
        self._tell = tell
        self._seen = {one.name: (one.uid, one.managed) for one in there}
        self._open: dict[str, _Window] = {}

    def see(self, namespace: Namespace) -> None:
        """Look whether a namespace was enabled or disabled since; one that came since was not managed."""
        uid, managed = self._seen.get(namespace.name, ("", False))
        if (uid == namespace.uid and managed) != namespace.managed:
            self._open[namespace.name] = _Window(managed=namespace.managed)
        self._seen[namespace.name] = (namespace.uid, namespace.managed)

    def wrote(self, namespace: str, sent: float) -> None:
        """Count a write that was sent at that time of the monotonic clock, and answered now."""
        window = self._open.get(namespace)
        if window:
            window.first = min(window.first or sent, sent)
            window.last = time.monotonic()
            window.writes += 1

    def settle(self, namespace: Namespace) -> None:
        """End the window of a namespace in which nothing is left to do."""
        window = self._open.get(namespace.name)
        if window is None or self._queue.holds(namespace.name):
            return
        waiting = self._queue.failing_in(namespace.name)
        if waiting and time.monotonic() < window.opened + PATIENCE:
            return
        del self._open[namespace.name]
        if window.writes:
            action = "enable" if window.managed else "disable"
            metrics.SWITCH_SECONDS.labels(action).observe(window.seconds)
        self._tell(namespace, _note(window, waiting))

    def forget(self, namespace: str) -> None:
        """Let go of a namespace that is gone."""
        self._open.pop(namespace, None)
        self._seen.pop(namespace, None)


def _note(window: _Window, waiting: int) -> Note:
    figures = {
        "action": "enable" if window.managed else "disable",
        "at": window.at.isoformat(timespec="milliseconds"),
        "writes": window.writes,
        "windowSeconds": window.seconds,
        "waiting": waiting,
    }
    annotations = ((contract.SWITCH_ANNOTATION, msgspec.json.encode(figures).decode()),)
    written = counted(window.writes, "NetworkPolicy", "NetworkPolicies")
    message = f"{written} written within {window.seconds:.3f} s."
    if waiting:
        refused = counted(waiting, "object has", "objects have")
        message += f" {refused} policies that are still refused; Events say why."
    if window.managed:
        return Note("Normal", "NamespaceEnabled", message, annotations)
    return Note("Normal", "NamespaceDisabled", message, annotations)
