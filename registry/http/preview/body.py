"""What a preview is asked for: exactly one change of a template, or of one of its users."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.http.conversion import converted, invalid
from registry.http.rollouts.body import RolloutBody, check_rollout
from registry.model.problems import Problem


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
    rollout: RolloutBody | None = None
    parameters: ParametersPart | None = None

    @property
    def change(self) -> str:
        """The one that is asked for. Raises Refused."""
        given = [field for field in self.__struct_fields__ if getattr(self, field) not in (None, False)]
        if len(given) != 1:
            reason, fix = f"It asks for {len(given)} changes.", f"Give exactly one of {CHOICES}."
            raise invalid([Problem("", reason, fix)])
        return given[0]


CHOICES: Final = ", ".join(PreviewBody.__struct_fields__)


def read_preview(body: object) -> PreviewBody:
    """The body of a preview. Raises Refused."""
    asked = converted(body, PreviewBody, "PreviewRequest")
    if asked.rollout:
        check_rollout(asked.rollout, "/rollout")
    return asked


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
            "allOf": [{"$ref": "#/components/schemas/RolloutRequest"}],
            "description": "Its pinned users would move to a revision.",
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
