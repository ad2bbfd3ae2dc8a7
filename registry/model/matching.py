"""Rendering backwards: the parameters with which a template gives exactly some NetworkPolicySpec. Pure.

Values are read at the placeholders (`structure`); what counts is that rendering them gives the spec again.
"""

import itertools
from collections.abc import Mapping
from typing import Any, Final

from registry.model.documents import canonical
from registry.model.normalise import normalise_spec
from registry.model.parameters import Parameters, fill
from registry.model.placeholders import OPENING
from registry.model.problems import Invalid
from registry.model.rendering import Context, FactUnknown, render
from registry.model.structure import Bindings, Structure, TooManyWays
from registry.model.template import Template

CANDIDATES: Final = 64
"""Guesses that are rendered, at most."""


class Reader:
    """Reads the parameters of one template out of specs."""

    def __init__(self, template: Template) -> None:
        self.template = template
        laid = normalise_spec(template.spec)
        self._laid = {"podSelector": {}, **laid} if template.scope == "namespace" else laid
        self._known = template.variables - frozenset(template.parameters.get("properties", ()))
        types = laid.get("policyTypes")
        self._types = types if OPENING not in str(types) else None

    def read(self, spec: Mapping[str, Any], context: Context) -> tuple[Parameters, ...]:
        """Return the parameters with which the template renders `spec`, as few as possible.

        `spec` is normalised; in workload scope it has no podSelector. None at all where it cannot be
        rendered, or where there are too many ways to read it. Several where as many parameters, with other
        names or values, do the same: then nobody can say which were meant. Defaults are left out; `{}` is
        all defaults.
        """
        if self._types is not None and self._types != spec.get("policyTypes"):
            return ()  # most templates are out by that alone
        guesses = self._guesses(spec)
        if not guesses:
            return ()
        wanted = canonical(spec)
        found = {}
        terse = [one for guess in guesses if (one := _without_tcp(guess)) != guess]
        for guess in ({}, *guesses, *terse):
            if _renders(self.template, guess, context, wanted):
                least = _least(self.template, guess, context, wanted)
                if not least:
                    return ({},)
                found[canonical(least)] = least
        fewest = min(map(len, found.values()), default=0)
        return tuple(found[key] for key in sorted(found) if len(found[key]) == fewest)

    def _guesses(self, spec: Mapping[str, Any]) -> list[Bindings]:
        """What the placeholders may stand for; nothing where that is too much to try."""
        try:
            ways = Structure(self._known).bindings(self._laid, spec)
            guesses = list(itertools.islice(ways, CANDIDATES + 1))
        except TooManyWays:
            return []
        return guesses if len(guesses) <= CANDIDATES else []


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
