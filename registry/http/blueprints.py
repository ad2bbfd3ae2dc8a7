"""The seam to flask-smorest, which has no types: its blueprint with the decorators as they are used here."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import flask_smorest  # type: ignore[import-untyped]
from marshmallow import RAISE, Schema

F = TypeVar("F", bound=Callable[..., Any])
Described = type[Schema] | Mapping[str, Any]
"""A schema for the documentation: of marshmallow, or as JSON."""


class DocumentedBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint whose operations are in the OpenAPI document."""

    def route(self, rule: str, **options: Any) -> Callable[[F], F]:  # noqa: ANN401 (Flask's own)
        """Register a view."""
        declared: Callable[[F], F] = super().route(rule, **options)
        return declared

    def doc(self, **members: Any) -> Callable[[F], F]:  # noqa: ANN401 (members of an operation object)
        """Add to the operation as documented."""
        return _noting(super().doc(**members))

    def query(self, schema: type[Schema]) -> Callable[[F], F]:
        """Read the query parameters, documented and validated, as the view's first argument.

        Unknown ones are refused, so that a misspelt dryRun never writes.
        """
        options = {"location": "query", "error_status_code": 400, "unknown": RAISE}
        declared: Callable[[F], F] = self.arguments(schema, **options)
        return declared

    def answer(self, status: int, schema: Described, **options: Any) -> Callable[[F], F]:  # noqa: ANN401
        """Document the answer."""
        return _noting(self.response(status, schema, **options))

    def other_answer(
        self,
        status: int,
        schema: Described | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Callable[[F], F]:
        """Document another answer."""
        return _noting(self.alt_response(status, schema=schema, **options))


def _noting(decorate: Callable[[F], Any]) -> Callable[[F], F]:
    """Leave the view as it is, with notes for the document: a wrapper for each would cost time."""

    def note(view: F) -> F:
        vars(view)["_apidoc"] = vars(decorate(view))["_apidoc"]
        return view

    return note
