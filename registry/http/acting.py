"""Acting on objects of the cluster as the caller, whom the API server itself knows, judges and audits.

The service lends its connection, never its rights: each of these requests carries the caller's own token.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from registry.cluster.client import Requests
from registry.cluster.errors import ApiError, Conflict, Forbidden, Unauthorized, Unprocessable
from registry.http import problems
from registry.http.access import Right
from registry.http.problems import Refused
from registry.http.requests import backend, bearer_token, caller

T = TypeVar("T")


def require(right: Right) -> None:
    """Refuse (403) a caller without a right on objects of the cluster. Raises Refused, or ApiError."""
    here, who = backend(), caller()
    if here.call(here.access.may(who, right)):
        return
    resource = f"{right.resource}.{right.group}" if right.group else right.resource
    target = f"{resource} {right.name}".rstrip()
    where = f" in namespace {right.namespace}" if right.namespace else ""
    members = {
        "verb": right.verb,
        "resource": resource,
        "name": right.name,
        "namespace": right.namespace,
        "user": who.username,
    }
    detail = (
        f"{who.username} may not {right.verb} {target}{where}: no role grants it. "
        "An administrator can bind one."
    )
    raise Refused(problems.FORBIDDEN, detail, members=members)


def as_caller(work: Callable[[Requests], Coroutine[Any, Any, T]]) -> T:
    """What `work` answers, done with the caller's own token.

    Raises Refused where the API server refuses it, ApiError where it did not do its part.
    """
    here = backend()
    token = bearer_token()

    async def act() -> T:
        return await work(here.client.acting_as(token))

    try:
        return here.call(act())
    except ApiError as error:
        raise refused(error) from error


def refused(error: ApiError) -> Exception:
    """The API server's refusal of what a caller asked, as the problem to answer; else the error itself."""
    match error:
        case Unauthorized():
            return Refused(problems.UNAUTHENTICATED, f"The API server no longer takes the token: {error}.")
        case Forbidden():
            return Refused(problems.FORBIDDEN, f"The API server refuses: {error}")
        case Conflict():
            detail = f"Somebody changed it at the same time: {error}. Read it again, and repeat the call."
            return Refused(problems.OBJECT_CHANGED, detail)
        case Unprocessable():
            return Refused(problems.OBJECT_REFUSED, f"The API server refuses: {error}")
    return error
