"""The one writer of a process: queued edits become revisions, many with one conditional write.

Records come first, created and never overwritten, so each revision number has one owner among all
replicas. Then the catalogue ConfigMap is changed on condition that it is still the one planned on.
When somebody else was faster, the batch is planned again on what is there now.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from registry import contract
from registry.cluster.client import Client
from registry.cluster.errors import AlreadyExists, ApiError, Conflict, NotFound, is_transient
from registry.cluster.resources import CONFIG_MAPS
from registry.jitter import between
from registry.planning.catalogue import Revision
from registry.settings import Settings
from registry.store import bodies
from registry.store.adoption import adoptable
from registry.store.catalogue import superseded
from registry.store.errors import StoreBusy, StoreError, StoreUnreadable
from registry.store.objects import Record, StoredConfigMap
from registry.store.saves import Edit, Plan, Proposal, Result, Step, Unchanged, plan
from registry.store.watch import StoreWatch

log = logging.getLogger(__name__)

ATTEMPTS: Final = 30
"""How often a batch is planned anew before its edits are answered with StoreBusy."""

GATHERING_SECONDS: Final = 0.04
"""How long a batch waits for announced edits: to write the ConfigMap costs the same for one as for many."""

_FIELD_MANAGER: Final = {"fieldManager": contract.MANAGER}


class Outcome(NamedTuple):
    """The revision that is current after a save, and whether the save made it."""

    revision: Revision
    changed: bool


Answer = Outcome | StoreError | ApiError


class _Ticket:
    """A queued edit, the record made for it, and who waits for it."""

    def __init__(self, edit: Edit) -> None:
        self.edit = edit
        self.posted: Record | None = None
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def settle(self, result: Result | ApiError) -> None:
        """Answer the edit, unless that was done before."""
        if self.answer.done():
            return
        if isinstance(result, StoreError | ApiError):
            self.answer.set_result(result)
        else:
            self.answer.set_result(Outcome(result.revision, not isinstance(result, Unchanged)))


class _Batch(NamedTuple):
    """A plan, the ConfigMap it was made on, and who waits for each result; None for edits found there.

    The write is conditional on that very ConfigMap, never on what the watch has brought in meanwhile.
    """

    plan: Plan
    main: StoredConfigMap | None
    tickets: Sequence[_Ticket | None]


class Writer:
    """Saves edits; any number of callers may wait for theirs at once."""

    def __init__(self, client: Client, watch: StoreWatch, settings: Settings) -> None:
        self._client = client
        self._watch = watch
        self._store = settings.store_name
        self._path = CONFIG_MAPS.path(settings.store_namespace)
        self._queue: list[_Ticket] = []
        self._draining: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._announced = 0
        self._moved = asyncio.Event()

    @contextlib.contextmanager
    def announced(self) -> Iterator[None]:
        """Until it ends, an edit is on its way: a batch waits for it a moment, to take it along."""
        self._announced += 1
        try:
            yield
        finally:
            self._announced -= 1
            self._moved.set()

    async def save(self, edits: Sequence[Edit]) -> list[Answer]:
        """Save the edits, in one batch with what others queue meanwhile; answers what became of each."""
        tickets = [_Ticket(edit) for edit in edits]
        self._queue += tickets
        self._moved.set()
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return list(await asyncio.gather(*(asyncio.shield(ticket.answer) for ticket in tickets)))

    async def mend(self, names: Iterable[str]) -> list[Revision]:
        """Record edits by kubectl of these templates, and put back the ConfigMap's own marks."""
        return await self._commit([], set(names))

    async def restore(self, texts: Mapping[str, str], heads: Mapping[str, int]) -> bool:
        """Write a lost catalogue ConfigMap again; False when it is there after all."""
        async with self._lock:
            try:
                body = bodies.main_body(self._store, texts, heads)
                self._watch.take(await self._client.post(self._path, body, _FIELD_MANAGER))
            except AlreadyExists:
                await self._watch.reread()
                return False
            finally:
                self._watch.refresh()
            return True

    async def abandon(self, records: Iterable[Record]) -> None:
        """Mark records that never came into force, for people; what is in force does not depend on it."""
        await asyncio.gather(*(self._abandon(record) for record in records))

    async def close(self) -> None:
        """Wait until what was queued is answered."""
        if self._draining:
            await self._draining

    async def _drain(self) -> None:
        while self._queue:
            await self._gather()
            batch, self._queue = self._queue, []
            try:
                await self._commit(batch, {ticket.edit.name for ticket in batch})
            except (ApiError, StoreError) as error:
                for ticket in batch:
                    ticket.settle(error)

    async def _gather(self) -> None:
        """Wait for what is on its way, but not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHERING_SECONDS):
                while len(self._queue) < self._announced:
                    self._moved.clear()
                    await self._moved.wait()

    async def _commit(self, tickets: Sequence[_Ticket], names: set[str]) -> list[Revision]:
        """Commit the tickets, and the edits by kubectl of `names`; answers the latter's revisions."""
        async with self._lock:
            batch = self._plan(tickets, names)
            if any(isinstance(result, StoreError) for result in batch.plan.results):
                await self._watch.reread()  # nothing is refused only because the watch runs behind
            for attempt in range(ATTEMPTS):
                batch = self._plan(tickets, names)
                if await self._record(batch) and await self._write(batch, attempt):
                    return await self._settle(batch, names)
        raise StoreBusy("Others kept changing the store meanwhile. Try again.")

    def _plan(self, tickets: Sequence[_Ticket], names: set[str]) -> _Batch:
        view = self._watch.view
        found = adoptable(view, names)
        waiting = [ticket for ticket in tickets if not ticket.answer.done()]
        proposals = [Proposal(edit) for edit in found]
        proposals += [Proposal(ticket.edit, ticket.posted) for ticket in waiting]
        planned = plan(view, proposals, bodies.now())
        return _Batch(planned, view.main, [*(None for _ in found), *waiting])

    async def _record(self, batch: _Batch) -> bool:
        """Create the records that the plan lacks; False when it has to be made anew."""
        pairs = zip(batch.plan.results, batch.tickets, strict=True)
        missing = [(step, ticket) for step, ticket in pairs if isinstance(step, Step) and not step.record]
        return all(await asyncio.gather(*(self._post(step, ticket) for step, ticket in missing)))

    async def _post(self, step: Step, ticket: _Ticket | None) -> bool:
        body = bodies.record_body(self._store, step.revision, step.parent)
        try:
            stored = self._watch.take(await self._client.post(self._path, body, _FIELD_MANAGER))
        except AlreadyExists:
            await self._watch.reread_record(step.revision.name, step.revision.number)
            return False
        except ApiError as error:
            if ticket is None:
                raise
            ticket.settle(error)
            return False
        if ticket and isinstance(stored, Record):
            ticket.posted = stored
        return True

    async def _write(self, batch: _Batch, attempt: int) -> bool:
        """Change the catalogue ConfigMap; False when it is no longer the one planned on."""
        planned, main = batch.plan, batch.main
        if not planned.writes and (main is None or (main.labelled and main.heads is not None)):
            return True
        try:
            self._watch.take(await self._send(main, planned))
        except NotFound as error:
            raise StoreUnreadable(f"ConfigMap {self._store} was deleted.") from error
        except ApiError as error:
            if not (isinstance(error, Conflict) or is_transient(error)):
                raise
            # After a lost answer the write may have been made: what is there now tells.
            await asyncio.sleep(between(0, 0.005 * min(attempt, 20)))
            await self._watch.reread()
            return False
        return True

    async def _send(self, main: StoredConfigMap | None, planned: Plan) -> bytes:
        if main is None:
            body = bodies.main_body(self._store, planned.texts, planned.heads)
            return await self._client.post(self._path, body, _FIELD_MANAGER)
        patch = bodies.main_patch(main.resource_version, planned.texts, planned.heads)
        return await self._client.merge_patch(f"{self._path}/{self._store}", patch, _FIELD_MANAGER)

    async def _settle(self, batch: _Batch, names: set[str]) -> list[Revision]:
        self._watch.refresh()
        adopted = []
        for result, ticket in zip(batch.plan.results, batch.tickets, strict=True):
            if ticket:
                ticket.settle(result)
            elif isinstance(result, Step):
                adopted.append(result.revision)
        posted = [ticket.posted for ticket in batch.tickets if ticket and ticket.posted]
        await self.abandon(superseded(self._watch.view, names, posted))
        return adopted

    async def _abandon(self, record: Record) -> None:
        try:
            path = f"{self._path}/{record.name}"
            self._watch.take(await self._client.merge_patch(path, bodies.abandon_patch(), _FIELD_MANAGER))
        except ApiError as error:
            log.warning("record %s could not be marked abandoned: %s", record.name, error)
