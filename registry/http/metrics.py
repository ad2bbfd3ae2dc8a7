"""Metrics of the HTTP service, one registry for each application."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from flask import current_app
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

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""A WSGI application: PEP 3333."""

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
        self._workloads = self._gauge("network_workloads", "Workloads whose connections are known.")
        self._policies = self._gauge("network_policies", "NetworkPolicies that connections follow from.")
        self._lag = self._gauge("network_lag_seconds", "Wait of the oldest change not yet carried over.")
        backend.network.seconds = Histogram(
            "netpol_registry_network_flows_seconds",
            "Time to work out all connections.",
            registry=self._registry,
        ).observe

    def counted(self, application: Application) -> Application:
        """The application, with its requests counted: around it, where that costs least."""

        def call(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            began = time.perf_counter()

            def begin(line: str, *rest: object) -> object:
                self._count(environ, int(line[:3]), time.perf_counter() - began)
                return start(line, *rest)

            return application(environ, begin)

        return call

    def text(self) -> bytes:
        """All metrics in the Prometheus text format."""
        entries = list(self._entries())
        self._templates.set(sum(not entry.deleted for entry in entries))
        for flag in ("Invalid", "Removed"):
            self._flagged.labels(flag.lower()).set(sum(entry.flag == flag for entry in entries))
        size, limit = self._backend.store.fill()
        self._bytes.set(size)
        self._limit.set(limit)
        workloads, policies = self._backend.network.size()
        self._workloads.set(workloads)
        self._policies.set(policies)
        self._lag.set(self._backend.network.feed.lag)
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

    def _count(self, environ: Mapping[str, Any], status: int, seconds: float) -> None:
        request = environ.get("werkzeug.request")
        operation = (request.endpoint if request else None) or "unknown"
        method = environ["REQUEST_METHOD"]
        key = operation, method if method in METHODS else "other", status
        answered, spent = self._counted.get(key) or self._counting(*key)
        answered.inc()
        spent.observe(seconds)

    def _counting(self, operation: str, method: str, status: int) -> tuple[Counter, Histogram]:
        """The two to count with, kept because looking them up costs more than counting."""
        found = self._requests.labels(operation, method, status), self._seconds.labels(operation)
        self._counted[operation, method, status] = found
        return found


def metrics() -> Metrics:
    """The metrics of this application."""
    found: Metrics = current_app.extensions["metrics"]
    return found
