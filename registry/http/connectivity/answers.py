"""Answers about connectivity in the format that the caller asks for; equal ones have the same ETag."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Response, request
from marshmallow import fields, validate

from registry.connectivity.formats.render import Format, formats_of, render
from registry.http.answers import JSON, json_answer, unless_known
from registry.http.blueprints import F
from registry.http.connectivity.blueprint import blueprint
from registry.http.connectivity.schemas import answer_schema

Document = dict[str, Any]

COMPLETENESS_HEADER: Final = "Netpol-Registry-Completeness"
"""How complete an answer is, in short, since not all formats have a place for it."""

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "json": JSON,
    "csv": "text/csv; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    # https://www.iana.org/assignments/media-types/text/vnd.graphviz
    "dot": "text/vnd.graphviz; charset=utf-8",
    # Mermaid has no registered type.
    "mermaid": "text/plain; charset=utf-8",
}
"""By format; all but Mermaid's can be asked for by Accept too."""

_ACCEPTED: Final = {media.partition(";")[0]: name for name, media in MEDIA_TYPES.items() if name != "mermaid"}


def answers(answer: str, document: Document) -> Callable[[F], F]:
    """Document an answer in all of its formats, by the name of its schema, with an example."""

    def declare(view: F) -> F:
        others = [name for name in formats_of(answer) if name != "json"]
        text = {"schema": {"type": "string"}}
        content = {
            MEDIA_TYPES[name].partition(";")[0]: {**text, "example": render(answer, document, name)}
            for name in others
        }
        described = blueprint.answer(200, answer_schema(answer), example=document)(view)
        return blueprint.doc(responses={200: {"content": content}})(described)

    return declare


def format_field(answer: str) -> fields.String:
    """The query parameter that chooses a format."""
    return fields.String(
        validate=validate.OneOf(formats_of(answer)),
        metadata={"description": "The format; without it the one that Accept prefers, else JSON."},
    )


def told(answer: str, document: Document, query: Mapping[str, Any]) -> Response:
    """An answer, or 304 where the caller has it already."""
    wanted: Format = query.get("format") or _accepted(formats_of(answer))
    made = (
        json_answer(document)
        if wanted == "json"
        else Response(render(answer, document, wanted), content_type=MEDIA_TYPES[wanted])
    )
    made.headers["Vary"] = "Accept"
    made.headers[COMPLETENESS_HEADER] = _in_short(document["completeness"])
    made.set_etag(hashlib.sha256(made.get_data()).hexdigest()[:16])
    return unless_known(made)


def _in_short(completeness: Document) -> str:
    left_out = ",".join(one["reason"] for one in completeness["leftOut"])
    seen = "all" if completeness["everythingSeen"] else "part"
    return f"enforced={completeness['enforcement']['enforced']}; seen={seen}; left-out={left_out}"


def _accepted(formats: tuple[Format, ...]) -> Format:
    offered = [JSON, *(media for media, name in _ACCEPTED.items() if name in formats and media != JSON)]
    best = request.accept_mimetypes.best_match(offered, JSON)
    return next(name for name in formats if name == _ACCEPTED[best or JSON])
