"""What a request asks of the API server, in the words of RBAC. Pure."""

from typing import Final

_WRITES: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def verb_of(method: str, path: str, *, watch: bool) -> str:
    """The verb of a request without subresource: a path ends in a collection, or in a name after one.

    https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
    """
    if method in _WRITES:
        return _WRITES[method]
    if watch:
        return "watch"
    # /api/v1 and /apis/group/version go before; then come pairs of a plural and a name.
    root = 3 if path.startswith("/apis/") else 2
    return "list" if (path.count("/") - root) % 2 else "get"


def resource_of(path: str) -> str:
    """The plural, with its group, of what a request is about, in whatever namespace and of whatever name."""
    _, kind, *rest = path.split("/")
    group = rest.pop(0) if kind == "apis" and rest else ""
    rest = rest[1:]
    if not rest:
        return path  # no resource, such as /readyz, or the discovery of groups or of one
    plural = rest[2] if rest[0] == "namespaces" and len(rest) > 2 else rest[0]  # noqa: PLR2004 (a name, a plural)
    return f"{plural}.{group}" if group else plural
