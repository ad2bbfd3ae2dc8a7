"""The catalogue as recorded: each template's revisions, which one is current, what is flagged."""

import functools
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from registry.model.compact import CompactTemplate
from registry.model.problems import Problem
from registry.model.template import Template

Flag = Literal["Invalid", "Removed"]


class Revision:
    """One immutable version of a template; `template` is None where it records a deletion.

    A recorded one holds its template as text. Equal are revisions of equal digests, beside the rest.
    """

    __slots__ = ("_source", "author", "digest", "message", "name", "number", "time")

    def __init__(  # noqa: PLR0913 (the members of a record)
        self,
        *,
        name: str,
        number: int,
        author: str,
        time: str,
        message: str,
        digest: str,
        template: Template | CompactTemplate | None,
    ) -> None:
        self.name: Final = name
        self.number: Final = number
        self.author: Final = author
        self.time: Final = time
        self.message: Final = message
        self.digest: Final = digest
        self._source: Final = template

    @property
    def template(self) -> Template | None:
        """The template as it was then."""
        source = self._source
        return source.template if isinstance(source, CompactTemplate) else source

    @property
    def deleted(self) -> bool:
        """Whether it records a deletion."""
        return self._source is None

    @property
    def variables(self) -> frozenset[str]:
        """The placeholders of its template; none of a deletion."""
        return self._source.variables if self._source else frozenset()

    @property
    def replaces_defaults(self) -> bool:
        """Whether its template is a preset."""
        return self._source is not None and self._source.replaces_defaults

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Revision) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        return f"Revision{self._identity}"

    @property
    def _identity(self) -> tuple[str, int, str, str, str, str]:
        return self.name, self.number, self.author, self.time, self.message, self.digest


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
        return self.current.deleted

    @functools.cached_property
    def ever_replaced_defaults(self) -> bool:
        """Whether any of its revisions is a preset: a policy of that revision may still be in force."""
        return any(revision.replaces_defaults for revision in self.revisions.values())

    @functools.cached_property
    def variables(self) -> frozenset[str]:
        """Every placeholder of any revision."""
        return frozenset().union(*(revision.variables for revision in self.revisions.values()))

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
