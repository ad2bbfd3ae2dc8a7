"""The first check of a template: its document schema, the file that editors can use as well."""

import json
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from registry.model.documents import MAX_BYTES, canonical, check_values
from registry.model.keywords import Validator
from registry.model.problems import Invalid, Problem
from registry.model.sentences import problems_of
from registry.resources import resource_dir

TEMPLATE_SCHEMA = "template.schema.json"
_SPEC_SCHEMA = "networkpolicyspec.schema.json"


def check_document(document: object) -> dict[str, Any]:
    """Return the document when its form is that of a template; raises Invalid."""
    check_values(document)
    if not isinstance(document, dict):
        fix = "Write its fields as `name: value`, beginning with `name`."
        raise Invalid([Problem("", "A template is a mapping.", fix)])
    size = len(canonical(document))
    if size > MAX_BYTES:
        reason = f"The template has {size} bytes; at most {MAX_BYTES} are stored."
        raise Invalid([Problem("", reason, "Shorten it, or make two templates of it.")])
    problems = problems_of(_validator().iter_errors(document))
    if problems:
        raise Invalid(problems)
    return document


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    schemas = [_read(name) for name in (TEMPLATE_SCHEMA, _SPEC_SCHEMA)]
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas
    )
    return Validator(schemas[0], registry=registry)


def _read(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((resource_dir("schemas") / name).read_text("utf-8"))
    return schema
