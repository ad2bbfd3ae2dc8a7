"""Finds restrictions that a namespace default makes pointless."""

from collections.abc import Iterator, Mapping

from registry.lint.codes import ALWAYS_WIDENED
from registry.lint.coverage import covers_rule
from registry.lint.dns import applies_everywhere
from registry.lint.findings import Finding, Severity, Surroundings
from registry.lint.view import SIDES, Rule, View, placeholders, view
from registry.model.pointers import join
from registry.model.template import Template


def always_widened(seen: View) -> Iterator[Finding]:
    """Find directions in which a default allows all that the template does, and so cuts nothing.

    A preset leaves the defaults out, and defaults are made to go together: neither is looked at.
    """
    if seen.template.replaces_defaults or seen.template.default_in is not None:
        return
    for default in seen.surroundings.defaults:
        if default.name != seen.template.name and applies_everywhere(default):
            yield from _by(seen, default)


def _by(seen: View, default: Template) -> Iterator[Finding]:
    others = view(default, None, Surroundings(seen.surroundings.facts)).rules
    widened = [
        direction
        for direction, rules in seen.rules.items()
        if _is_widened(rules, others.get(direction, ()), SIDES[direction])
    ]
    severity: Severity = "warning" if len(widened) == len(seen.rules) else "info"
    for direction in widened:
        message = (
            f"The default template {default.name} allows {'more' if seen.rules[direction] else 'some'} "
            f"{direction} in every managed namespace, so what this one cuts stays open there."
        )
        yield ALWAYS_WIDENED.at(_pointer(seen, direction), message, severity)


def _is_widened(rules: tuple[Rule, ...], wider: tuple[Rule, ...], side: str) -> bool:
    """Tell whether a default's rules allow all that `rules` do, and more."""
    if not all(_is_covered(rule, wider, side) for rule in rules):
        return False
    return any(not any(covers_rule(rule.value, one.value, side) for rule in rules) for one in wider)


def _pointer(seen: View, direction: str) -> str:
    spec = seen.template.document["spec"]
    return next((join("/spec", name) for name in (direction, "policyTypes") if name in spec), "/spec")


def _is_covered(rule: Rule, wider: tuple[Rule, ...], side: str) -> bool:
    """Tell whether a rule that does not depend on parameters is inside a rule of the default."""
    if not isinstance(rule.written, Mapping) or placeholders(rule.written):
        return False
    return any(covers_rule(one.value, rule.value, side) for one in wider)
