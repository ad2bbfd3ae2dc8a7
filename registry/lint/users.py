"""Lint of a template that many use: what it says alone, and what it means where it is used."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from registry.lint.findings import Finding, Surroundings
from registry.lint.lint import in_order, lint
from registry.lint.live import LIVE_CHECKS
from registry.lint.place import Target
from registry.lint.view import View, view
from registry.model.documents import canonical
from registry.model.placeholders import NAMESPACE, WORKLOAD_NAME
from registry.model.problems import Invalid
from registry.model.template import Template
from registry.planning.objects import Key

SHOWN: Final = 20
"""How many users a finding names."""


class User(NamedTuple):
    """A user of a template: what the reference sits on, its parameters, and what is there."""

    key: Key
    parameters: Mapping[str, Any]
    target: Target


class Concerned(msgspec.Struct, frozen=True):
    """A finding that depends on the place, the first SHOWN users that it concerns, and how many do."""

    finding: Finding
    users: tuple[Key, ...]
    total: int


class Report(msgspec.Struct, frozen=True):
    """What was found in the template alone, and among its users.

    `looked_at` counts users, `unfit` those whose parameters do not fit the template: they are not looked at.
    """

    findings: list[Finding]
    live: list[Concerned]
    looked_at: int
    unfit: int


def lint_users(
    template: Template,
    users: Iterable[User],
    surroundings: Surroundings,
    parameters: Mapping[str, object] | None = None,
) -> Report:
    """Lint a template with `parameters` or its defaults, and with those of each user in `surroundings.place`.

    Users of equal parameters and targets are looked at once. Raises Invalid when `parameters` do not fit.
    """
    findings = lint(template, parameters, surroundings)
    looks = _Looks(template, surroundings)
    concerned: dict[Finding, list[Key]] = {}
    looked_at = unfit = 0
    for user in users:
        found = looks.at(user)
        if found is None:
            unfit += 1
            continue
        looked_at += 1
        for finding in found:
            concerned.setdefault(finding, []).append(user.key)
    return Report(findings, list(_counted(concerned)), looked_at, unfit)


def _counted(concerned: Mapping[Finding, list[Key]]) -> Iterator[Concerned]:
    for finding in in_order(concerned):
        keys = concerned[finding]
        yield Concerned(finding, tuple(sorted(keys)[:SHOWN]), len(keys))


class _Looks:
    """What is found for a user, remembered by all that it depends on."""

    def __init__(self, template: Template, surroundings: Surroundings) -> None:
        self._template = template
        self._surroundings = surroundings
        self._views: dict[tuple[object, ...], View | None] = {}
        self._found: dict[tuple[object, ...], list[Finding]] = {}

    def at(self, user: User) -> list[Finding] | None:
        """The live findings; None where the user's parameters do not fit."""
        names = self._names(user)
        rendered = (canonical(user.parameters), *names.values())
        if rendered not in self._views:
            self._views[rendered] = self._view(user, names)
        seen = self._views[rendered]
        if seen is None:
            return None
        place = (rendered, user.target.namespace, user.target.pods)
        if place not in self._found:
            here = msgspec.structs.replace(seen.surroundings, target=user.target)
            self._found[place] = _live(msgspec.structs.replace(seen, surroundings=here))
        return self._found[place]

    def _names(self, user: User) -> dict[str, str]:
        """What the template names of the user."""
        names = {NAMESPACE: user.target.namespace, WORKLOAD_NAME: user.target.name}
        return {name: text for name, text in names.items() if name in self._template.variables}

    def _view(self, user: User, names: Mapping[str, str]) -> View | None:
        facts = {**self._surroundings.facts, **names}
        try:
            return view(
                self._template,
                user.parameters,
                msgspec.structs.replace(self._surroundings, facts=facts),
            )
        except Invalid:
            return None


def _live(seen: View) -> list[Finding]:
    return in_order(finding for check in LIVE_CHECKS for finding in check(seen))
