"""What the service reads from a request: its caller, its body, its conditions."""

from functools import lru_cache
from typing import Final

from flask import current_app, g, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_accept_header, parse_etags

from registry.http import problems
from registry.http.access import LONGEST_TOKEN, Caller
from registry.http.backend import Backend
from registry.http.problems import Refused
from registry.model.documents import load_yaml
from registry.model.problems import Invalid, Problem
from registry.model.template import Template, parse_template
from registry.store.saves import ANY

MEDIA_TYPES: Final = ("application/json", "application/yaml", "text/yaml")
MERGE_PATCH: Final = "application/merge-patch+json"
YAML_SUFFIX: Final = "-yaml"
"""Ends the ETag of YAML, since strong ETags differ between representations (RFC 9110, 8.8.1)."""


def backend() -> Backend:
    """The worker's asynchronous side."""
    found: Backend = current_app.extensions["backend"]
    return found


def caller() -> Caller:
    """Who makes this request; set by `authenticate`."""
    found: Caller = g.caller
    return found


def admit(verb: str, name: str) -> None:
    """Let the request pass if its caller may `verb` the template `name`; raises Refused, or ApiError."""
    known = authenticate()
    here, token = backend(), bearer_token()
    allowed = here.access.decided(token, verb, name)
    if allowed is None:
        allowed = here.call(here.access.decide(token, known, verb, name))
    if not allowed:
        raise _forbidden(known, verb, name)


def authenticate() -> Caller:
    """Who makes this request, by its token; raises Refused, or ApiError."""
    token = bearer_token()
    here = backend()
    known = here.access.known(token)
    if known is None:
        known = here.call(here.access.identify(token))
    if not isinstance(known, Caller):
        raise _unauthenticated("The API server does not know this token; it may have expired.")
    g.caller = known
    return known


def bearer_token() -> str:
    """The token of this request, to act as its caller. Raises Refused."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise _unauthenticated("Send `Authorization: Bearer <token>` with a token of this cluster.")
    return token


def body() -> object:
    """The body's JSON value, from JSON or YAML. Raises Refused; 413 when it is too long."""
    return _body("Accept", ", ".join(MEDIA_TYPES))


def merge_patch_body() -> object:
    """The JSON merge patch in the body. Raises Refused; 413 when it is too long."""
    return _body("Accept-Patch", MERGE_PATCH)  # RFC 5789, 3.1


def raw_body(header: str = "Accept", accepted: str = ", ".join(MEDIA_TYPES)) -> bytes:
    """The body's bytes, if they are of an accepted type. Raises Refused; 413 when they are too many."""
    if request.mimetype not in accepted.split(", ") or request.content_encoding:
        given = request.content_encoding or request.mimetype or "none"
        detail = f"The type is {given}. Send {accepted}, without a content encoding."
        raise Refused(problems.UNSUPPORTED_MEDIA_TYPE, detail, headers={header: accepted})
    return _received()


def _body(header: str, accepted: str) -> object:
    try:
        return load_yaml(raw_body(header, accepted))
    except Invalid as error:
        raise Refused(problems.MALFORMED_BODY, str(error), errors=error.problems) from error


def _received() -> bytes:
    """The body as it comes in; of one without a length, werkzeug would cut off silently what is too much."""
    limit = request.max_content_length
    if limit is None or request.content_length is not None:
        return request.get_data(cache=False)
    request.max_content_length = limit + 1
    data = request.get_data(cache=False)
    if len(data) > limit:
        raise RequestEntityTooLarge
    return data


def template(name: str | None = None) -> Template:
    """The template in the body, which is to be that of `name` if given. Raises Refused."""
    return parsed(body(), name)


def parsed(document: object, name: str | None = None) -> Template:
    """The template of a document, which is to be that of `name` if given. Raises Refused."""
    try:
        found = parse_template(document)
    except Invalid as error:
        raise Refused(problems.INVALID_TEMPLATE, _count(error.problems), errors=error.problems) from error
    if name is not None and found.name != name:
        wrong = Problem(
            "/name",
            f"The name is {found.name}, but the address says {name}.",
            f"Write {name}; a template cannot be renamed.",
        )
        raise Refused(problems.INVALID_TEMPLATE, wrong.reason, errors=[wrong])
    return found


def expected() -> tuple[str, ...]:
    """The ETags of If-Match. Raises Refused without that header."""
    given = parse_etags(request.headers.get("If-Match"))
    if given.star_tag:
        return (ANY,)
    if not given:
        detail = "Send If-Match with the ETag that you last read, so that nobody's change is overwritten."
        raise Refused(problems.PRECONDITION_REQUIRED, detail)
    # A weak ETag never matches: RFC 9110, 13.1.1. An empty one is read as None.
    return tuple(sorted((tag or "").removesuffix(YAML_SUFFIX) for tag in given.as_set()))


def wants_yaml() -> bool:
    """Whether the caller prefers YAML to JSON."""
    return _prefers_yaml(request.headers.get("Accept", ""))


@lru_cache(maxsize=32)
def _prefers_yaml(accept: str) -> bool:
    accepted = parse_accept_header(accept, MIMEAccept)
    return accepted.best_match(MEDIA_TYPES, MEDIA_TYPES[0]) != MEDIA_TYPES[0]


def _unauthenticated(detail: str) -> Refused:
    challenge = {"WWW-Authenticate": 'Bearer realm="netpol-registry"'}
    return Refused(problems.UNAUTHENTICATED, detail, headers=challenge)


def _forbidden(who: Caller, verb: str, name: str) -> Refused:
    namespace = backend().settings.store_namespace
    target = f"template {name}" if name else "templates"
    detail = (
        f"{who.username} may not {verb} {target}: no role grants {verb} on templates.netpol-registry.dev "
        f"in namespace {namespace}. An administrator can bind one."
    )
    members = {
        "verb": verb,
        "resource": "templates.netpol-registry.dev",
        "name": name,
        "namespace": namespace,
        "user": who.username,
    }
    return Refused(problems.FORBIDDEN, detail, members=members)


def _count(found: tuple[Problem, ...]) -> str:
    return str(found[0]) if len(found) == 1 else f"{len(found)} things are wrong with it; see errors."
