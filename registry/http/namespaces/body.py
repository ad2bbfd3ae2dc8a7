"""What enabling a namespace and restoring a backup are asked for."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from registry.http.conversion import converted

Unmanaged = Literal["keep", "remove"]


class EnableBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of policies that this product did not write."""

    unmanaged: Unmanaged = "keep"


class RestoreBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which backup."""

    backup: str


def read_enable(body: object) -> EnableBody:
    """The body of enabling. Raises Refused."""
    return converted(body, EnableBody, "EnableRequest")


def read_restore(body: object) -> RestoreBody:
    """The body of restoring. Raises Refused."""
    return converted(body, RestoreBody, "RestoreRequest")


ENABLE_REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "description": "How to enable; {} keeps what is there.",
    "properties": {
        "unmanaged": {
            "enum": ["keep", "remove"],
            "default": "keep",
            "description": "What becomes of NetworkPolicies that this product did not write: they stay, or "
            "go after a backup once the generated ones are in force.",
        },
    },
}

RESTORE_REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["backup"],
    "properties": {
        "backup": {"type": "string", "description": "The name of one of the namespace's backups."}
    },
}

ENABLE_EXAMPLE: Final = {"unmanaged": "remove"}
RESTORE_EXAMPLE: Final = {"backup": "netpol-registry-backup-20260101-120000-000"}
