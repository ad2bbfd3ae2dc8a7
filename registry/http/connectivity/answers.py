"""Answers about connectivity in the format that the caller asks for; equal ones have the same ETag."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Response

from registry.http.answers import json_answer, unless_known

Document = dict[str, Any]
Query = Mapping[str, Any]


def told(document: Document) -> Response:
    """An answer, or 304 where the caller has it already."""
    answer = json_answer(document)
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:16])
    return unless_known(answer)
