"""What a rollout is asked to do: to which revision, whom, and how fast."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from registry.http.conversion import converted, invalid
from registry.http.queries import MESSAGE_LIMIT
from registry.model.labels import check_selector
from registry.model.problems import Problem
from registry.planning.rollouts import MAX_BATCH, MAX_PAUSE_SECONDS

BATCH: Final = 50

Names = Annotated[list[str], msgspec.Meta(min_length=1)]


class WorkloadPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One user; the group only where the kind is not enough."""

    namespace: str
    kind: str
    name: str
    group: str | None = None


class RolloutBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """All filters have to match; without any, all pinned users are meant."""

    revision: Annotated[int, msgspec.Meta(ge=1)] | None = None
    namespaces: Names | None = None
    namespace_selector: dict[str, Any] | None = None
    selector: dict[str, Any] | None = None
    workloads: Annotated[list[WorkloadPart], msgspec.Meta(min_length=1)] | None = None
    batch: Annotated[int, msgspec.Meta(ge=1, le=MAX_BATCH)] = BATCH
    pause_seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_PAUSE_SECONDS)] = 0
    message: Annotated[str, msgspec.Meta(max_length=MESSAGE_LIMIT)] = ""


def read_rollout(body: object) -> RolloutBody:
    """The body of a rollout. Raises Refused."""
    asked = converted(body, RolloutBody, "RolloutRequest")
    check_rollout(asked)
    return asked


def check_rollout(asked: RolloutBody, pointer: str = "") -> None:
    """Refuse what only a closer look shows; `pointer` leads to where it stands. Raises Refused."""
    wrong = [
        *check_selector(asked.namespace_selector or {}, f"{pointer}/namespaceSelector"),
        *check_selector(asked.selector or {}, f"{pointer}/selector"),
    ]
    if not asked.message.isprintable():
        wrong.append(
            Problem(f"{pointer}/message", "It holds a control character.", "Write one line of text.")
        )
    if wrong:
        raise invalid(wrong)


def _selector(description: str) -> Mapping[str, Any]:
    return {"type": "object", "description": f"{description}, a LabelSelector; {{}} selects all."}


REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "description": "Who is moved where. All filters have to match; without any, all pinned users are moved.",
    "properties": {
        "revision": {
            "type": "integer",
            "minimum": 1,
            "description": "The revision to move to; the current one when it is left out.",
        },
        "namespaces": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string"},
            "description": "Only the users in these namespaces.",
        },
        "namespaceSelector": _selector("Only the users in namespaces with such labels"),
        "selector": _selector("Only the workloads that bear such labels themselves (no Namespaces)"),
        "workloads": {
            "type": "array",
            "minItems": 1,
            "description": "Only these.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["namespace", "kind", "name"],
                "properties": {
                    "namespace": {"type": "string"},
                    "kind": {
                        "type": "string",
                        "description": "Such as Deployment; Namespace for a Namespace's own reference.",
                    },
                    "name": {"type": "string"},
                    "group": {"type": "string", "description": "The API group, if the kind is not enough."},
                },
            },
        },
        "batch": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_BATCH,
            "default": BATCH,
            "description": "How many are moved at once; the next come when these are in force.",
        },
        "pauseSeconds": {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_PAUSE_SECONDS,
            "default": 0,
            "description": "How long to wait between batches.",
        },
        "message": {"type": "string", "maxLength": MESSAGE_LIMIT, "description": "Why, for people."},
    },
}

EXAMPLE: Final[Mapping[str, Any]] = {
    "revision": 2,
    "namespaces": ["shop"],
    "batch": 20,
    "pauseSeconds": 10,
    "message": "narrower ports",
}
