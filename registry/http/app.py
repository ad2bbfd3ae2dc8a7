"""The Flask application: blueprints, errors, headers."""

from typing import Final

from flask import Flask, Response, request
from kubernetes.client import Configuration

from registry.cluster.connection import Connection
from registry.http import docs, errors, history, lint, openapi, probes, revisions, templates
from registry.http.backend import Backend
from registry.http.metrics import Metrics
from registry.model.documents import MAX_BYTES
from registry.settings import Settings

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Headers of every answer, unless a view says otherwise."""


def create_app(backend: Backend) -> Flask:
    """The application over a backend, which its worker starts and stops."""
    app = Flask("registry.http", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.url_map.strict_slashes = False
    app.extensions["backend"] = backend
    app.extensions["metrics"] = metrics = Metrics(backend)
    metrics.watch(app)
    app.after_request(_secure)
    errors.register(app)
    api = openapi.describe(app)
    for blueprint in (
        templates.blueprint,
        revisions.blueprint,
        history.blueprint,
        lint.blueprint,
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


def _secure(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        # what a caller may see is the caller's own, and is asked for again each time
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
