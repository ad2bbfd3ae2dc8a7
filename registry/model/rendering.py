"""A template, filled parameters and a place give one NetworkPolicySpec: the hot path of the product."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from registry.model.facts import FACT_NAMES
from registry.model.networkpolicy import check_spec
from registry.model.normalise import normalise_spec
from registry.model.origins import Origin, origin
from registry.model.placeholders import NAMESPACE, WORKLOAD_NAME
from registry.model.pointers import join, split
from registry.model.problems import Invalid, Problem
from registry.model.substitution import NotText, Substitution

if TYPE_CHECKING:
    from registry.model.template import Template

Spec = dict[str, object]


class FactUnknown(Exception):
    """The template asks for something about the cluster or the place that nobody knows yet."""

    def __init__(self, fact: str) -> None:
        super().__init__(f"`{fact}` is not known in this cluster; set it in the settings.")
        self.fact = fact


class Context(msgspec.Struct, frozen=True):
    """The place a template is used in.

    `facts` holds the known cluster facts by full name (`cluster.dns`); one that is missing is unknown.
    """

    namespace: str
    workload: str | None = None
    facts: Mapping[str, object] = {}


def render(template: "Template", parameters: Mapping[str, object], context: Context) -> Spec:
    """Return the normalised NetworkPolicySpec of a template with filled parameters.

    Workload scope comes without podSelector, namespace scope always with one. Raises FactUnknown, or
    Invalid when the spec breaks a NetworkPolicy rule; then a pointer leads into the parameters when
    the value came from one, and into the template (`/spec/...`) otherwise.
    """
    substitution = Substitution(_values(template, parameters, context))
    pod_selector = template.scope == "namespace"
    try:
        spec = substitution.spec(template.spec)
    except NotText as why:
        raise Invalid([_not_text(why.name, parameters)]) from None
    problems = check_spec(spec, pod_selector=pod_selector)
    if problems:
        raise Invalid(_in_parameters(template, substitution, parameters, problems))
    if pod_selector:
        spec = {"podSelector": {}, **spec}
    return normalise_spec(spec)


def _values(template: "Template", parameters: Mapping[str, object], context: Context) -> dict[str, object]:
    values = dict(parameters)
    for name in template.variables:
        if name == NAMESPACE:
            values[name] = context.namespace
        elif name == WORKLOAD_NAME:
            values[name] = _known(name, context.workload)
        elif name in FACT_NAMES:
            values[name] = _known(name, context.facts.get(name))
    return values


def _known(name: str, value: object) -> object:
    if value is None:
        raise FactUnknown(name)
    return value


def _not_text(name: str, parameters: Mapping[str, object]) -> Problem:
    pointer = join("", name) if name in parameters else "/spec"
    reason = f"`{name}` stands inside a longer text, where only text, numbers, true and false fit."
    return Problem(pointer, reason, "Give it such a value.")


def _in_parameters(
    template: "Template",
    substitution: Substitution,
    parameters: Mapping[str, object],
    problems: list[Problem],
) -> list[Problem]:
    found = []
    for problem in problems:
        source = origin(substitution, template.spec, split(problem.pointer)[1:])
        found.append(Problem(_blamed(source, parameters), problem.reason, problem.fix))
    return found


def _blamed(source: Origin, parameters: Mapping[str, object]) -> str:
    if source.variable in parameters:
        return join("", str(source.variable), *source.inside)
    return source.pointer
