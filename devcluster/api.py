"""A small JSON client for the Kubernetes API: for set-up, and for tests to see what is in the cluster."""

import json
import ssl
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

Object = dict[str, Any]

_MERGE_PATCH: Final = "application/merge-patch+json"


class ApiError(Exception):
    """The API server refused: the HTTP `status`, the Kubernetes `reason`, and its message as the text."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason


class Api:
    """Calls one API server as one caller. Paths are the API's own, bodies and answers plain dicts.

    A query parameter is a keyword: `api.list("/api/v1/pods", labelSelector="app=db")`.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | None, authorization: str | None) -> None:
        self.url = url
        self._headers = {"User-Agent": "netpol-registry-devcluster"}
        if authorization:
            self._headers["Authorization"] = authorization
        self._pool = urllib3.PoolManager(ssl_context=tls, retries=False, timeout=30.0)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = "application/json",
        **query: str,
    ) -> Object:
        """Send one request and return the answer's JSON object; raises ApiError for a status from 400 on."""
        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        answer = self._pool.request(
            method, self.url + path + _query(query), body=_encoded(body), headers=headers, redirect=False
        )
        content = _decoded(answer.data)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise ApiError(answer.status, content.get("reason", ""), content.get("message", ""))
        return content

    def get(self, path: str, **query: str) -> Object:
        """Return one object."""
        return self.request("GET", path, **query)

    def find(self, path: str) -> Object | None:
        """Return one object, or None when there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def list(self, path: str, **query: str) -> list[Object]:
        """Return the items of a collection."""
        items: list[Object] = self.get(path, **query)["items"]
        return items

    def create(self, path: str, body: Object, **query: str) -> Object:
        """Create an object in a collection; returns it as stored."""
        return self.request("POST", path, body, **query)

    def replace(self, path: str, body: Object, **query: str) -> Object:
        """Replace an object (PUT); with a resourceVersion in the body only if nobody else changed it."""
        return self.request("PUT", path, body, **query)

    def patch(self, path: str, body: Object, **query: str) -> Object:
        """Change parts of an object by a JSON merge patch: None removes a key."""
        return self.request("PATCH", path, body, _MERGE_PATCH, **query)

    def apply(self, path: str, body: Object) -> Object:
        """Create an object or take over its stated fields (server-side apply)."""
        return self.request(
            "PATCH", path, body, "application/apply-patch+yaml", fieldManager="devcluster", force="true"
        )

    def delete(self, path: str, **query: str) -> Object:
        """Delete an object, perhaps with `propagationPolicy="Orphan"`; answers before finalizers have run."""
        return self.request("DELETE", path, **query)


def _query(parameters: dict[str, str]) -> str:
    return "?" + urlencode(parameters) if parameters else ""


def _encoded(body: object) -> bytes | None:
    return None if body is None else json.dumps(body).encode()


def _decoded(data: bytes) -> Object:
    """Errors from before the API machinery are plain text, not a Status object."""
    try:
        content = json.loads(data)
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {"message": data.decode(errors="replace")}
