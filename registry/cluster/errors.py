"""What the API server refuses, as exceptions to catch by kind."""

from typing import Self

import msgspec


class Cause(msgspec.Struct, frozen=True):
    """One reason of a refusal; `field` such as `spec.ingress[0].ports[0].port`, if it is about one."""

    field: str = ""
    message: str = ""


class Details(msgspec.Struct, frozen=True):
    """What a refusal is about."""

    causes: tuple[Cause, ...] = ()


class Status(msgspec.Struct, frozen=True):
    """The `Status` object in which the API server answers a refusal."""

    code: int = 0
    reason: str = ""
    message: str = ""
    details: Details = Details()


class ApiError(Exception):
    """A request that the API server did not carry out.

    `status` carries its own words; `retry_after` is what it asked us to wait, in seconds.
    """

    def __init__(self, status: Status, retry_after: float | None = None) -> None:
        self.status = status
        self.retry_after = retry_after
        super().__init__(status.message or status.reason or f"HTTP {status.code}")

    @classmethod
    def of(cls, code: int, body: bytes, retry_after: str | None = None) -> "ApiError":
        """The error for an answer with a status code of 400 or more."""
        try:
            status = msgspec.json.decode(body, type=Status)
        except msgspec.MsgspecError:
            status = Status(message=body[:500].decode(errors="replace"))
        status = msgspec.structs.replace(status, code=code)
        kind = _ALREADY_EXISTS if status.reason == "AlreadyExists" else _BY_CODE.get(code, cls._default(code))
        return kind(status, _seconds(retry_after))

    @classmethod
    def _default(cls, code: int) -> "type[ApiError]":
        return ServerError if code >= 500 else ApiError  # noqa: PLR2004 (HTTP's own boundary)


class BadRequest(ApiError):
    """400: the request cannot be understood, such as a WatchList on a server too old for it."""


class Unauthorized(ApiError):
    """401: the credentials are unknown or have expired."""


class Forbidden(ApiError):
    """403: RBAC, a quota or an admission plugin refuses."""


class NotFound(ApiError):
    """404: no such object or kind."""


class Conflict(ApiError):
    """409: the object changed since it was read, or a precondition failed."""


class AlreadyExists(Conflict):
    """409 AlreadyExists: an object of that name is there."""


class Gone(ApiError):
    """410: a resource version too old to watch from."""


class Unprocessable(ApiError):
    """422: the object is not valid."""


class TooManyRequests(ApiError):
    """429: wait `retry_after` and try again."""


class ServerError(ApiError):
    """500 and above: the server's own trouble; try again."""


class Unreachable(ApiError):
    """No answer: the connection failed or timed out."""

    @classmethod
    def because(cls, error: Exception) -> Self:
        """From a transport's exception."""
        return cls(Status(reason="Unreachable", message=f"{type(error).__name__}: {error}"))


_ALREADY_EXISTS: type[ApiError] = AlreadyExists
_BY_CODE: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Unprocessable,
    429: TooManyRequests,
}


def is_transient(error: ApiError) -> bool:
    """Whether the same request may succeed later without anybody changing it or what it is about.

    Unauthorized too: tokens are renewed while we run, and read anew when one is refused.
    """
    return isinstance(error, (TooManyRequests, ServerError, Unreachable, Unauthorized))


def _seconds(retry_after: str | None) -> float | None:
    # RFC 9110 allows a date too; the API server only ever sends seconds.
    return float(retry_after) if retry_after and retry_after.isdigit() else None
