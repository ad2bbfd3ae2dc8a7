"""A service under test: the application in this process, over the real API server."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from werkzeug.test import TestResponse

from devcluster.api import Api
from devcluster.cluster import ControlPlane
from registry.cluster.credentials import connect
from registry.cluster.resources import BUILT_IN_WORKLOADS, NAMESPACES, NETWORK_POLICIES
from registry.http.app import create_app
from registry.http.backend import Backend
from registry.http.problems import BASE, KINDS
from registry.settings import Settings
from tests.cluster import eventually
from tests.store.support import document, template

URL = "/api/v1/templates"


class Service:
    """Calls the application as one of the control plane's users."""

    def __init__(self, control_plane: ControlPlane, settings: Settings) -> None:
        self.settings = settings
        self.control_plane = control_plane
        connection = connect(str(control_plane.kubeconfig("server")))
        self.backend = Backend(settings, connection, [template("default-one"), template("default-two")])
        self.app = create_app(self.backend)

    def call(
        self, method: str, path: str = "", body: object = None, user: str | None = "admin", **headers: str
    ) -> TestResponse:
        """Send a request; a header is a keyword, such as if_match."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if user:
            sent.setdefault("Authorization", f"Bearer {self.control_plane.token(user)}")
        if body is not None:
            sent.setdefault("content-type", "application/json")
        data = body if isinstance(body, str | bytes | None) else json.dumps(body)
        url = path if path.startswith("/") else f"{URL}/{path}".rstrip("/")
        return self.app.test_client().open(url, method=method, headers=sent, data=data, buffered=True)

    @property
    def configmaps(self) -> str:
        """Where its store is."""
        return f"/api/v1/namespaces/{self.settings.store_namespace}/configmaps"

    def catch_up(self) -> None:
        """Wait until the service's watched cluster holds what the API server holds now."""
        with contextlib.closing(self.control_plane.api()) as api:
            eventually(lambda: all(self._held(place) >= version for place, version in _there(api).items()))

    def _held(self, place: tuple[str, str, str]) -> int:
        kind, namespace, name = place
        world = self.backend.cluster.world
        caches: dict[str, Any] = {"Namespace": world.namespaces, "NetworkPolicy": world.policies}
        caches |= {watched: cache for (_, watched), cache in world.workloads.items()}
        held = caches[kind].get(namespace, name) if kind in caches else None
        return int(held.resource_version) if held else 0

    def create(self, name: str, port: int = 80, **fields: Any) -> str:
        """Create a template and answer its ETag."""
        answer = self.call("POST", "?force=true", document(name, port, **fields))
        assert answer.status_code == 201, answer.text
        return answer.headers["ETag"]


def _there(api: Api) -> dict[tuple[str, str, str], int]:
    """The version of everything that templates act on."""
    found = {}
    for resource in (NAMESPACES, NETWORK_POLICIES, *BUILT_IN_WORKLOADS):
        for meta in (one["metadata"] for one in api.list(resource.path())):
            if any(owner.get("controller") for owner in meta.get("ownerReferences", ())):
                continue
            place = resource.kind, meta.get("namespace", ""), meta["name"]
            found[place] = int(meta["resourceVersion"])
    return found


@contextlib.contextmanager
def running(control_plane: ControlPlane, settings: Settings) -> Iterator[Service]:
    """Start a service and wait until it is ready."""
    service = Service(control_plane, settings)
    service.backend.start()
    try:
        eventually(lambda: service.call("GET", "/readyz", user=None).status_code == 200)
        yield service
    finally:
        service.backend.stop()


def problem(answer: TestResponse) -> tuple[int, str]:
    """The status and the type of a problem document, after checking its shape."""
    return problem_of(answer.status_code, answer.content_type or "", answer.get_json())


def problem_of(status: int, content_type: str, found: dict[str, Any]) -> tuple[int, str]:
    """The same of an answer that was read elsewhere."""
    assert content_type == "application/problem+json", found
    [kind] = [kind for kind in KINDS if kind.uri == found["type"]]
    assert (found["status"], found["title"]) == (status, kind.title)
    assert found["status"] == kind.status
    assert found["detail"]
    assert all(error.keys() == {"pointer", "reason", "fix"} for error in found.get("errors", []))
    return status, found["type"].removeprefix(BASE)
