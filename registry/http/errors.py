"""From exceptions to problem documents: the one place where that is decided."""

import itertools
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from registry.cluster.errors import ApiError
from registry.http import problems
from registry.http.problems import Kind, Refused
from registry.model.documents import MAX_BYTES
from registry.model.pointers import join
from registry.model.problems import Problem
from registry.planning.catalogue import Revision
from registry.store.errors import (
    PreconditionFailed,
    ScopeChanged,
    StoreBusy,
    StoreError,
    StoreUnreadable,
    TemplateExists,
    TemplateNotFound,
    TooLarge,
)
from registry.store.saves import etag

log = logging.getLogger(__name__)

RETRY: Final = {"Retry-After": "2"}


def register(app: Flask) -> None:
    """Answer every error of the application with a problem document."""
    app.register_error_handler(Refused, lambda refused: refused.response())
    app.register_error_handler(StoreError, lambda error: _of_store(error).response())
    app.register_error_handler(ApiError, _of_cluster)
    app.register_error_handler(HTTPException, lambda error: _of_http(error).response())
    app.register_error_handler(Exception, _of_bug)


def _of_store(error: StoreError) -> Refused:
    return next(build(error) for kind, build in _STORE.items() if isinstance(error, kind))


def _precondition_failed(error: PreconditionFailed) -> Refused:
    current = error.current
    detail = f"{error} Read it again, and repeat your change on that."
    headers = {"ETag": f'"{etag(current)}"'}
    return Refused(
        problems.PRECONDITION_FAILED, detail, members={"current": _described(current)}, headers=headers
    )


def _exists(error: TemplateExists) -> Refused:
    detail = f"{error} Replace it with PUT, or choose another name."
    return Refused(problems.TEMPLATE_EXISTS, detail, members={"current": _described(error.current)})


def _scope_changed(error: ScopeChanged) -> Refused:
    wrong = Problem("/scope", f"The scope is {error.scope} and never changes.", f"Write {error.scope}.")
    return Refused(problems.SCOPE_CHANGED, str(error), errors=[wrong])


def _too_large(error: TooLarge) -> Refused:
    largest = [{"name": name, "bytes": size} for name, size in error.largest]
    members = {"size": error.size, "limit": error.limit, "largest": largest}
    return Refused(problems.STORE_FULL, f"{error} Shorten or delete some.", members=members)


def _plain(kind: Kind, headers: dict[str, str] | None = None) -> Callable[[StoreError], Refused]:
    return lambda error: Refused(kind, str(error), headers=headers)


_STORE: Final[dict[type[StoreError], Callable[[Any], Refused]]] = {
    PreconditionFailed: _precondition_failed,
    TemplateExists: _exists,
    ScopeChanged: _scope_changed,
    TooLarge: _too_large,
    TemplateNotFound: _plain(problems.TEMPLATE_NOT_FOUND),
    StoreUnreadable: _plain(problems.STORE_UNREADABLE, RETRY),
    StoreBusy: _plain(problems.STORE_BUSY, RETRY),
}


def _described(revision: Revision) -> dict[str, object]:
    return {
        "revision": revision.number,
        "etag": f'"{etag(revision)}"',
        "author": revision.author,
        "time": revision.time,
    }


def _of_cluster(error: ApiError) -> Response:
    log.warning("%s %s: the API server answered: %s", request.method, request.path, error)
    detail = f"The Kubernetes API server did not do its part: {error}"
    return Refused(problems.CLUSTER_UNAVAILABLE, detail, headers=RETRY).response()


def _of_http(error: HTTPException) -> Refused:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(error, RequestEntityTooLarge):
        return Refused(problems.BODY_TOO_LARGE, f"The body may have {MAX_BYTES} bytes at most.")
    if code == HTTPStatus.NOT_FOUND:
        return Refused(
            problems.NOT_FOUND, f"There is nothing at {request.path}. See /docs for what there is."
        )
    if code == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = dict(error.get_headers()).get("Allow", "")
        detail = f"{request.method} is not allowed here. Use one of: {allow}."
        return Refused(problems.METHOD_NOT_ALLOWED, detail, headers={"Allow": allow})
    if messages := getattr(error, "data", {}).get("messages"):
        return Refused(
            problems.INVALID_QUERY, "Correct the query parameters.", errors=list(_query_errors(messages))
        )
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refused(problems.INTERNAL, _FAILED)
    return Refused(problems.BAD_REQUEST, error.description or "The request cannot be understood.")


Reasons = list[str] | dict[int, list[str]]
"""What marshmallow says of a parameter; of one that may be given again, by the place of each."""


def _query_errors(messages: dict[str, dict[str, Reasons]]) -> Iterable[Problem]:
    for fields in messages.values():
        for name, reasons in fields.items():
            fix = f"Correct the query parameter {name}; /docs lists those of this operation."
            yield Problem(join("", name), " ".join(_all(reasons)), fix)


def _all(reasons: Reasons) -> Iterable[str]:
    if isinstance(reasons, dict):
        return dict.fromkeys(itertools.chain.from_iterable(reasons.values()))
    return reasons


_FAILED: Final = "The service failed on this request; its log says why. Try again, and report it if it stays."


def _of_bug(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return Refused(problems.INTERNAL, _FAILED).response()
