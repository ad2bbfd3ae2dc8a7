"""The bodies of answers: JSON and YAML bytes with their headers."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import Response, request

from registry.http.requests import YAML_SUFFIX
from registry.planning.catalogue import Entry, Revision
from registry.store.bodies import text_of
from registry.store.saves import etag
from registry.store.writer import Outcome

JSON: Final = "application/json"
YAML: Final = "application/yaml"
REVISION_HEADER: Final = "Netpol-Registry-Revision"
FLAG_HEADER: Final = "Netpol-Registry-Flag"


def quoted(revision: Revision) -> str:
    """The ETag of a revision as a header or a body shows it."""
    return f'"{etag(revision)}"'


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(msgspec.json.encode(value), status, headers, content_type=JSON)


def template_answer(entry: Entry, *, yaml: bool) -> Response:
    """The current document of a template, in YAML or JSON."""
    revision = entry.current
    tag = etag(revision) + (YAML_SUFFIX if yaml else "")
    headers = {"ETag": f'"{tag}"', "Vary": "Accept", REVISION_HEADER: str(revision.number)}
    if entry.flag:
        headers[FLAG_HEADER] = entry.flag
    if yaml and revision.template:
        return Response(text_of(revision.template), 200, headers, content_type=YAML)
    return json_answer(revision.template.document if revision.template else None, 200, headers)


def unless_known(answer: Response) -> Response:
    """The answer, or 304 when the caller has it already."""
    if "HTTP_IF_NONE_MATCH" not in request.environ:  # told without parsing what is nearly never there
        return answer
    tag, _ = answer.get_etag()
    if tag is None or not request.if_none_match.contains_weak(tag):
        return answer
    kept = [(name, value) for name, value in answer.headers if not name.startswith("Content-")]
    return Response(status=304, headers=kept)


def outcome_answer(outcome: Outcome, status: int = 200, *, dry: bool = False) -> Response:
    """What a write did, or would do."""
    revision = outcome.revision
    body = {
        **revision_summary(revision),
        "changed": outcome.changed,
        "dryRun": dry,
        "detail": _sentence(outcome, dry=dry),
    }
    headers = {} if dry or revision.template is None else {"ETag": quoted(revision)}
    if status == 201 and not dry:  # noqa: PLR2004 (HTTP's own number)
        headers["Location"] = f"{request.path.rstrip('/')}/{revision.name}"
    return json_answer(body, 200 if dry else status, headers)


def entry_summary(entry: Entry) -> dict[str, Any]:
    """A template as lists show it."""
    template = entry.current.template
    shown = (
        {key: getattr(template, key) for key in ("title", "description", "category", "scope")}
        if template
        else {}
    )
    return {
        "name": entry.name,
        **shown,
        "revision": entry.head,
        "etag": quoted(entry.current),
        "changed": entry.current.time,
        "author": entry.current.author,
        "flag": entry.flag,
        "problems": entry.problems,
    }


def revision_summary(revision: Revision) -> dict[str, Any]:
    """A revision without its document."""
    return {
        "name": revision.name,
        "revision": revision.number,
        "etag": quoted(revision),
        "author": revision.author,
        "time": revision.time,
        "message": revision.message,
        "digest": revision.digest,
        "deleted": revision.template is None,
    }


def _sentence(outcome: Outcome, *, dry: bool) -> str:
    revision = outcome.revision
    if not outcome.changed:
        return f"Nothing changed: the template is so already, at revision {revision.number}."
    verb = "deleted" if revision.template is None else "saved"
    return (
        f"It would be {verb}; nothing was written."
        if dry
        else f"It is {verb}, as revision {revision.number}."
    )
