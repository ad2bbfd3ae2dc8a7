"""`/livez`, `/readyz` and `/metrics`: open to everyone who reaches the service."""

from http import HTTPStatus
from typing import Final

from flask import Response

from registry.http.answers import json_answer
from registry.http.blueprints import DocumentedBlueprint
from registry.http.metrics import CONTENT_TYPE, metrics
from registry.http.requests import backend
from registry.http.schemas import Alive
from registry.store.errors import StoreUnreadable

blueprint: Final = DocumentedBlueprint(
    "service", __name__, description="The service itself; no token is needed."
)

_CHECKS: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_METRICS: Final = "netpol_registry_store_bytes 48112.0\n"
_OPEN: Final[list[object]] = []


@blueprint.route("/livez", methods=["GET"])
@blueprint.doc(security=_OPEN, operationId="livez")
@blueprint.answer(200, Alive, example={"status": "alive"})
@blueprint.other_answer(503, Alive, description="The process has to be restarted.")
def livez() -> Response:
    """Tell whether the process works."""
    if backend().alive:
        return json_answer({"status": "alive"})
    return json_answer({"status": "stopped"}, HTTPStatus.SERVICE_UNAVAILABLE)


@blueprint.route("/readyz", methods=["GET"])
@blueprint.doc(security=_OPEN, operationId="readyz")
@blueprint.answer(200, _CHECKS, example={"store": "ok"})
@blueprint.other_answer(503, _CHECKS, description="A check fails; its value says why.")
def readyz() -> Response:
    """Tell whether requests can be served.

    By check: `ok`, or what is wrong.
    """
    checks = {"store": _store()}
    failed = any(problem != "ok" for problem in checks.values())
    return json_answer(checks, HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK)


@blueprint.route("/metrics", methods=["GET"])
@blueprint.doc(security=_OPEN, operationId="metrics")
@blueprint.answer(200, {"type": "string"}, content_type="text/plain", example=_METRICS)
def get_metrics() -> Response:
    """Answer metrics in the Prometheus text format."""
    return Response(metrics().text(), content_type=CONTENT_TYPE)


def _store() -> str:
    try:
        backend().watch.catalogue()
    except StoreUnreadable as unreadable:
        return unreadable.reason
    return "ok"
