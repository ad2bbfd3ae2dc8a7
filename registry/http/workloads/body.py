"""What is asked of a template on a workload: the label's value, and parameters."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import request

from registry.http.conversion import converted, invalid
from registry.http.requests import body
from registry.model.problems import Problem
from registry.planning.references import Malformed, parse_reference


class AttachBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The label's value; parameters that are left out stay as they are on the workload."""

    value: str = "true"
    parameters: dict[str, Any] | None = None


def read_attach(template: str) -> AttachBody:
    """The body of this request; a missing one asks for the defaults. Raises Refused."""
    asked = converted(body(), AttachBody, "AttachRequest") if _sent() else AttachBody()
    try:
        parse_reference(template, asked.value)
    except Malformed as error:
        fix = 'Write "true", "latest", "false", or "v" and the number of a revision.'
        raise invalid([Problem("/value", str(error), fix)]) from error
    return asked


def _sent() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


REQUEST: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "description": "How the workload has the template.",
    "properties": {
        "value": {
            "type": "string",
            "pattern": "^(true|false|latest|v[1-9][0-9]{0,8})$",
            "default": "true",
            "description": "true: pinned. latest: follows the template. v7: exactly revision 7. "
            "false: not applied.",
        },
        "parameters": {
            "type": "object",
            "description": "As in the params annotation; {} for the defaults. Left out, they stay so.",
        },
    },
}

EXAMPLE: Final[Mapping[str, Any]] = {"value": "true", "parameters": {"port": 6432}}
