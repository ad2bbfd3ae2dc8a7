"""The OpenAPI document, made from the code; `make generate` writes it to openapi.yaml."""

import json
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app
from flask_smorest import Api  # type: ignore[import-untyped]

from registry import __version__
from registry.http.answers import json_answer
from registry.http.connectivity import proposal_body
from registry.http.namespaces import body as namespace_body
from registry.http.preview import body as preview_body
from registry.http.problems import MEDIA_TYPE
from registry.http.rollouts import body as rollout_body
from registry.http.schemas import ProblemDocument, RevisionSummary
from registry.http.transfer import schemas as import_schemas
from registry.http.workloads import body as attach_body
from registry.resources import resource_dir

_DESCRIPTION: Final = (
    "Named, versioned Kubernetes NetworkPolicy templates. Every call under /api/v1 needs a bearer token of "
    "the cluster; the cluster's own RBAC on `templates.netpol-registry.dev` decides what it may do. Every "
    "error is a problem document (RFC 9457); docs/api.md lists their types."
)

blueprint: Final = Blueprint("openapi", __name__)


@blueprint.get("/api/v1/openapi.json")
def openapi_document() -> Response:
    """Answer this document."""
    return json_answer(document())


class Documented(Api):  # type: ignore[misc]
    """flask-smorest, with our own errors: problem documents instead of its payload."""

    ERROR_SCHEMA = ProblemDocument
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave them to `errors.register`."""

    def _register_responses(self) -> None:
        """Name a problem document for each status, as webargs' own refusal refers to them."""
        for status in HTTPStatus:
            content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
            response = {"description": status.phrase, "content": content}
            self.spec.components.response(status.name, response, lazy=True)


def describe(app: Flask) -> Api:
    """Set up the document of an application; blueprints registered with the answer are in it."""
    app.config.update(API_TITLE="netpol-registry", API_VERSION=__version__, OPENAPI_VERSION="3.1.0")
    info = {"description": _DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    api = Documented(app, spec_kwargs={"info": info, "security": [{"bearer": []}]})
    components = api.spec.components
    components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    components.schema("ProblemDocument", schema=ProblemDocument)
    for name, schema in _schemas().items():
        components.schema(name, schema)
    components.schema("RevisionSummary", schema=RevisionSummary)
    components.schema("Revision", _with_template(components.schemas["RevisionSummary"]))
    app.extensions["openapi"] = api.spec
    return api


def document() -> dict[str, Any]:
    """The OpenAPI document of the current application."""
    found: dict[str, Any] = current_app.extensions["openapi"].to_dict()
    return found


def _with_template(summary: dict[str, Any]) -> dict[str, Any]:
    """The schema of a revision with its document: `allOf` would not do, as the summary allows no more."""
    document = {"anyOf": [{"$ref": "#/components/schemas/Template"}, {"type": "null"}]}
    return {
        **summary,
        "required": [*summary["required"], "template"],
        "properties": {**summary["properties"], "template": document},
    }


_RENDER_REQUEST: Final = {
    "type": "object",
    "additionalProperties": False,
    "description": "Where and with which parameters to render.",
    "properties": {
        "namespace": {"type": "string", "default": "default", "description": "The namespace it is used in."},
        "parameters": {"type": "object", "default": {}, "description": "As in the params annotation."},
        "workload": {"type": ["string", "null"], "description": "The name of the workload that uses it."},
        "selector": {
            "type": ["object", "null"],
            "description": "The workload's pod selector, a LabelSelector.",
        },
    },
}

_MERGE_PATCH: Final = {
    "type": "object",
    "description": "Members of the template to set, or to remove by null (RFC 7396).",
}


_ROLLBACK_REQUEST: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["revision"],
    "properties": {"revision": {"type": "integer", "description": "The revision to make current again."}},
}


_FILES: Final = {
    "Template": "template.schema.json",
    "NetworkPolicySpec": "networkpolicyspec.schema.json",
    "Connectivity": "connectivity.schema.json",
}
"""The schema files that are components, by their names there."""


def _schemas() -> dict[str, Any]:
    return {
        **{name: _component(name) for name in _FILES},
        "RenderRequest": _RENDER_REQUEST,
        "MergePatch": _MERGE_PATCH,
        "RollbackRequest": _ROLLBACK_REQUEST,
        "PreviewRequest": preview_body.REQUEST,
        "RolloutRequest": rollout_body.REQUEST,
        "AttachRequest": attach_body.REQUEST,
        "ConnectionsDiffRequest": proposal_body.REQUEST,
        "EnableRequest": namespace_body.ENABLE_REQUEST,
        "DisableRequest": namespace_body.DISABLE_REQUEST,
        "RestoreRequest": namespace_body.RESTORE_REQUEST,
        "ImportRequest": import_schemas.IMPORT_BODY,
    }


def _component(name: str) -> dict[str, Any]:
    """A schema file as a component: references lead to the components, the file's own address goes."""
    schema = json.loads((resource_dir("schemas") / _FILES[name]).read_text("utf-8"))
    moved: dict[str, Any] = _moved(schema, name)
    return {key: value for key, value in moved.items() if key not in ("$id", "$schema")}


def _moved(node: Any, name: str) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(node, list):
        return [_moved(item, name) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _moved(value, name) for key, value in node.items()}
    if isinstance(reference := found.get("$ref"), str):
        file, _, inner = reference.partition("#")
        target = next((one for one, path in _FILES.items() if path == file), name)
        found["$ref"] = f"#/components/schemas/{target}{inner}"
    return found
