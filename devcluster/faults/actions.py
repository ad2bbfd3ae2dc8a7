"""What a fault does, and at which moments of an exchange it can."""

import enum
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final


class Stage(enum.Enum):
    """A moment in which something may go wrong."""

    REQUEST = "a request came, and was not passed on yet"
    ANSWER = "the whole answer is here, and was not passed on yet; the API server has done its work"
    BEGUN = "a watch was answered, its events come next"
    NEWS = "a fault was injected while a watch was under way"
    LINE = "a line of a watch is here, and was not passed on yet"


_WATCH: Final = frozenset({Stage.NEWS, Stage.LINE})


class Action:
    """A kind of fault."""

    stages: ClassVar[frozenset[Stage]]


@dataclass(frozen=True)
class Drop(Action):
    """Cut the connection: before a request is passed on, or amid a watch, between two lines."""

    stages = frozenset({Stage.REQUEST}) | _WATCH


@dataclass(frozen=True)
class Stall(Action):
    """Pass nothing on, with the connection open, until the fault ends; then go on, as after a partition."""

    stages = frozenset({Stage.REQUEST, Stage.ANSWER, Stage.BEGUN}) | _WATCH


@dataclass(frozen=True)
class Answer(Action):
    """Answer with this status instead of the API server, which never hears of the request.

    `retry_after` is in seconds; without one there is no such header. `reason` is the Kubernetes one.
    """

    code: int
    reason: str = ""
    retry_after: int | None = None
    stages = frozenset({Stage.REQUEST})


@dataclass(frozen=True)
class ErrorEvent(Action):
    """End a watch by an ERROR event, such as 410 Gone."""

    code: int = HTTPStatus.GONE
    reason: str = "Expired"
    stages = frozenset({Stage.BEGUN}) | _WATCH


@dataclass(frozen=True)
class CutEvent(Action):
    """Pass half of a watch's line on, then cut the connection."""

    stages = frozenset({Stage.LINE})


@dataclass(frozen=True)
class CutBody(Action):
    """Pass half of an answer's body on, then cut the connection."""

    stages = frozenset({Stage.ANSWER})


@dataclass(frozen=True)
class LoseAnswer(Action):
    """Cut the connection instead of passing on an answer: what a write did, only the API server knows."""

    stages = frozenset({Stage.ANSWER})


@dataclass(frozen=True)
class Slow(Action):
    """Hold each answer, and each line of a watch, for so many seconds."""

    seconds: float
    stages = frozenset({Stage.ANSWER, Stage.LINE})


_REASONS: Final = {401: "Unauthorized", 409: "Conflict", 410: "Expired", 429: "TooManyRequests"}


def status_object(code: int, reason: str) -> bytes:
    """The Status in which the API server would refuse (meta/v1)."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"injected fault: {code}",
        "reason": reason or _REASONS.get(code, ""),
        "code": code,
    }
    return json.dumps(body).encode()
