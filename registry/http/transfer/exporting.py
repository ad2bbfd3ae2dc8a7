"""`/api/v1/templates/export`: the catalogue as files, to keep in Git or to take elsewhere."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Response, request
from marshmallow import Schema, fields, validate

from registry.http import problems
from registry.http.answers import YAML
from registry.http.operations import ETAG, Operations, header
from registry.http.requests import backend
from registry.http.transfer.export_examples import DOCUMENTS
from registry.http.transfer.texts import documents, fingerprint, manifest, values_of
from registry.model.template import Template
from registry.store.errors import TemplateNotFound

Query = Mapping[str, Any]

MAX_NAMES: Final = 500

blueprint: Final = Operations(
    "exports", __name__, url_prefix="/api/v1/templates", description="The catalogue as files."
)


class ExportQuery(Schema):
    """What to export, and in which form."""

    format = fields.String(
        load_default="documents",
        validate=validate.OneOf(["documents", "configmap"]),
        metadata={"description": "One YAML document for each template, or the manifest of a ConfigMap."},
    )
    name = fields.List(
        fields.String(),
        validate=validate.Length(max=MAX_NAMES),
        metadata={"description": "Only these templates; may be given several times."},
    )
    category = fields.String(metadata={"description": "Only templates of this category."})


@blueprint.route("/export", methods=["GET"])
@blueprint.needs("list")
@blueprint.problems(problems.INVALID_QUERY, problems.TEMPLATE_NOT_FOUND)
@blueprint.query(ExportQuery)
@blueprint.doc(parameters=[header("If-None-Match", "The ETag that you have: 304 when it is still that.")])
@blueprint.answer(200, {"type": "string"}, content_type=YAML, headers=ETAG, example=DOCUMENTS)
@blueprint.other_answer(304, description="You have it.", success=True)
def export_templates(query: Query) -> Response:
    """Export templates.

    As they are now, deleted ones left out, sorted by name: the same templates give the same bytes. The
    ConfigMap has the very texts of the store; above 262,144 bytes, `kubectl apply` needs `--server-side`.
    """
    tag, text = _configmap(query) if query["format"] == "configmap" else _documents(query)
    name = f"{backend().settings.store_name}{'-configmap' if query['format'] == 'configmap' else ''}.yaml"
    headers = {"ETag": f'"{tag}"', "Content-Disposition": f'attachment; filename="{name}"'}
    if request.if_none_match.contains_weak(tag):
        return Response(status=304, headers=headers)
    return Response(text(), 200, headers, content_type=YAML)


def _documents(query: Query) -> tuple[str, Callable[[], str]]:
    """The entity tag, and how to make the text: that takes far longer, and a 304 does without."""
    found = _selected(query)
    return fingerprint([one.document for one in found]), lambda: documents(found)


def _configmap(query: Query) -> tuple[str, Callable[[], str]]:
    settings, found = backend().settings, _selected(query)
    main = backend().watch.view.main
    values = values_of(found, main.texts if main else {})
    place = settings.store_namespace, settings.store_name
    return fingerprint(place, values), lambda: manifest(*place, values)


def _selected(query: Query) -> list[Template]:
    catalogue = backend().watch.catalogue()
    names = set(query.get("name", ()))
    for name in sorted(names):
        if catalogue.get(name) is None:
            raise TemplateNotFound(name)
    category = query.get("category")
    return [
        one
        for one in catalogue.current()
        if (not names or one.name in names) and category in (None, one.category)
    ]
