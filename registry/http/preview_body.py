"""What a preview is asked for: exactly one change of a template, or of one of its users."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.http import problems
from registry.http.problems import Refused
from registry.model.problems import Problem


class RolloutPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pinned users move to a revision: those in `namespaces`, or all."""

    revision: int
    namespaces: list[str] | None = None


class ParametersPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One user asks for other parameters."""

    kind: str
    namespace: str
    name: str
    values: dict[str, Any]
    group: str | None = None


class PreviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of these."""

    document: dict[str, Any] | None = None
    rollback: int | None = None
    deletion: bool = False
    rollout: RolloutPart | None = None
    parameters: ParametersPart | None = None

    @property
    def change(self) -> str:
        """The one that is asked for. Raises Refused."""
        given = [field for field in self.__struct_fields__ if getattr(self, field) not in (None, False)]
        if len(given) != 1:
            raise _invalid("", f"It asks for {len(given)} changes.", f"Give exactly one of {CHOICES}.")
        return given[0]


CHOICES: Final = ", ".join(PreviewBody.__struct_fields__)


def read_preview(body: object) -> PreviewBody:
    """The body of a preview. Raises Refused."""
    try:
        return msgspec.convert(body, PreviewBody)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
        raise _invalid(
            pointer, f"{text}.", "See PreviewRequest in /docs for the fields there are."
        ) from error


def _invalid(pointer: str, reason: str, fix: str) -> Refused:
    return Refused(problems.INVALID_BODY, reason, errors=[Problem(pointer, reason, fix)])


REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "description": "Exactly one change.",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "document": {
            "allOf": [{"$ref": "#/components/schemas/Template"}],
            "description": "The template would be saved like this; it need not exist.",
        },
        "rollback": {
            "type": "integer",
            "minimum": 1,
            "description": "It would be rolled back to this revision.",
        },
        "deletion": {"const": True, "description": "It would be deleted, by force."},
        "rollout": {
            "type": "object",
            "additionalProperties": False,
            "required": ["revision"],
            "description": "Its pinned users would move to a revision.",
            "properties": {
                "revision": {"type": "integer", "minimum": 1},
                "namespaces": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Only the users in these; all if left out.",
                },
            },
        },
        "parameters": {
            "type": "object",
            "additionalProperties": False,
            "required": ["kind", "namespace", "name", "values"],
            "description": "One user would ask for other parameters.",
            "properties": {
                "group": {
                    "type": "string",
                    "description": "The API group, if the kind is not enough.",
                },
                "kind": {"type": "string", "description": "Such as Deployment, or Namespace."},
                "namespace": {"type": "string"},
                "name": {"type": "string"},
                "values": {"type": "object", "description": "As in the params annotation."},
            },
        },
    },
}
