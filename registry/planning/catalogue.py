"""The catalogue as recorded: each template's revisions, which one is current, what is flagged."""

import functools
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from registry.model.problems import Problem
from registry.model.template import Template

Flag = Literal["Invalid", "Removed"]


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version of a template; `template` is None where it records a deletion."""

    name: str
    number: int
    author: str
    time: str
    message: str
    digest: str
    template: Template | None


class Entry(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A template and its history.

    `flag` says that the ConfigMap, edited by hand, no longer holds a valid entry: `Invalid` with
    the `problems` found, or `Removed`. The current revision stays in force all the same.
    """

    name: str
    head: int
    revisions: Mapping[int, Revision]
    flag: Flag | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def current(self) -> Revision:
        """The revision that a new reference gets."""
        return self.revisions[self.head]

    @property
    def deleted(self) -> bool:
        """Whether it was deleted through the API; numbering goes on when it comes back."""
        return self.current.template is None

    @functools.cached_property
    def ever_replaced_defaults(self) -> bool:
        """Whether any of its revisions is a preset: a policy of that revision may still be in force."""
        return any(template.replaces_defaults for template in self._templates())

    @functools.cached_property
    def variables(self) -> frozenset[str]:
        """Every placeholder of any revision."""
        return frozenset().union(*(template.variables for template in self._templates()))

    def _templates(self) -> Iterator[Template]:
        return (revision.template for revision in self.revisions.values() if revision.template)

    def template(self, revision: int) -> Template | None:
        """The template at `revision`; None when no such revision is recorded, or it is a deletion."""
        recorded = self.revisions.get(revision)
        return recorded.template if recorded and revision <= self.head else None


class Catalogue(msgspec.Struct, frozen=True, dict=True):
    """All templates by name, deleted ones included."""

    entries: Mapping[str, Entry] = {}

    def get(self, name: str) -> Entry | None:
        """The entry of a template that exists now."""
        entry = self.entries.get(name)
        return None if entry is None or entry.deleted else entry

    @functools.cached_property
    def defaults(self) -> tuple[Template, ...]:
        """The current templates that apply to namespaces by default."""
        return tuple(template for template in self.current() if template.default_in is not None)

    def current(self) -> Iterator[Template]:
        """The current revision of every template that exists, by name."""
        for name in sorted(self.entries):
            if template := self.entries[name].current.template:
                yield template

    def template(self, name: str, revision: int) -> Template | None:
        """A template at a revision, also of one that was deleted since."""
        entry = self.entries.get(name)
        return entry.template(revision) if entry else None
