"""What a batch of edits does to the store: a plan, worked out on one view of it. Pure.

A plan is made anew on a newer view when somebody else wrote in between; what was recorded for the
older one is taken over where it still fits.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from registry.model.template import Template
from registry.planning.catalogue import Revision
from registry.store.catalogue import Holding, View, committed, recorded_scope, text_digest
from registry.store.errors import (
    PreconditionFailed,
    ScopeChanged,
    StoreError,
    StoreUnreadable,
    TemplateExists,
    TemplateNotFound,
    TooLarge,
    head_missing,
    no_records,
)
from registry.store.objects import Record, key_of

LIMIT: Final = 1_048_576
"""Bytes of all values of a ConfigMap: https://kubernetes.io/docs/concepts/configuration/configmap/"""

NAMED: Final = 5
"""How many of the largest templates a refusal names."""

ANY: Final = "*"
"""Stands for any ETag: the template must exist, at whatever revision."""


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one template; `template` and `text` are None where it is deleted.

    `expected` are ETags of which the current one must be one; None: there must be no such template.
    `origin` is where it comes from. Edits from `kubectl` (its text is in the ConfigMap already) and
    `default` templates are recorded by whichever process comes first, so their records are shared.
    """

    name: str
    template: Template | None
    text: str | None
    author: str
    message: str = ""
    expected: tuple[str, ...] | None = None
    origin: Literal["api", "kubectl", "default"] = "api"


class Proposal(msgspec.Struct, frozen=True):
    """An edit, and the record made for it by an earlier plan."""

    edit: Edit
    posted: Record | None = None


class Step(msgspec.Struct, frozen=True):
    """An edit that becomes a revision; `record` when it is recorded already."""

    revision: Revision
    parent: int
    record: Record | None = None


class Unchanged(msgspec.Struct, frozen=True):
    """An edit that makes no revision: the template is so already."""

    revision: Revision


class Done(msgspec.Struct, frozen=True):
    """An edit that an earlier plan committed, although the answer was lost."""

    revision: Revision


Result = Step | Unchanged | Done | StoreError


class Plan(msgspec.Struct, frozen=True):
    """A result for each proposal; `texts` are the keys to write, `heads` all of the new annotation."""

    results: Sequence[Result]
    texts: Mapping[str, str | None]
    heads: Mapping[str, int]

    @property
    def writes(self) -> bool:
        """Whether the catalogue ConfigMap changes."""
        return bool(self.texts) or any(isinstance(result, Step) for result in self.results)


def etag(revision: Revision) -> str:
    """The strong entity tag of a revision, without quotes."""
    return f"{revision.number}-{revision.digest.removeprefix('sha256:')[:16]}"


def plan(view: View, proposals: Sequence[Proposal], time: str) -> Plan:
    """Work out the proposals in their order, each on what those before it leave."""
    draft = _Draft(view, time)
    results = [draft.take(proposal) for proposal in proposals]
    return Plan(results, draft.texts, draft.heads)


def fill(texts: Mapping[str, str]) -> int:
    """Bytes of the ConfigMap's values."""
    return sum(map(_size, texts.values()))


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())  # ASCII is known without looking at it


class _Draft:
    """The store as it will be after the edits taken so far."""

    def __init__(self, view: View, time: str) -> None:
        self.texts: dict[str, str | None] = {}
        self.heads = view.heads()
        self._view = view
        self._time = time
        self._current: dict[str, Revision] = {}
        self._numbers: dict[str, int] = {}
        texts = view.main.texts if view.main else {}
        self._sizes = {key: _size(text) for key, text in texts.items()}

    def take(self, proposal: Proposal) -> Result:
        """Take in one edit, or say why not."""
        edit = proposal.edit
        holding = self._view.holding(edit.name)
        if done := _done(holding, proposal):
            return done
        try:
            self._check(edit, holding)
        except StoreError as refusal:
            return refusal
        current = self._now(holding)
        if current and edit.template and current.digest == edit.template.digest:
            return self._unchanged(edit, current)
        return self._step(proposal, holding)

    def _now(self, holding: Holding) -> Revision | None:
        return self._current.get(holding.name) or holding.current

    def _check(self, edit: Edit, holding: Holding) -> None:
        if self._view.main and self._view.history_lost:
            raise no_records(self._view.main.name)
        if edit.origin == "kubectl":
            return  # checked when it was found, and its text is in the ConfigMap already
        if self._view.main is None and edit.origin != "default":
            raise StoreUnreadable("The ConfigMap of the templates is missing.")
        current = self._now(holding)
        if holding.head and not current:
            raise head_missing(edit.name, holding.head)
        _check_precondition(edit, current)
        scope = recorded_scope(holding)
        if edit.template and scope and scope != edit.template.scope:
            raise ScopeChanged(edit.name, scope)
        self._check_size(edit)

    def _check_size(self, edit: Edit) -> None:
        key, new = key_of(edit.name), _size(edit.text or "")
        old = self._sizes.get(key, 0)
        size = sum(self._sizes.values()) - old + new
        if size > LIMIT and new > old:
            sizes = {**self._sizes, key: new}.items()
            largest = sorted(sizes, key=lambda entry: entry[1], reverse=True)[:NAMED]
            raise TooLarge(size, LIMIT, [(name.removesuffix(".yaml"), bytes_) for name, bytes_ in largest])

    def _unchanged(self, edit: Edit, current: Revision) -> Unchanged:
        """Make no revision; mend the text when it was broken or removed by hand."""
        key = key_of(edit.name)
        text = self.texts.get(key, self._view.holding(edit.name).text)
        if text is None or text_digest(text) != current.digest:
            self._write(edit)
        return Unchanged(current)

    def _step(self, proposal: Proposal, holding: Holding) -> Step:
        edit, parent = proposal.edit, self.heads.get(holding.name, 0)
        record = _reusable(proposal, holding, parent)
        revision = record.revision if record else self._revision(edit, holding)
        self._numbers[edit.name] = max(revision.number, self._numbers.get(edit.name, 0))
        self.heads[edit.name] = revision.number
        self._current[edit.name] = revision
        self._write(edit)
        return Step(revision, parent, record)

    def _write(self, edit: Edit) -> None:
        key = key_of(edit.name)
        self._sizes[key] = _size(edit.text or "")
        if edit.origin != "kubectl":
            self.texts[key] = edit.text

    def _revision(self, edit: Edit, holding: Holding) -> Revision:
        last = max(holding.head, self._numbers.get(edit.name, 0), *holding.records, 0)
        return Revision(
            name=edit.name,
            number=last + 1,
            author=edit.author,
            time=self._time,
            message=edit.message,
            digest=edit.template.digest if edit.template else "",
            template=edit.template,
        )


def _done(holding: Holding, proposal: Proposal) -> Done | None:
    posted = proposal.posted
    if posted and posted.revision.number in committed(holding):
        return Done(posted.revision)
    return None


def _check_precondition(edit: Edit, current: Revision | None) -> None:
    exists = current is not None and current.template is not None
    if edit.expected is None:
        if exists and current:
            raise TemplateExists(current)
        return
    if current is None or not exists:
        raise TemplateNotFound(edit.name)
    if ANY not in edit.expected and etag(current) not in edit.expected:
        raise PreconditionFailed(current)


def _reusable(proposal: Proposal, holding: Holding, parent: int) -> Record | None:
    """A record on this parent that can stand for the edit: our own, or a shared one of equal content."""
    posted, edit = proposal.posted, proposal.edit
    if posted and posted.parent == parent:
        return posted
    if edit.origin == "api" or not edit.template:
        return None
    for record in holding.records.values():
        found = record.revision
        same = (found.digest, found.author, record.parent) == (edit.template.digest, edit.author, parent)
        if same and found.number > parent and not record.abandoned:
            return record
    return None
