"""The OpenAPI document: each operation says what it does, what to send and what comes back."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.generated import openapi_yaml

DOCUMENT: dict[str, Any] = yaml.safe_load(openapi_yaml())


class Shown(NamedTuple):
    """A body or an answer as the document shows it."""

    place: str
    media: dict[str, Any]


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for members in DOCUMENT["paths"].values():
        for method, operation in members.items():
            if method != "parameters":
                yield operation["operationId"], operation


def shown() -> Iterator[Shown]:
    for name, operation in operations():
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
            yield Shown(f"{name} takes {media_type}", media)
        for status, answer in operation["responses"].items():
            for media_type, media in answer.get("content", {}).items() if str(status)[0] == "2" else ():
                yield Shown(f"{name} answers {status} {media_type}", media)


@pytest.mark.parametrize("one", list(shown()), ids=lambda one: one.place)
def test_there_is_an_example_and_it_is_as_its_schema_says(one):
    schema = {**one.media["schema"], "components": DOCUMENT["components"]}
    wrong = Draft202012Validator(schema).iter_errors(one.media["example"])
    assert [f"{error.json_path}: {error.message}" for error in wrong] == []


@pytest.mark.parametrize("name", [name for name, _ in operations()])
def test_an_operation_says_what_it_does(name):
    assert dict(operations())[name]["summary"].endswith(".")
