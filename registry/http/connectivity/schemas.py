"""Answers about connectivity as the OpenAPI document shows them: they are described in one schema file."""

from collections.abc import Mapping
from typing import Any


def answer_schema(name: str) -> Mapping[str, Any]:
    """The schema of one answer, by its name in `schemas/connectivity.schema.json`."""
    return {"$ref": f"#/components/schemas/Connectivity/$defs/{name}"}
