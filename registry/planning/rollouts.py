"""A rollout: users of a template that are pinned to other revisions are moved to one. Pure.

What it is to do is fixed when it begins. How far it is, the policies in the cluster say: nothing is
counted, so nothing can be miscounted by a crash.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

import msgspec

from registry.planning.changes import Plan
from registry.planning.names import parse_kind_name
from registry.planning.objects import Key

State = Literal["running", "stopping", "stopped", "done"]

MAX_BATCH: Final = 500
MAX_PAUSE_SECONDS: Final = 3600

MAX_USERS_BYTES: Final = 256_000
"""All users' names in JSON, about 10,000 of them. With every one failed the ConfigMap still fits 1 MiB."""

MESSAGES: Final = 100
"""Failures that are kept with their message; of further ones only the reason is."""

MESSAGE_LENGTH: Final = 300

Users = Mapping[str, tuple[str, ...]]
"""`Deployment.apps/db` by namespace, a Namespace itself as `Namespace/shop`."""


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done: move `users` to `revision`, `batch` at a time, with `pause` seconds between.

    `skipped` users were found that no rollout moves; `started` is RFC 3339 and tells rollouts of a
    template apart.
    """

    template: str
    revision: int
    users: Users
    batch: int
    pause: int
    skipped: int
    author: str
    started: str
    message: str = ""

    @property
    def total(self) -> int:
        """How many users it is to move."""
        return sum(map(len, self.users.values()))


class Failure(NamedTuple):
    """Why a user stays as it is: `reason` in CamelCase, `message` for a person."""

    reason: str
    message: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Where it stands. `detail` says why it ended; `failures` are by namespace and user."""

    state: State = "running"
    finished: str = ""
    detail: str = ""
    failures: Mapping[str, Mapping[str, Failure]] = {}

    @property
    def ended(self) -> bool:
        """Whether another may begin."""
        return self.state in {"stopped", "done"}


class Verdict(NamedTuple):
    """What a rollout makes of one user.

    `moved`: it is at the revision. `left`: it can be moved. `failed`: it stays as it is, for `failure`.
    `released`: it is gone, or its label asks for something else by now.
    """

    state: Literal["moved", "left", "failed", "released"]
    failure: Failure | None = None


RELEASED: Final = Verdict("released")


def verdict(plan: Plan, template: str, revision: int) -> Verdict:
    """The verdict on a user, from the plan for it with `revision` as the target of its reference."""
    for problem in plan.problems:
        if problem.template == template:
            return Verdict("failed", Failure(problem.reason, problem.message)) if problem.keep else RELEASED
    applied = plan.in_force.get(template)
    if applied is None or (applied.tracking, applied.revision) != ("pinned", revision):
        return RELEASED
    changes = any(change.template == template for change in plan.changes)
    return Verdict("left" if changes else "moved")


def grouped(keys: Iterable[Key]) -> Users:
    """Users as they are stored, in order."""
    found: dict[str, list[str]] = {}
    for key in sorted(keys, key=lambda one: (one.namespace, one.kind_name)):
        found.setdefault(key.namespace, []).append(key.kind_name)
    return {namespace: tuple(users) for namespace, users in found.items()}


def keys_of(users: Users) -> Iterator[Key]:
    """The keys of stored users; what somebody spoiled by hand is left out."""
    for namespace, names in users.items():
        yield from filter(None, (parse_kind_name(name, namespace) for name in names))


def fits(users: Users) -> bool:
    """Whether so many users can be stored."""
    return len(msgspec.json.encode(users)) <= MAX_USERS_BYTES


def with_failures(status: Status, failed: Mapping[Key, Failure]) -> Status:
    """The status with further failures; what was recorded first of a user stays."""
    failures = {namespace: dict(users) for namespace, users in status.failures.items()}
    told = sum(bool(one.message) for users in failures.values() for one in users.values())
    for key, failure in failed.items():
        users = failures.setdefault(key.namespace, {})
        if key.kind_name not in users:
            message = failure.message[:MESSAGE_LENGTH] if told < MESSAGES else ""
            users[key.kind_name] = Failure(failure.reason, message)
            told += bool(message)
    return msgspec.structs.replace(status, failures=failures)
