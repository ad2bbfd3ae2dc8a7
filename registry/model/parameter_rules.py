"""What a template's parameter schema must be, beyond a JSON Schema that is valid.

Refused is what would let a template fail for its users instead of for its author: a default or an
example that does not satisfy the schema, a pattern that is no regular expression, a reference that
leads out of the document or in a circle.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from jsonschema import Draft202012Validator

from registry.model.checks import listed, shown
from registry.model.documents import canonical
from registry.model.keywords import BadPattern, compiled
from registry.model.parameter_schema import (
    DEFINITIONS,
    Schema,
    closed,
    resolved,
    validate,
    validate_part,
    with_defaults,
)
from registry.model.pointers import child, join
from registry.model.problems import Problem
from registry.model.sentences import problems_of

MAX_PARAMETERS: Final = 64
"""More parameters than this make a template nobody can fill in."""
MAX_EXAMPLES: Final = 10
"""Each is rendered whenever the template is checked."""
MAX_PATTERN: Final = 200
"""Longest regular expression of a `pattern`, in characters."""
RESERVED: Final = ("namespace", "workload", "cluster")

_NAME: Final = re.compile(r"[a-z][A-Za-z0-9]{0,62}")
_TOP_LEVEL: Final = frozenset(
    {
        "$defs",
        "additionalProperties",
        "allOf",
        "anyOf",
        "dependentRequired",
        "description",
        "examples",
        "oneOf",
        "properties",
        "required",
        "title",
        "type",
    }
)
# Keywords that would give parts of the document another base or another meaning.
# `patternProperties` is matched with Python's `re`; `propertyNames` with a `pattern` serves instead.
_FOREIGN: Final = frozenset(
    {"$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$schema", "$vocabulary", "patternProperties"}
)
# Keywords whose value is data, whatever it looks like, and maps whose keys are names, not keywords.
_DATA: Final = frozenset({"const", "default", "enum", "examples"})
_NAMED: Final = frozenset({"$defs", "dependentSchemas", "properties"})

POINTER: Final = "/parameters"


def check_parameters(parameters: Schema) -> list[Problem]:
    """Return what is wrong with a template's parameter schema; remembered, as edits seldom change it."""
    return list(_checked(canonical(parameters)))


@lru_cache(maxsize=1024)
def _checked(schema: bytes) -> tuple[Problem, ...]:
    """Return the problems; each step needs the one before."""
    parameters = msgspec.json.decode(schema)
    for step in (_valid_schema, _closed_object, _safe_keywords, _names, _values, _examples):
        problems = sorted(step(parameters))
        if problems:
            return tuple(problems)
    return ()


def _valid_schema(parameters: Schema) -> Iterator[Problem]:
    validator = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    yield from problems_of(validator.iter_errors(parameters), POINTER)


def _closed_object(parameters: Schema) -> Iterator[Problem]:
    whole = closed(parameters)
    if whole["type"] != "object":
        yield Problem(
            child(POINTER, "type"), "Parameters are an object.", "Write `type: object`, or nothing."
        )
    if whole["additionalProperties"] is not False:
        reason = "Parameters that the template does not know would be accepted and do nothing."
        yield Problem(child(POINTER, "additionalProperties"), reason, "Write `additionalProperties: false`.")
    if len(parameters.get("examples", [])) > MAX_EXAMPLES:
        reason = f"There are more than {MAX_EXAMPLES} examples."
        yield Problem(child(POINTER, "examples"), reason, "Keep the telling ones.")
    for keyword in parameters:
        if keyword not in _TOP_LEVEL:
            fix = "Remove it; a parameter goes under `properties`."
            yield Problem(child(POINTER, keyword), f"`{keyword}` is not used for parameters.", fix)


def _safe_keywords(parameters: Schema) -> Iterator[Problem]:
    definitions = parameters.get("$defs", {})
    for pointer, schema in subschemas(parameters, POINTER):
        yield from _references(schema, pointer, definitions)
        yield from _patterns(schema, pointer)
        for keyword in sorted(_FOREIGN & schema.keys()):
            here = child(pointer, keyword)
            yield Problem(here, f"`{keyword}` is not used in a template.", "Remove it.")


def subschemas(node: object, pointer: str) -> Iterator[tuple[str, Schema]]:
    """Yield every schema at and below `node` with its pointer; data such as defaults is left out."""
    if isinstance(node, Mapping):
        yield pointer, node
        for keyword, value in node.items():
            here = child(pointer, keyword)
            if keyword in _NAMED and isinstance(value, Mapping):
                for name, schema in value.items():
                    yield from subschemas(schema, child(here, name))
            elif keyword not in _DATA:
                yield from subschemas(value, here)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from subschemas(item, child(pointer, index))


def _references(schema: Schema, pointer: str, definitions: Mapping[str, Any]) -> Iterator[Problem]:
    if "$ref" not in schema:
        return
    here, reference = child(pointer, "$ref"), str(schema["$ref"])
    if reference.removeprefix(DEFINITIONS) not in definitions or not reference.startswith(DEFINITIONS):
        known = listed(f"{DEFINITIONS}{name}" for name in definitions)
        yield Problem(here, f"{reference} is not a definition of this template.", f"Refer to {known}.")
    elif pointer.startswith(f"{POINTER}/$defs/"):
        yield Problem(here, "A definition refers to another one.", "Write the definition out.")


def _patterns(schema: Schema, pointer: str) -> Iterator[Problem]:
    if "pattern" not in schema:
        return
    here, pattern = child(pointer, "pattern"), schema["pattern"]
    if len(pattern) > MAX_PATTERN:
        yield Problem(here, f"The pattern is longer than {MAX_PATTERN} characters.", "Write a shorter one.")
    elif not _compiles(pattern):
        reason = f"{shown(pattern)} is not a regular expression of RE2 (no lookaround, no back-reference)."
        yield Problem(here, reason, "Correct it, or remove it.")


def _compiles(pattern: str) -> bool:
    try:
        compiled(pattern)
    except BadPattern:
        return False
    return True


def _names(parameters: Schema) -> Iterator[Problem]:
    declared = parameters.get("properties", {})
    here = child(POINTER, "properties")
    if len(declared) > MAX_PARAMETERS:
        yield Problem(here, f"There are more than {MAX_PARAMETERS} parameters.", "Make two templates of it.")
    for name in declared:
        if name in RESERVED:
            yield Problem(child(here, name), f"`{name}` is a built-in variable.", "Choose another name.")
        elif not _NAME.fullmatch(name):
            fix = "Write at most 63 letters and digits, beginning with a small letter, such as clientPort."
            yield Problem(child(here, name), f"{shown(name)} is not a name for a parameter.", fix)
    for index, name in enumerate(parameters.get("required", [])):
        if name not in declared:
            place = join(POINTER, "required", index)
            yield Problem(place, f"`{name}` is required but not declared.", "Declare it under `properties`.")


def _values(parameters: Schema) -> Iterator[Problem]:
    root = closed(parameters)
    for pointer, schema in subschemas(root, POINTER):
        part = resolved(schema, root)
        if "default" in schema:
            filled = with_defaults(part, schema["default"], root)
            yield from validate_part(root, schema, filled, child(pointer, "default"))
        for index, example in enumerate(schema.get("examples", [])):
            filled = with_defaults(part, example, root)
            yield from validate_part(root, schema, filled, join(pointer, "examples", index))


def _examples(parameters: Schema) -> Iterator[Problem]:
    root, here = closed(parameters), child(POINTER, "examples")
    if not root.get("examples") and (missing := validate(root, with_defaults(root, {}))):
        reason = f"The defaults alone are not enough: {missing[0].reason} No example shows what is."
        fix = "Add `examples: [{...}]` with parameters that are; they are tried when the template is saved."
        yield Problem(here, reason, fix)
