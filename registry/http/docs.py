"""`/docs`: the interactive API documentation, served from here alone."""

import copy
from typing import Any, Final

import msgspec
from flask import Blueprint, Response, abort, send_from_directory
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped]

from registry.http.openapi import document

blueprint: Final = Blueprint("docs", __name__, url_prefix="/docs")

ASSETS: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page. Swagger UI writes style attributes; scripts come from here only."""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>netpol-registry API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START: Final = """SwaggerUIBundle({
  url: "docs/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
});
"""


@blueprint.get("")
def docs_page() -> Response:
    """Show the page."""
    return Response(
        _PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY}
    )


@blueprint.get("/start.js")
def start_script() -> Response:
    """Start Swagger UI: a file of its own, because the policy allows no inline script."""
    return Response(_START, content_type="text/javascript; charset=utf-8")


@blueprint.get("/openapi.json")
def older_document() -> Response:
    """Answer the OpenAPI document as the bundled Swagger UI can show it."""
    return Response(msgspec.json.encode(as_3_0(document())), content_type="application/json")


@blueprint.get("/<asset>")
def asset_file(asset: str) -> Response:
    """Answer a file of Swagger UI."""
    if asset not in ASSETS:
        abort(404)
    return send_from_directory(str(swagger_ui_path), asset, max_age=86_400)


def as_3_0(document: dict[str, Any]) -> dict[str, Any]:
    """The document in OpenAPI 3.0 terms: `nullable` instead of a list of types, no `$schema`. Pure."""
    older = _older(copy.deepcopy(document))
    return {**older, "openapi": "3.0.3"}


def _older(node: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(node, list):
        return [_older(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _older(value) for key, value in node.items() if key != "$schema"}
    kinds = found.get("type")
    if isinstance(kinds, list):
        rest = [kind for kind in kinds if kind != "null"]
        found.pop("type")
        found |= {"type": rest[0]} if len(rest) == 1 else {"anyOf": [{"type": kind} for kind in rest]}
        if "null" in kinds:
            found["nullable"] = True
    return found
