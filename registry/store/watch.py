"""A watched copy of the store: what is in force now, and who wants to know when it changes."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from registry import contract
from registry.cluster.cache import Cache
from registry.cluster.client import Client
from registry.cluster.errors import NotFound
from registry.cluster.informer import Informer, State
from registry.cluster.resources import CONFIG_MAPS
from registry.planning.catalogue import Catalogue, Entry
from registry.planning.objects import Key
from registry.planning.pins import Pin
from registry.settings import Settings
from registry.store.catalogue import View, check_readable, read_entry
from registry.store.errors import StoreUnreadable
from registry.store.objects import (
    KEY_SUFFIX,
    Decoder,
    Record,
    Stored,
    StoredConfigMap,
    StoredPins,
    StoredRollout,
    pins_name,
    record_name,
    rollout_name,
)

OnChange = Callable[[frozenset[str]], None]


class StoreWatch:
    """Keeps the store's ConfigMaps in memory; `run` never returns.

    `on_change` is called in the event loop after each change of the store, with the names of the
    templates whose entry changed; none when only the ConfigMap's text did, or it became unreadable.
    `on_rollout` is called when a rollout began, changed or went.
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        on_change: OnChange = lambda _: None,
        on_rollout: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._namespace = settings.store_namespace
        self._store = settings.store_name
        self._on_change = on_change
        self._on_rollout = on_rollout
        self._decode = Decoder(settings.store_name)
        selector = {"labelSelector": contract.COMPONENT_LABEL}
        path = CONFIG_MAPS.path(self._namespace)
        self._informer = Informer[Stored](client, path, self._decode, Cache(self._changed), selector)
        self._main: StoredConfigMap | None = None
        self._records: dict[str, dict[int, Record]] = {}
        self._rollouts: dict[str, StoredRollout] = {}
        self._pins: dict[str, StoredPins] = {}
        self._entries: dict[str, Entry] = {}
        self._dirty: set[str] = set()
        self._scheduled = False
        self._published: Catalogue | StoreUnreadable = StoreUnreadable("The store has not been read yet.")
        self.last_heads: Mapping[str, int] = {}
        """The committed revisions as last seen, also after the ConfigMap is gone."""

    async def run(self) -> None:
        """Watch for ever."""
        await self._informer.run()

    async def synced(self) -> None:
        """Wait until the store has been read once, or is known to be out of reach."""
        await self._informer.settled.wait()
        self.refresh()

    @property
    def state(self) -> State:
        """How far the copy can be trusted."""
        return self._informer.state

    @property
    def view(self) -> View:
        """The ConfigMaps as they are known; it changes with them, so read it without awaiting."""
        return View(self._main, self._records)

    @property
    def rollouts(self) -> Mapping[str, StoredRollout]:
        """The current or last rollout of each template that had one; as with `view`."""
        return self._rollouts

    @property
    def pins(self) -> Mapping[str, StoredPins]:
        """The pins of each template that has some; as with `view`."""
        return self._pins

    def pin(self, template: str, key: Key) -> Pin | None:
        """What is recorded of the reference of a key to a template; from any thread."""
        stored = self._pins.get(template)
        return stored.pins.get(key) if stored else None

    def catalogue(self) -> Catalogue:
        """What is in force; from any thread. Raises StoreUnreadable, and then nothing may be changed."""
        if isinstance(self._published, StoreUnreadable):
            raise StoreUnreadable(self._published.reason)
        return self._published

    def take(self, raw: bytes) -> Stored:
        """Take in a ConfigMap as the API server answered it, ahead of the watch."""
        stored = self._decode(raw)
        self._informer.cache.put(stored)
        return stored

    async def reread(self) -> None:
        """Read the catalogue ConfigMap, labelled or not, and the records of heads not seen yet."""
        await self._reread(CONFIG_MAPS.path(self._namespace, self._store))
        main = self._main
        heads = (main.heads or {}).items() if main else ()
        unseen = [(name, head) for name, head in heads if head not in self._records.get(name, {})]
        await asyncio.gather(*(self.reread_record(name, head) for name, head in unseen))

    async def reread_record(self, name: str, number: int) -> None:
        """Read one record."""
        path = CONFIG_MAPS.path(self._namespace, record_name(self._store, name, number))
        await self._reread(path)

    async def reread_rollout(self, name: str) -> Stored | None:
        """Read the rollout of a template: None when it never had one, Other when somebody spoiled it."""
        return await self._reread(CONFIG_MAPS.path(self._namespace, rollout_name(self._store, name)))

    async def reread_pins(self, name: str) -> Stored | None:
        """Read the pins of a template; None when it never had any."""
        return await self._reread(CONFIG_MAPS.path(self._namespace, pins_name(self._store, name)))

    def refresh(self) -> None:
        """Publish what is in force now and tell of it, if anything changed since last time."""
        self._scheduled = False
        if self._informer.state is not State.SYNCED:
            state = self._informer.state.value
            self._published = StoreUnreadable(f"The watch of the store's ConfigMaps is {state}.")
            return
        if not self._dirty and isinstance(self._published, Catalogue):
            return
        changed = self._publish()
        self._on_change(frozenset(changed))

    async def _reread(self, path: str) -> Stored | None:
        try:
            raw = await self._client.get(path)
        except NotFound:
            return None
        return self.take(raw)

    def _changed(self, old: Stored | None, new: Stored | None) -> None:
        """Note what an event touches; work is in proportion to it."""
        stored = new or old
        if isinstance(stored, Record):
            self._on_record(stored, gone=new is None)
        elif isinstance(stored, StoredConfigMap):
            self._on_main(new if isinstance(new, StoredConfigMap) else None)
        elif isinstance(stored, StoredPins):
            self._note_pins(stored, gone=new is None)
            return
        else:
            self._note_rollout(old, new)
            return
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self.refresh)

    def _note_pins(self, stored: StoredPins, *, gone: bool) -> None:
        """Nobody needs to hear of it: a pin counts only when its policy is missing."""
        if gone:
            self._pins.pop(stored.template, None)
        else:
            self._pins[stored.template] = stored

    def _note_rollout(self, old: Stored | None, new: Stored | None) -> None:
        """Only those who carry rollouts out hear of it: what is in force does not change by it."""
        if isinstance(old, StoredRollout):
            self._rollouts.pop(old.rollout.template, None)
        if isinstance(new, StoredRollout):
            self._rollouts[new.rollout.template] = new
        self._on_rollout()

    def _on_record(self, record: Record, *, gone: bool) -> None:
        name, number = record.revision.name, record.revision.number
        self._dirty.add(name)
        if not gone:
            self._records.setdefault(name, {})[number] = record
            return
        self._decode.forget(record)
        self._records[name].pop(number, None)
        if not self._records[name]:
            del self._records[name]

    def _on_main(self, new: StoredConfigMap | None) -> None:
        old, self._main = self._main, new
        if new is None or old is None or (new.heads is None) != (old.heads is None):
            self._dirty |= self.view.names() | set(self._entries)
        else:
            keys = _differences(old.texts, new.texts)
            self._dirty |= {key.removesuffix(KEY_SUFFIX) for key in keys}
            self._dirty |= _differences(old.heads or {}, new.heads or {})
        if new is not None and new.heads is not None:
            self.last_heads = new.heads
        self._dirty.add("")  # no template's name: the text alone changed, which is told as well

    def _publish(self) -> set[str]:
        view, names = self.view, self._dirty - {""}
        entries = dict(self._entries)
        try:
            check_readable(view)
            for name in names:
                _set(entries, name, read_entry(view.holding(name)))
        except StoreUnreadable as unreadable:
            self._published = unreadable
            return set()
        changed = {name for name in names if entries.get(name) != self._entries.get(name)}
        self._entries = entries
        self._published = Catalogue(entries)
        self._dirty = set()
        return changed


def _set(entries: dict[str, Entry], name: str, entry: Entry | None) -> None:
    if entry is None:
        entries.pop(name, None)
    else:
        entries[name] = entry


def _differences(old: Mapping[str, object], new: Mapping[str, object]) -> set[str]:
    names: Iterable[str] = old.keys() | new.keys()
    return {name for name in names if old.get(name) != new.get(name)}
