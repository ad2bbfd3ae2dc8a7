"""The Flask application: blueprints, errors, headers."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from flask import Flask
from kubernetes.client import Configuration

from registry.cluster.connection import Connection
from registry.http import docs, errors, openapi, probes
from registry.http.backend import Backend
from registry.http.connectivity import views as connectivity
from registry.http.facts import views as facts
from registry.http.lint import views as lint
from registry.http.metrics import Application, Metrics
from registry.http.namespaces import backups, reading, switching
from registry.http.preview import views as preview
from registry.http.remembered import Remembered
from registry.http.rollouts import views as rollouts
from registry.http.templates import history, revisions
from registry.http.templates import views as templates
from registry.http.transfer import exporting, importing
from registry.http.workloads import views as workloads
from registry.model.documents import MAX_BYTES
from registry.settings import Settings

API_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "private, no-cache"),
)
"""Of the API's answers: what a caller may see is the caller's own, and is asked for again each time."""

PAGE_HEADERS: Final = (
    *API_HEADERS[:2],
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Of all else, which browsers show; a view may say otherwise."""

F = TypeVar("F", bound=Callable[..., Any])


class _Application(Flask):
    """Flask without the search, in each request, for functions that are coroutines: here are none."""

    def ensure_sync(self, func: F) -> F:
        """The function as it is."""
        return func


def create_app(backend: Backend) -> Flask:
    """The application over a backend, which its worker starts and stops."""
    app = _Application("registry.http", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.url_map.strict_slashes = False
    app.extensions["backend"] = backend
    app.extensions["remembered"] = Remembered()
    app.extensions["metrics"] = metrics = Metrics(backend)
    app.wsgi_app = metrics.counted(_secured(app.wsgi_app))  # type: ignore[assignment, method-assign]  # Flask's own way
    errors.register(app)
    api = openapi.describe(app)
    for blueprint in (
        templates.blueprint,
        revisions.blueprint,
        history.blueprint,
        exporting.blueprint,
        importing.blueprint,
        lint.blueprint,
        preview.blueprint,
        rollouts.blueprint,
        workloads.blueprint,
        connectivity.blueprint,
        reading.blueprint,
        switching.blueprint,
        backups.blueprint,
        facts.blueprint,
        probes.blueprint,
    ):
        api.register_blueprint(blueprint)
    app.register_blueprint(openapi.blueprint)
    app.register_blueprint(docs.blueprint)
    return app


def documentation_app() -> Flask:
    """An application that only describes itself; it reaches no cluster."""
    nowhere = Connection(Configuration().host, None, lambda: None)
    return create_app(Backend(Settings(), nowhere, []))


def _secured(application: Application) -> Application:
    """Add the headers to every answer: as one list, since a call for each costs more than the view."""

    def secured(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        added = API_HEADERS if environ["PATH_INFO"].startswith("/api/") else PAGE_HEADERS

        def begin(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            given = {name for name, _ in headers}
            return start(status, headers + [pair for pair in added if pair[0] not in given], *rest)

        return application(environ, begin)

    return secured
