"""A watched copy in memory: objects by their place, and who is told when one changes."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from registry.cluster.watch import Identity

REMEMBERED = 10_000
"""Deletions kept in mind, because an answer to a write or an event may come after them."""


class Named(Protocol):
    """What an informer needs to know of its objects."""

    @property
    def namespace(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def uid(self) -> str: ...  # noqa: D102
    @property
    def resource_version(self) -> str: ...  # noqa: D102


T = TypeVar("T", bound=Named)

Place = tuple[str, str]
Handler = Callable[[T | None, T | None], None]


class Cache(Generic[T]):
    """Objects by (namespace, name); `handler(old, new)` is called for each change.

    Answers of our own writes are put in at once, so a copy never runs behind what we wrote. An
    older version never replaces a newer one: resource versions of one kind are ordered numbers
    (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions).
    """

    def __init__(self, handler: Handler[T]) -> None:
        self._objects: dict[Place, T] = {}
        self._gone: dict[str, float] = {}
        self._handler = handler

    def get(self, namespace: str, name: str) -> T | None:
        """The object of that name, if there is one."""
        return self._objects.get((namespace, name))

    def holds(self, identity: Identity) -> bool:
        """Whether that version of an object, or a newer one, is held."""
        held = self._objects.get((identity.namespace, identity.name))
        return held is not None and _version(held) >= int(identity.resource_version or 0)

    def __iter__(self) -> Iterator[T]:
        return iter(self._objects.values())

    def __len__(self) -> int:
        return len(self._objects)

    def put(self, new: T) -> None:
        """Take in `new`, unless it is older than what is held or was deleted by us."""
        place = (new.namespace, new.name)
        old = self._objects.get(place)
        if _version(new) < self._gone.get(new.uid, 0) or (old and _version(new) <= _version(old)):
            return
        self._objects[place] = new
        self._handler(old, new)

    def drop(self, gone: T, *, for_good: bool = False) -> None:
        """Take out the object that a watch says is gone, or (`for_good`) that we deleted ourselves.

        News from before come too late. An object that a watch with a selector lost may come back with
        the same UID, as a later version; one that we deleted never does.
        """
        self._gone[gone.uid] = math.inf if for_good else _version(gone)
        if len(self._gone) > REMEMBERED:
            del self._gone[next(iter(self._gone))]
        place = (gone.namespace, gone.name)
        old = self._objects.get(place)
        if old and old.uid == gone.uid:
            del self._objects[place]
            self._handler(old, None)

    def clear(self) -> None:
        """Take out everything: there is none of that kind any more."""
        for old in list(self._objects.values()):
            self.drop(old)

    def replace(self, objects: Iterable[T], version: str) -> None:
        """Take in a whole list of that version: what it lacks is gone, unless it is newer than the list.

        A list that was under way while we wrote knows nothing of what we wrote, or deleted, meanwhile.
        """
        listed = {(one.namespace, one.name): one for one in objects}
        for place, old in list(self._objects.items()):
            is_there = place in listed and listed[place].uid == old.uid
            if not is_there and _version(old) <= int(version or 0):
                self.drop(old)
        for new in listed.values():
            self.put(new)


def _version(one: Named) -> int:
    return int(one.resource_version or 0)
