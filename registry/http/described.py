"""Fields of marshmallow with a description for the OpenAPI document."""

from typing import Any

from marshmallow import fields, validate


def string(description: str, **arguments: Any) -> fields.String:  # noqa: ANN401 (as marshmallow takes them)
    """Some text."""
    return fields.String(metadata={"description": description}, **arguments)


def switch(
    description: str,
    *,
    default: bool | None = False,
    **arguments: Any,  # noqa: ANN401 (as marshmallow takes them)
) -> fields.Boolean:
    """A query parameter that is `true` or `false`; `default` where it is left out."""
    # Exactly these two words, as the labels have them: `yes` and `1` are refused.
    return fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        load_default=default,
        error_messages={"invalid": "Write true or false."},
        metadata={"description": description},
        **arguments,
    )


def number(description: str, **arguments: Any) -> fields.Integer:  # noqa: ANN401 (as marshmallow takes them)
    """The number of a revision."""
    return fields.Integer(
        validate=validate.Range(1, 10**9), metadata={"description": description}, **arguments
    )
