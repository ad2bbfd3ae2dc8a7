"""Why the store does not do what was asked."""

from collections.abc import Iterable

from registry.planning.catalogue import Revision


class StoreError(Exception):
    """A save or a read that the store refuses; the text is a sentence for a person."""


class StoreUnreadable(StoreError):
    """What is in the cluster does not say what is in force: nothing may be changed by it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def head_missing(name: str, head: int) -> StoreUnreadable:
    """The error for a head whose record somebody deleted."""
    return StoreUnreadable(f"The record of revision {head} of template {name} is missing.")


def no_records(store: str) -> StoreUnreadable:
    """The error for a catalogue without any history."""
    return StoreUnreadable(
        f"ConfigMap {store} has no recorded revisions. Restore the ConfigMaps {store}.* from a backup."
    )


class StoreBusy(StoreError):
    """Others wrote again and again in between; the same save may succeed later."""


class TemplateNotFound(StoreError):
    """There is no such template now."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no template {name}.")
        self.name = name


class TemplateExists(StoreError):
    """A new template has the name of one that is there."""

    def __init__(self, current: Revision) -> None:
        super().__init__(f"Template {current.name} exists already, at revision {current.number}.")
        self.current = current


class PreconditionFailed(StoreError):
    """The template is no longer what the edit was based on; `current` says who changed it and when."""

    def __init__(self, current: Revision) -> None:
        super().__init__(
            f"Template {current.name} is at revision {current.number} now, "
            f"saved by {current.author} at {current.time}."
        )
        self.current = current


class ScopeChanged(StoreError):
    """A template's scope never changes."""

    def __init__(self, name: str, scope: str) -> None:
        super().__init__(f"Template {name} has scope {scope}, which never changes. Choose another name.")
        self.name = name
        self.scope = scope


class TooLarge(StoreError):
    """The ConfigMap would not hold it; `largest` are the biggest templates with their bytes."""

    def __init__(self, size: int, limit: int, largest: Iterable[tuple[str, int]]) -> None:
        self.size = size
        self.limit = limit
        self.largest = tuple(largest)
        named = ", ".join(f"{name} ({bytes_} bytes)" for name, bytes_ in self.largest)
        super().__init__(
            f"All templates together would have {size} bytes; the ConfigMap holds {limit}. "
            f"The largest: {named}."
        )
