"""What enabling and disabling a namespace and restoring a backup are asked for."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from flask import request

from registry.http.conversion import converted
from registry.http.requests import body

Unmanaged = Literal["keep", "remove", "adopt"]
Policies = Literal["remove", "leave"]


class EnableBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of policies that this product did not write."""

    unmanaged: Unmanaged = "keep"


class DisableBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of policies that this product wrote."""

    policies: Policies = "remove"


class RestoreBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which backup."""

    backup: str


def read_enable(body: object) -> EnableBody:
    """The body of enabling. Raises Refused."""
    return converted(body, EnableBody, "EnableRequest")


def read_disable() -> DisableBody:
    """The body of this request to disable; a missing one asks for removal. Raises Refused."""
    sent = bool(request.content_length) or "Transfer-Encoding" in request.headers
    return converted(body(), DisableBody, "DisableRequest") if sent else DisableBody()


def read_restore(body: object) -> RestoreBody:
    """The body of restoring. Raises Refused."""
    return converted(body, RestoreBody, "RestoreRequest")


ENABLE_REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "description": "How to enable; {} keeps what is there.",
    "properties": {
        "unmanaged": {
            "enum": ["keep", "remove", "adopt"],
            "default": "keep",
            "description": "What becomes of NetworkPolicies that this product did not write. keep: they "
            "stay. remove: they go after a backup, once the generated ones are in force. adopt: references "
            "take the place of those that a template gives exactly so; the others stay.",
        },
    },
}

DISABLE_REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "description": "How to disable; {} removes the generated policies.",
    "properties": {
        "policies": {
            "enum": ["remove", "leave"],
            "default": "remove",
            "description": "What becomes of the generated NetworkPolicies. remove: they go. leave: they stay "
            "as they are, as ordinary ones.",
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
DISABLE_EXAMPLE: Final = {"policies": "leave"}
RESTORE_EXAMPLE: Final = {"backup": "netpol-registry-backup-20260101-120000-000"}
