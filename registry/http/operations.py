"""How an operation is declared: its permission, its body, and the problems that it may answer."""

import copy
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

from flask import request

from registry.http import problems
from registry.http.blueprints import DocumentedBlueprint
from registry.http.problems import MEDIA_TYPE, Kind, Refused
from registry.http.requests import MEDIA_TYPES, admit, authenticate
from registry.http.schemas import ProblemDocument

F = TypeVar("F", bound=Callable[..., Any])

_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9._]{0,251}[A-Za-z0-9])?")
"""Names of objects and plurals of kinds: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""

EVERYWHERE: Final = (
    problems.UNAUTHENTICATED,
    problems.FORBIDDEN,
    problems.INTERNAL,
    problems.STORE_UNREADABLE,
    problems.CLUSTER_UNAVAILABLE,
)
"""Problems that any operation may answer."""

READS_BODY: Final = (problems.MALFORMED_BODY, problems.BODY_TOO_LARGE, problems.UNSUPPORTED_MEDIA_TYPE)
"""Problems of any operation with a body."""

CHANGES_TEMPLATE: Final = (
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.TEMPLATE_NOT_FOUND,
    problems.DEFAULT_WIDENED,
    problems.PRECONDITION_FAILED,
    problems.PRECONDITION_REQUIRED,
    problems.INVALID_TEMPLATE,
    problems.POLICY_REFUSED,
    problems.DRY_RUN_FAILED,
    problems.SCOPE_CHANGED,
    problems.STORE_FULL,
    problems.STORE_BUSY,
)
"""Problems of any operation that makes a new revision of a template that is there."""


class Operations(DocumentedBlueprint):
    """Operations on templates: each admits only callers with the verb that it declares.

    A view that declares none lets nobody in.
    """

    def __init__(self, name: str, import_name: str, url_prefix: str, description: str) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix, description=description)
        self._needed: dict[str, str] = {}
        self.before_request(self._guard)

    def needs(self, verb: str) -> Callable[[F], F]:
        """Declare the verb that the caller must be allowed on `templates.netpol-registry.dev`."""

        def declare(view: F) -> F:
            self._needed[f"{self.name}.{view.__name__}"] = verb
            return self.doc(operationId=_camel(view.__name__))(view)

        return declare

    def problems(self, *kinds: Kind) -> Callable[[F], F]:
        """Document the problems that an operation may answer, beside those of any."""

        def document(view: F) -> F:
            for status in sorted({kind.status for kind in (*kinds, *EVERYWHERE)}):
                view = self._problem(status, sorted({*kinds, *EVERYWHERE}, key=lambda kind: kind.slug))(view)
            return view

        return document

    def takes(
        self,
        schema: str,
        example: object,
        media_types: Sequence[str] = MEDIA_TYPES,
        *,
        required: bool = True,
    ) -> Callable[[F], F]:
        """Document a body, in JSON or YAML unless said otherwise, by the name of its schema."""
        media = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}
        content = {media_type: copy.deepcopy(media) for media_type in media_types}
        return self.doc(requestBody={"required": required, "content": content})

    def _problem(self, status: int, kinds: list[Kind]) -> Callable[[F], F]:
        slugs = ", ".join(kind.slug for kind in kinds if kind.status == status)
        description = f"{HTTPStatus(status).phrase}: {slugs}"
        return self.other_answer(status, ProblemDocument, content_type=MEDIA_TYPE, description=description)

    def _guard(self) -> None:
        arguments = request.view_args or {}
        admit(self._needed[request.endpoint or ""], arguments.get("name", ""))


class ClusterOperations(Operations):
    """Operations on objects of the cluster: each view asks itself for the rights on those that it needs."""

    def operation(self, view: F) -> F:
        """Name the operation in the document like its view."""
        return self.doc(operationId=_camel(view.__name__))(view)

    def problems(self, *kinds: Kind) -> Callable[[F], F]:
        """Document the problems that an operation may answer, beside those of any."""
        return super().problems(*kinds, problems.NOT_FOUND)

    def _guard(self) -> None:
        authenticate()
        # They become parts of paths of the API server, where `..` or `?` would lead elsewhere.
        for value in (request.view_args or {}).values():
            if not is_name(value):
                raise Refused(problems.NOT_FOUND, f"{value!r} is not a name that anything here can have.")


def is_name(text: str) -> bool:
    """Whether an object, or a kind, can have this name, so that it may become part of a path."""
    return _NAME.fullmatch(text) is not None


def header(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    """A request header, for the documentation."""
    schema = {"type": "string"}
    return {"in": "header", "name": name, "description": description, "required": required, "schema": schema}


IF_MATCH: Final = header("If-Match", "The ETag that you last read; * for whatever there is.", required=True)
ETAG: Final = {"ETag": {"description": "The entity tag of the revision.", "schema": {"type": "string"}}}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))
