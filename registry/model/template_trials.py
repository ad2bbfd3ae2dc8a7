"""What a template is tried with before it is accepted: its defaults where they are enough, and its examples.

Purely when it is read (`template_rules`), by the API server when it is saved.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.model.origins import origin
from registry.model.parameter_schema import Schema, validate, with_defaults
from registry.model.placeholders import NAMESPACE, WORKLOAD_NAME
from registry.model.pointers import join, split
from registry.model.problems import Problem
from registry.model.substitution import Substitution

SAMPLE_PLACE: Final = {NAMESPACE: "shop", WORKLOAD_NAME: "checkout"}
"""Where templates are tried."""

Spec = Mapping[str, Any]


class Trial(msgspec.Struct, frozen=True):
    """Parameters to try: `filled` with defaults, and what the example at `pointer` gives of them, if any."""

    filled: Mapping[str, object]
    given: Mapping[str, object] = {}
    pointer: str = ""

    def substitution(self, facts: Mapping[str, object], *, drop: bool) -> Substitution:
        """The substitution that renders a spec with these parameters."""
        return Substitution({**SAMPLE_PLACE, **facts, **self.filled}, drop=drop)

    def in_document(self, substitution: Substitution, spec: Spec, problem: Problem) -> Problem:
        """A problem of the rendered spec, at its cause: in the example, or in the template's spec."""
        source = origin(substitution, spec, split(problem.pointer)[1:])
        name = source.variable
        if name is None:
            return Problem(source.pointer, problem.reason, problem.fix)
        place = join(self.pointer, name, *source.inside) if name in self.given else source.pointer
        return Problem(place, f"With `{name}` filled in: {problem.reason}", problem.fix)


def trials(parameters: Schema) -> Iterator[Trial]:
    """Yield what a template with this closed parameter schema is tried with: something, if it is valid."""
    defaults = with_defaults(parameters, {})
    if isinstance(defaults, dict) and not validate(parameters, defaults):
        yield Trial(defaults)
    for index, example in enumerate(parameters.get("examples", [])):
        filled = with_defaults(parameters, example)
        if isinstance(filled, dict):
            yield Trial(filled, example, join("/parameters/examples", index))
