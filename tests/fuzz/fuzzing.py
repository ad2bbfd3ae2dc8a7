"""Calls to every operation, generated from the OpenAPI document: what comes back is checked against it.

Half of the calls keep to the document's schemas, half break them. Names and revisions that exist take the
place of generated ones often enough to get behind "not found". Fixed seeds: the same calls on each run.
"""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.http.support import Service, problem_of

DOCUMENT: Final = "/api/v1/openapi.json"
NAMES: Final = ("default-one", "default-two", "Default-One", "gone", "")
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES: Final = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
ROUND: Final = 40
"""Calls to an operation with one seed and one mode."""

_REFUSED: Final = 400
_CREATED: Final = 201

Case = Any


class Fuzzer:
    """Calls one service as a user with all rights on templates; counts the calls, by status too."""

    def __init__(self, service: Service, step: Callable[[str], None] = lambda _: None) -> None:
        self.calls = 0
        self.statuses: dict[int, int] = {}
        self._service = service
        self._step = step
        self._schema = schemathesis.openapi.from_wsgi(DOCUMENT, service.app)

    def run(self, calls: int) -> None:
        """Make at least so many calls, spread over all operations. Raises what the first failure raises."""
        with warnings.catch_warnings():
            # the service's own threads use it, which hypothesis takes for the strategies' doing
            warnings.filterwarnings("ignore", "Do not use the `random` module")
            for number in itertools.count():
                for operation in self._operations():
                    for mode in MODES:
                        self._round(operation, mode, number)
                    if self.calls >= calls:
                        return

    def _operations(self) -> Iterator[Any]:
        return (result.ok() for result in self._schema.get_all_operations())

    def _round(self, operation: Any, mode: Any, number: int) -> None:
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            self._calls(operation, strategy, number)
        except Unsatisfiable:
            return  # an operation without parameters has nothing to break
        except Exception as failure:
            failure.add_note(f"{operation.label}, {mode.value}, round {number}")
            raise

    def _calls(self, operation: Any, strategy: st.SearchStrategy[Case], number: int) -> None:
        @seed(number)
        @settings(
            max_examples=ROUND,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy, st.sampled_from((None, *NAMES)), st.sampled_from((None, 1, 2)), st.integers(0, 9))
        def call(case: Case, name: str | None, revision: int | None, chance: int) -> None:
            _place(case, name, revision)
            _hold_back(case, chance)
            self._check(case, operation.label)

        call()

    def _check(self, case: Case, label: str) -> None:
        token = self._service.control_plane.token("admin")
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        self.calls += 1
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        self._step(label)
        content_type = answer.headers.get("content-type", [""])[0]
        if answer.status_code >= _REFUSED:
            problem_of(answer.status_code, content_type, answer.json())
        # schemathesis reads YAML; the document tells of its text
        skipped = [] if "json" in content_type else [response_schema_conformance]
        case.validate_response(answer, checks=CHECKS, excluded_checks=skipped)
        if answer.status_code == _CREATED:
            self._remove(answer)

    def _remove(self, answer: Response) -> None:
        """Keep the store small."""
        name = answer.json()["name"]
        assert self._service.call("DELETE", f"{name}?force=true", if_match="*").status_code == 200


def _place(case: Case, name: str | None, revision: int | None) -> None:
    if name is not None and "name" in case.path_parameters:
        case.path_parameters["name"] = name or "x"
    if revision is not None and "number" in case.path_parameters:
        case.path_parameters["number"] = revision


def _hold_back(case: Case, chance: int) -> None:
    """Try most writes only, and never delete what the others need."""
    if case.method not in ("PUT", "PATCH", "POST", "DELETE"):
        return
    if chance and case.headers is not None and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    parameters = {one.name for one in case.operation.query}
    if "dryRun" in parameters and (chance or case.method == "DELETE"):
        case.query = {**(case.query or {}), "dryRun": "true"}
