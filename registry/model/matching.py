"""Rendering backwards: the parameters with which a template gives exactly some NetworkPolicySpec. Pure.

Values are read at the placeholders (`structure`); what counts is that rendering them gives the spec again.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.model.parameters import Parameters, fill
from registry.model.problems import Invalid
from registry.model.rendering import Context, FactUnknown, render
from registry.model.structure import Bindings, Structure, TooManyWays
from registry.model.template import Template

CANDIDATES: Final = 64
"""Guesses that are rendered, at most."""


def parameters_for(template: Template, spec: Mapping[str, Any], context: Context) -> tuple[Parameters, ...]:
    """Return the parameters with which the template renders `spec`, as few as possible.

    `spec` is normalised; in workload scope it has no podSelector. None at all where it cannot be rendered,
    or where there are too many ways to read it. Several where as many parameters, with other names or
    values, do the same: then nobody can say which were meant. Defaults are left out; `{}` is all defaults.
    """
    wanted = canonical(spec)
    if not _comparable(template, spec):
        return ()
    if _renders(template, {}, context, wanted):
        return ({},)
    try:
        guesses = list(itertools.islice(_guesses(template, spec), CANDIDATES + 1))
    except TooManyWays:
        return ()
    if len(guesses) > CANDIDATES:
        return ()
    found = {}
    for guess in guesses:
        for given in (guess, _without_tcp(guess)):
            if _renders(template, given, context, wanted):
                least = _least(template, given, context, wanted)
                found[canonical(least)] = least
    fewest = min(map(len, found.values()), default=0)
    return tuple(found[key] for key in sorted(found) if len(found[key]) == fewest)


def _comparable(template: Template, spec: Mapping[str, Any]) -> bool:
    """Whether the directions are the same; most templates are out by that alone."""
    types = template.spec.get("policyTypes")
    literal = isinstance(types, list) and not any("$" in str(one) for one in types)
    return not literal or types == spec.get("policyTypes")


def _guesses(template: Template, spec: Mapping[str, Any]) -> Iterator[Bindings]:
    parameters = frozenset(template.parameters.get("properties", ()))
    laid = normalise_spec(template.spec)
    if template.scope == "namespace":
        laid = {"podSelector": {}, **laid}
    return Structure(template.variables - parameters).bindings(laid, spec)


def _renders(template: Template, given: Bindings, context: Context, wanted: bytes) -> bool:
    try:
        return canonical(render(template, fill(template, given), context)) == wanted
    except (Invalid, FactUnknown):
        return False


def _least(template: Template, given: Bindings, context: Context, wanted: bytes) -> Parameters:
    """The parameters without those that change nothing, such as defaults."""
    kept = dict(given)
    for name in sorted(given):
        fewer = {one: value for one, value in kept.items() if one != name}
        if _renders(template, fewer, context, wanted):
            kept = fewer
    return kept


def _without_tcp(given: Bindings) -> Bindings:
    """The same with lists of ports as a person writes them: TCP goes without saying."""
    return {
        name: [_port(one) for one in value] if isinstance(value, list) else value
        for name, value in given.items()
    }


def _port(item: object) -> object:
    if not isinstance(item, dict) or item.get("protocol") != "TCP":
        return item
    return {name: value for name, value in item.items() if name != "protocol"}
