"""JSON Schema's findings as sentences for people: where, what is wrong, what to write instead.

Source of the keywords: https://json-schema.org/draft/2020-12/json-schema-validation
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from jsonschema.exceptions import ValidationError

from registry.model.checks import MAX_PROBLEMS, listed, shown, unknown
from registry.model.pointers import child, join
from registry.model.problems import Problem

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def problems_of(errors: Iterable[ValidationError], pointer: str = "") -> list[Problem]:
    """Return the first MAX_PROBLEMS problems that the errors of one validation stand for, sorted by place.

    `pointer` is the place of the validated value in the author's document.
    """
    problems = (problem for error in errors for problem in _explain(error, pointer))
    return sorted(set(islice(problems, MAX_PROBLEMS)))


def _explain(error: ValidationError, pointer: str) -> Iterator[Problem]:
    here = join(pointer, *error.absolute_path)
    keyword = str(error.validator)
    if keyword in {"anyOf", "oneOf"} and error.context:
        yield from _explain(max(error.context, key=_closeness), pointer)
    elif keyword in _LISTS:
        yield from _LISTS[keyword](error, here)
    else:
        reason, fix = _SENTENCES.get(keyword, _other)(error)
        yield Problem(here, reason, _described(error) or fix)


def _closeness(error: ValidationError) -> tuple[int, bool]:
    """Rank the alternatives of a choice: the one that the value fits best has its error deepest."""
    return len(error.path), error.validator not in {"type", "const", "enum"}


def _described(error: ValidationError) -> str:
    """Return the schema author's own words on what to write, where the keyword alone says little."""
    if error.validator not in {"pattern", "not"} or not isinstance(error.schema, dict):
        return ""
    return str(error.schema.get("x-fix") or error.schema.get("description", ""))


def _limit(error: ValidationError) -> Any:  # noqa: ANN401 (whatever the schema says)
    return error.validator_value


def _instance(error: ValidationError) -> Any:  # noqa: ANN401 (whatever was validated)
    return error.instance


def _required(error: ValidationError, here: str) -> Iterator[Problem]:
    properties = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    for name in _limit(error):
        if name not in _instance(error):
            described = _description(properties.get(name))
            yield Problem(here, f"`{name}` is missing.", f"Add `{name}`{described}")


def _description(schema: object) -> str:
    text = schema.get("description") if isinstance(schema, dict) else None
    return f": {str(text).rstrip('.')}." if text else "."


def _additional(error: ValidationError, here: str) -> Iterator[Problem]:
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    for name in _instance(error):
        if name not in known:
            yield unknown(child(here, name), name, known)


_LISTS: dict[str, Callable[[ValidationError, str], Iterator[Problem]]] = {
    "required": _required,
    "additionalProperties": _additional,
}

Sentence = Callable[[ValidationError], tuple[str, str]]


def _type(error: ValidationError) -> tuple[str, str]:
    wanted = _limit(error)
    names = [wanted] if isinstance(wanted, str) else wanted
    kinds = " or ".join(_TYPES.get(name, name) for name in names)
    return f"{shown(error.instance)} is not {kinds}.", f"Write {kinds}."


def _choice(error: ValidationError) -> tuple[str, str]:
    choices: list[Any] = _limit(error) if error.validator == "enum" else [_limit(error)]
    return f"{shown(error.instance)} is not one of the choices.", f"Write {listed(choices)}."


def _bound(reason: str, fix: str) -> Sentence:
    def sentence(error: ValidationError) -> tuple[str, str]:
        words = {"value": shown(error.instance), "limit": shown(error.validator_value)}
        return reason.format(**words), fix.format(**words)

    return sentence


def _other(error: ValidationError) -> tuple[str, str]:
    limit = shown(error.validator_value)
    return (
        f"{shown(error.instance)} breaks the rule `{error.validator}: {limit}`.",
        "Write a value that fits.",
    )


_SENTENCES: dict[str, Sentence] = {
    "type": _type,
    "enum": _choice,
    "const": _choice,
    "pattern": _bound("{value} does not have the form wanted.", "Write text that matches {limit}."),
    "minimum": _bound("{value} is too small.", "Write {limit} or more."),
    "maximum": _bound("{value} is too large.", "Write {limit} or less."),
    "exclusiveMinimum": _bound("{value} is too small.", "Write more than {limit}."),
    "exclusiveMaximum": _bound("{value} is too large.", "Write less than {limit}."),
    "multipleOf": _bound("{value} is not a multiple of {limit}.", "Write a multiple of {limit}."),
    "minLength": _bound("{value} is too short.", "Write at least {limit} characters."),
    "maxLength": _bound("{value} is too long.", "Write at most {limit} characters."),
    "minItems": _bound("The list has too few items.", "Write at least {limit}."),
    "maxItems": _bound("The list has too many items.", "Write at most {limit}."),
    "uniqueItems": _bound("The list holds an item twice.", "Keep one of them."),
    "minProperties": _bound("The mapping has too few entries.", "Write at least {limit}."),
    "maxProperties": _bound("The mapping has too many entries.", "Write at most {limit}."),
    "propertyNames": _bound("A key of the mapping does not fit.", "Write keys that fit {limit}."),
}
