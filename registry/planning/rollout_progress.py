"""Whom a rollout is to move, and how far it is: from what each user of the template has. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from registry.planning.objects import Key
from registry.planning.rollouts import Failure, Rollout, Status, keys_of

Position = Literal["moved", "left", "failed", "released"]


class Held(NamedTuple):
    """What a user has: the revision in force (None: no policy), and whether it is pinned to that."""

    revision: int | None
    pinned: bool


NOTHING = Held(None, False)


class Selection(NamedTuple):
    """Users by what a rollout does with them.

    `movable` are at another revision, `there` at this one already. `skipped` have a label that says which
    revision they get, or no policy yet.
    """

    movable: list[Key]
    there: list[Key]
    skipped: list[Key]


class Place(NamedTuple):
    """One user of a rollout and where it stands; `revision` is the one in force."""

    key: Key
    position: Position
    revision: int | None
    failure: Failure | None = None


def select(users: Mapping[Key, Held], revision: int) -> Selection:
    """What a rollout of these users to `revision` has to do."""
    selection = Selection([], [], [])
    for key, held in users.items():
        if not held.pinned or held.revision is None:
            selection.skipped.append(key)
        elif held.revision == revision:
            selection.there.append(key)
        else:
            selection.movable.append(key)
    return selection


def places(rollout: Rollout, status: Status, users: Mapping[Key, Held]) -> list[Place]:
    """Where each user of the rollout stands, in the order in which they are moved."""
    return [
        _place(key, users.get(key, NOTHING), rollout.revision, _failure(status, key))
        for key in keys_of(rollout.users)
    ]


def counts(found: Iterable[Place]) -> Mapping[str, int]:
    """How many users stand where."""
    counted = Counter(place.position for place in found)
    return {position: counted[position] for position in ("moved", "left", "failed", "released")}


def _failure(status: Status, key: Key) -> Failure | None:
    return status.failures.get(key.namespace, {}).get(key.kind_name)


def _place(key: Key, held: Held, revision: int, failure: Failure | None) -> Place:
    if not held.pinned or held.revision is None:
        return Place(key, "released", held.revision)
    if held.revision == revision:
        return Place(key, "moved", held.revision)
    return Place(key, "failed" if failure else "left", held.revision, failure)
