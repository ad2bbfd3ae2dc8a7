"""What changed in the watched cluster since the network last took it in: at most one entry for each object.

The informers' loop only notes what an object is now; whoever asks for connections carries it over, in a
thread of its own. So nothing that is asked ever holds a watch up.
"""

import threading
import time

import msgspec

from registry.connectivity.objects import PolicyKey
from registry.planning.objects import Key, LivePolicy, Namespace, Workload
from registry.world.network_objects import origin_of
from registry.world.triggers import Watched


class Changes(msgspec.Struct):
    """Objects as they are now, None for what is gone; `since` is when the first was noted, monotonic."""

    namespaces: dict[str, Namespace | None] = {}
    workloads: dict[Key, Workload | None] = {}
    policies: dict[PolicyKey, LivePolicy | None] = {}
    since: float | None = None

    def __len__(self) -> int:
        return len(self.namespaces) + len(self.workloads) + len(self.policies)

    def places(self) -> set[str]:
        """The namespaces in which they are."""
        places = (key.namespace for key in self.policies)
        return {*self.namespaces, *(key.namespace for key in self.workloads), *places}


class NetworkFeed:
    """Gathers changes until they are fetched; safe for threads."""

    def __init__(self) -> None:
        self._changes = Changes()
        self._lock = threading.Lock()

    def take(self, old: Watched | None, new: Watched | None) -> None:
        """Note that an object appeared, changed or went, if connections may depend on what changed."""
        changed = new or old
        if changed is None or (old is not None and new is not None and _alike(old, new)):
            return
        with self._lock:
            _note(self._changes, changed, gone=new is None)
            self._changes.since = self._changes.since or time.monotonic()

    def fetch(self) -> Changes:
        """What was noted since this was last called."""
        with self._lock:
            found, self._changes = self._changes, Changes()
        return found

    def give_back(self, changes: Changes) -> None:
        """Have what could not be taken in fetched again, unless something newer was noted meanwhile."""
        with self._lock:
            newer, self._changes = self._changes, changes
            changes.namespaces |= newer.namespaces
            changes.workloads |= newer.workloads
            changes.policies |= newer.policies

    def __len__(self) -> int:
        return len(self._changes)

    @property
    def lag(self) -> float:
        """For how many seconds the oldest change has been waiting; 0 where none is."""
        since = self._changes.since
        return 0.0 if since is None else time.monotonic() - since


def _note(changes: Changes, changed: Watched, *, gone: bool) -> None:
    match changed:
        case Namespace():
            changes.namespaces[changed.name] = None if gone else changed
        case Workload():
            changes.workloads[changed.key] = None if gone else changed
        case LivePolicy():
            changes.policies[PolicyKey(changed.namespace, changed.name)] = None if gone else changed


def _alike(old: Watched, new: Watched) -> bool:
    """Whether no connection depends on the difference, such as a status."""
    match old, new:
        case Namespace(), Namespace():
            return old.labels == new.labels
        case Workload(), Workload():
            return old.pods == new.pods
        case LivePolicy(), LivePolicy():
            return old.spec == new.spec and origin_of(old) == origin_of(new)
    return False
