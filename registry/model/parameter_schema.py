"""A template's parameters: a closed JSON Schema (draft 2020-12), made safe to run on others' input.

Beyond the draft: the schema is an object without additional properties (both are the default here,
so that a typing error in a parameter is seen); some keywords are read more strictly (`keywords`);
`$ref` leads only to `#/$defs/<name>`, and a definition refers to no other, so that a schema can
neither fetch anything nor run for ever.
Source: https://json-schema.org/draft/2020-12/json-schema-core
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from jsonschema import Draft202012Validator
from referencing import Registry

from registry.model.documents import canonical
from registry.model.keywords import Validator
from registry.model.normalise import copy_json
from registry.model.problems import Problem
from registry.model.sentences import problems_of

Schema = Mapping[str, Any]

CLOSED: Final[Schema] = {"type": "object", "additionalProperties": False}
DEFINITIONS: Final = "#/$defs/"


def closed(parameters: Schema) -> dict[str, Any]:
    """Return the schema with what it may leave out: an object, and no other parameters."""
    return {**CLOSED, **parameters}


def validate(schema: Schema, value: object, pointer: str = "") -> list[Problem]:
    """Return the problems of a value by a schema that has passed its own checks."""
    return problems_of(_validator(canonical(schema)).iter_errors(value), pointer)


def validate_part(schema: Schema, part: Schema, value: object, pointer: str) -> list[Problem]:
    """Return the problems of a value by a part of `schema`, whose definitions it may use."""
    return problems_of(_validator(canonical(schema)).evolve(schema=part).iter_errors(value), pointer)


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Draft202012Validator:
    """Return the validator of a schema; the empty registry means that nothing is ever fetched."""
    return Validator(msgspec.json.decode(schema), registry=Registry())


def with_defaults(schema: Schema, value: object, root: Schema | None = None) -> object:
    """Return a copy of `value` in which absent properties have their defaults, at every depth."""
    root = schema if root is None else root
    schema = resolved(schema, root)
    if isinstance(value, dict):
        return _filled(schema, value, root)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [with_defaults(schema["items"], item, root) for item in value]
    return copy_json(value)


def _filled(schema: Schema, value: dict[str, object], root: Schema) -> dict[str, object]:
    filled = {key: copy_json(item) for key, item in value.items()}
    for name, written in properties(schema):
        part = resolved(written, root)
        if name in value:
            filled[name] = with_defaults(part, value[name], root)
        elif "default" in part:
            filled[name] = with_defaults(part, part["default"], root)
    return filled


def properties(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield the properties that have a schema of their own; `true` and `false` hold no more."""
    declared = schema.get("properties", {})
    yield from ((name, part) for name, part in declared.items() if isinstance(part, Mapping))


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return a schema with the definition that it refers to, its own keywords first."""
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    definition = root.get("$defs", {}).get(reference.removeprefix(DEFINITIONS), {})
    return {**definition, **schema} if isinstance(definition, Mapping) else schema


def sample(schema: Schema) -> dict[str, object]:
    """Return parameters that show what a template does: its defaults, else its first example.

    Revisions recorded before examples of whole parameters were asked for have those of single ones.
    """
    filled = with_defaults(schema, _given(schema))
    return filled if isinstance(filled, dict) else {}


def _given(schema: Schema) -> Mapping[str, object]:
    if not validate(schema, with_defaults(schema, {})):
        return {}
    if examples := schema.get("examples"):
        first: dict[str, object] = examples[0]
        return first
    required = schema.get("required", [])
    return {
        name: part["examples"][0]
        for name, part in ((name, resolved(part, schema)) for name, part in properties(schema))
        if name in required and "default" not in part and part.get("examples")
    }
