"""The store as its users see it: set it up, save edits, take in what people edited with kubectl."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Final

from registry import contract
from registry.cluster.client import Client
from registry.model.template import Template
from registry.planning.catalogue import Revision
from registry.settings import Settings
from registry.store import bodies
from registry.store.adoption import Finding, adoptable, faults, restorable
from registry.store.catalogue import View, committed, superseded
from registry.store.errors import StoreError, TemplateExists
from registry.store.objects import Record
from registry.store.saves import LIMIT, Done, Edit, Proposal, Result, Unchanged, fill, plan
from registry.store.watch import StoreWatch
from registry.store.writer import Answer, Outcome, Writer

log = logging.getLogger(__name__)

DEFAULT_MESSAGE: Final = "default template"

UNCOMMITTED_SECONDS: Final = 60.0
"""A record newer than the head may be a save under way; after this long it is taken for abandoned."""


class Store:
    """One store, over a running StoreWatch."""

    def __init__(self, client: Client, watch: StoreWatch, settings: Settings) -> None:
        self._watch = watch
        self._name = settings.store_name
        self._writer = Writer(client, watch, settings)

    async def ensure(self, defaults: Iterable[Template]) -> list[str]:
        """Create the store, or add the defaults it never had; answers the names of those added.

        A default that was deleted stays deleted, and an edited one stays edited. Any number of processes
        may do this at once. Raises ApiError, or StoreUnreadable when the history is lost.
        """
        await self._watch.synced()
        edits = {template.name: _default(template) for template in defaults}
        if self._watch.view.main is None:
            await self._watch.reread()  # it may be there without our label
        if self._watch.view.main is None:
            if _begun(self._watch.view, edits):
                return await self._add(edits.values())
            await self._restore()
        known = self._watch.view.names()
        return await self._add(edit for name, edit in edits.items() if name not in known)

    def announced(self) -> AbstractContextManager[None]:
        """Until it ends, a save is on its way, so that others wait for it a moment and share its write."""
        return self._writer.announced()

    async def save(self, edit: Edit) -> Outcome:
        """Save one edit. Raises StoreError, or ApiError when the API server cannot be asked."""
        [answer] = await self.save_all([edit])
        if isinstance(answer, Outcome):
            return answer
        raise answer

    async def save_all(self, edits: Sequence[Edit]) -> list[Answer]:
        """Save edits of different templates with one write; answers what became of each.

        An edit that is refused keeps none of the others from being saved.
        """
        return await self._writer.save(edits)

    async def preview(self, edit: Edit) -> Outcome:
        """What saving the edit would answer now; nothing is written. Raises as `save` does."""
        [answer] = await self.preview_all([edit])
        if isinstance(answer, StoreError):
            raise answer
        return answer

    async def preview_all(self, edits: Sequence[Edit]) -> list[Outcome | StoreError]:
        """What `save_all` would answer now; nothing is written. Raises ApiError."""
        results = self._try(edits)
        if any(isinstance(result, StoreError) for result in results):
            await self._watch.reread()  # nothing is refused only because the watch runs behind
            results = self._try(edits)
        return [_foreseen(result) for result in results]

    def _try(self, edits: Sequence[Edit]) -> Sequence[Result]:
        view = self._watch.view
        found = adoptable(view, [edit.name for edit in edits])
        proposals = [Proposal(one) for one in (*found, *edits)]
        return plan(view, proposals, bodies.now()).results[len(found) :]

    async def adopt_edits(self) -> list[Finding]:
        """Take in what people edited in the ConfigMap, and restore it when it was deleted.

        Answers what it did, and what stands broken; no write when there is nothing to take in.
        """
        findings: list[Finding] = []
        if self._watch.view.main is None:
            findings += await self._restore()
        view = self._watch.view
        if view.main is None or view.history_lost:
            return findings  # without any history nobody can tell what was edited
        findings += [_adopted(revision) for revision in await self._writer.mend(view.names())]
        await self._writer.abandon(_left_behind(self._watch.view))
        return findings + faults(self._watch.view)

    def fill(self) -> tuple[int, int]:
        """Bytes of the ConfigMap's values, and how many it can hold."""
        main = self._watch.view.main
        return (fill(main.texts) if main else 0), LIMIT

    async def close(self) -> None:
        """Wait until what was queued is saved."""
        await self._writer.close()

    async def _add(self, edits: Iterable[Edit]) -> list[str]:
        answers = await self._writer.save(list(edits))
        for answer in answers:
            if not isinstance(answer, Outcome | TemplateExists):
                raise answer
        return [answer.revision.name for answer in answers if isinstance(answer, Outcome)]

    async def _restore(self) -> list[Finding]:
        """Write the ConfigMap again from the records, unless it only lacks our label or never was."""
        await self._watch.reread()
        view = self._watch.view
        if view.main is not None or not view.records:
            return []
        texts, heads = restorable(view, self._watch.last_heads)
        if not await self._writer.restore(texts, heads):
            return []
        log.warning("ConfigMap %s was missing; it is restored from %d records", self._name, len(heads))
        return [Finding(kind="restored", name=self._name, author=contract.MANAGER)]


def _foreseen(result: Result) -> Outcome | StoreError:
    if isinstance(result, StoreError):
        return result
    return Outcome(result.revision, not isinstance(result, Unchanged | Done))


def _begun(view: View, defaults: Mapping[str, Edit]) -> bool:
    """Whether nothing is recorded but some of these defaults: a first start, perhaps under way elsewhere."""
    found = (record.revision for records in view.records.values() for record in records.values())
    return all(one.number == 1 and one.name in defaults and _same(one, defaults[one.name]) for one in found)


def _same(revision: Revision, edit: Edit) -> bool:
    return (revision.template, revision.author) == (edit.template, edit.author)


def _default(template: Template) -> Edit:
    return Edit(
        name=template.name,
        template=template,
        text=bodies.text_of(template),
        author=contract.MANAGER,
        message=DEFAULT_MESSAGE,
        origin="default",
    )


def _adopted(revision: Revision) -> Finding:
    name, number, author = revision.name, revision.number, revision.author
    log.info("recorded an edit of template %s by %s as revision %d", name, author, number)
    return Finding(kind="adopted", name=name, revision=number, author=author)


def _left_behind(view: View) -> list[Record]:
    """Records that never came into force: passed by a later one, or left by a save that crashed."""
    names = view.names()
    return superseded(view, names, [record for record in _ahead(view, names) if _is_old(record)])


def _ahead(view: View, names: Iterable[str]) -> Iterable[Record]:
    for name in names:
        holding = view.holding(name)
        in_force = committed(holding)
        yield from (record for number, record in holding.records.items() if number not in in_force)


def _is_old(record: Record) -> bool:
    try:
        made = datetime.fromisoformat(record.revision.time)
    except ValueError:
        return True
    return (datetime.now(UTC) - made).total_seconds() > UNCOMMITTED_SECONDS
