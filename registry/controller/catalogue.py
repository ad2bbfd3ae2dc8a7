"""The controller's side of the store: follows it, records edits made by kubectl, tells what is broken."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from registry.cluster.client import Client
from registry.cluster.errors import ApiError
from registry.cluster.events import About, EventRecorder
from registry.cluster.resources import CONFIG_MAPS
from registry.controller import metrics
from registry.model.defaults import default_templates
from registry.planning.catalogue import Catalogue
from registry.planning.objects import Note
from registry.settings import Settings
from registry.store.adoption import Finding
from registry.store.errors import StoreError, StoreUnreadable
from registry.store.store import Store
from registry.store.watch import StoreWatch

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0

Follow = Callable[[Catalogue, frozenset[str]], None]


class CatalogueKeeper:
    """Follows the store for `follow(catalogue, names of changed templates)`.

    `readable` is set while the catalogue can be trusted; `problem` says what is wrong otherwise.
    """

    def __init__(
        self,
        settings: Settings,
        client: Client,
        follow: Follow,
        on_rollout: Callable[[], None],
    ) -> None:
        self.readable = asyncio.Event()
        self.problem = "The store has not been read yet."
        self._settings = settings
        self._follow = follow
        self._edited = asyncio.Event()
        self._watch = StoreWatch(client, settings, self._changed, on_rollout)
        self._store = Store(client, self._watch, settings)

    @property
    def watch(self) -> StoreWatch:
        """The watched copy of the store."""
        return self._watch

    async def run(self) -> None:
        """Follow the store for ever, without writing."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch.run())
            await self._watch.synced()
            self._changed(frozenset())

    async def keep(self, recorder: EventRecorder, caught_up: Callable[[], Awaitable[None]]) -> None:
        """Create the store with the default templates, then record edits for ever: the leader's part.

        Of a store that is there, all this comes once the controller has `caught_up`: a policy that was lost
        while none ran comes back at the revision that was in force then, not at one that somebody wrote
        meanwhile, and does not wait until 94 default templates are read.
        """
        if not self.readable.is_set():
            await self._persist(self._ensure)
        await caught_up()
        await self._persist(self._ensure)
        while True:
            self._edited.clear()
            await self._persist(lambda: self._adopt(recorder))
            await self._edited.wait()

    def _changed(self, names: frozenset[str]) -> None:
        try:
            catalogue = self._watch.catalogue()
        except StoreUnreadable as unreadable:
            if unreadable.reason != self.problem:
                log.warning("store unreadable, no policy is changed: %s", unreadable.reason)
            self.problem = unreadable.reason
            self.readable.clear()
        else:
            self.problem = ""
            self._follow(catalogue, names)
            self.readable.set()
        self._edited.set()

    async def _persist(self, action: Callable[[], Awaitable[None]]) -> None:
        """Do `action`, again after a while as long as the API server or the store refuses it."""
        while True:
            try:
                await action()
            except (ApiError, StoreError) as error:
                log.warning("store: %s; tried again in %.0f s", error, RETRY_SECONDS)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _ensure(self) -> None:
        added = await self._store.ensure(default_templates())
        if added:
            log.info("added %d default templates", len(added))

    async def _adopt(self, recorder: EventRecorder) -> None:
        self._tell(recorder, await self._store.adopt_edits())

    def _tell(self, recorder: EventRecorder, findings: list[Finding]) -> None:
        main = self._watch.view.main
        if main is None:
            return
        about = About(
            "v1", CONFIG_MAPS.kind, self._settings.store_namespace, self._settings.store_name, main.uid
        )
        for finding in findings:
            if finding.kind in {"adopted", "restored"}:
                recorder.tell_once(about, _note(finding))
        standing = [finding for finding in findings if finding.kind in {"invalid", "removed"}]
        recorder.tell_standing(about, [_note(finding) for finding in standing])
        counts = Counter(finding.kind for finding in standing)
        for kind in ("invalid", "removed"):
            metrics.FLAGGED.labels(kind).set(counts[kind])
        metrics.STORE_BYTES.set(self._store.fill()[0])


def _note(finding: Finding) -> Note:
    match finding.kind:
        case "adopted":
            message = f"Template {finding.name} was edited by {finding.author}: revision {finding.revision}."
            return Note("Normal", "TemplateEdited", message)
        case "restored":
            return Note(
                "Warning", "StoreRestored", f"ConfigMap {finding.name} was deleted; restored from history."
            )
        case "removed":
            message = (
                f"The entry of template {finding.name} was removed here; its last revision stays in force. "
                "Delete the template over the API, or put the entry back."
            )
            return Note("Warning", "TemplateRemoved", message)
        case _:
            problems = "; ".join(map(str, finding.problems))
            message = f"The entry of template {finding.name} is broken; its last revision stays: {problems}"
            return Note("Warning", "TemplateInvalid", message)
