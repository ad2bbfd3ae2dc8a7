"""Metrics of the HTTP service, one registry for each application."""

import time
from collections.abc import Iterator
from typing import Final

from flask import Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from registry.http.backend import Backend
from registry.planning.catalogue import Entry
from registry.store.errors import StoreUnreadable

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
"""Those counted by name; a caller can invent any number of others."""


class Metrics:
    """Counts requests by operation, never by path, and shows the state of the store."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._registry = CollectorRegistry()
        labels = ["operation", "method", "status"]
        self._requests = Counter("http_requests", "Requests answered.", labels, registry=self._registry)
        self._seconds = Histogram(
            "http_request_seconds", "Time per request.", ["operation"], registry=self._registry
        )
        self._counted: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._templates = self._gauge("templates", "Templates that exist now.")
        self._flagged = self._gauge(
            "templates_flagged", "Templates whose entry in the ConfigMap is not in force.", "flag"
        )
        self._bytes = self._gauge("store_bytes", "Bytes of values in the template ConfigMap.")
        self._limit = self._gauge("store_limit_bytes", "Bytes of values that the ConfigMap can hold.")
        self._readable = self._gauge("store_readable", "Whether the store can be read.")

    def watch(self, app: Flask) -> None:
        """Count the application's requests."""
        app.before_request(_start)
        app.after_request(self._count)

    def text(self) -> bytes:
        """All metrics in the Prometheus text format."""
        entries = list(self._entries())
        self._templates.set(sum(not entry.deleted for entry in entries))
        for flag in ("Invalid", "Removed"):
            self._flagged.labels(flag.lower()).set(sum(entry.flag == flag for entry in entries))
        size, limit = self._backend.store.fill()
        self._bytes.set(size)
        self._limit.set(limit)
        return generate_latest(self._registry)

    def _entries(self) -> Iterator[Entry]:
        try:
            catalogue = self._backend.watch.catalogue()
        except StoreUnreadable:
            self._readable.set(0)
            return
        self._readable.set(1)
        yield from catalogue.entries.values()

    def _gauge(self, name: str, description: str, *labels: str) -> Gauge:
        return Gauge(f"netpol_registry_{name}", description, labels, registry=self._registry)

    def _count(self, response: Response) -> Response:
        method = request.method if request.method in METHODS else "other"
        key = request.endpoint or "unknown", method, response.status_code
        answered, seconds = self._counted.get(key) or self._counting(*key)
        answered.inc()
        seconds.observe(time.perf_counter() - g.started)
        return response

    def _counting(self, operation: str, method: str, status: int) -> tuple[Counter, Histogram]:
        """The two to count with, kept because looking them up costs more than counting."""
        found = self._requests.labels(operation, method, status), self._seconds.labels(operation)
        self._counted[operation, method, status] = found
        return found


def metrics() -> Metrics:
    """The metrics of this application."""
    found: Metrics = current_app.extensions["metrics"]
    return found


def _start() -> None:
    g.started = time.perf_counter()
