"""The watched cluster, indexed so that a change costs work in proportion to what it touches."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from registry.cluster.informer import Cache
from registry.controller.queue import KeyQueue
from registry.model.documents import canonical
from registry.planning.catalogue import Catalogue
from registry.planning.names import bears_mark, owner_key, policy_name
from registry.planning.namespaces import NamespaceView, allowing_selectors
from registry.planning.objects import (
    Key,
    LivePolicy,
    Namespace,
    Selector,
    Workload,
    is_namespace,
    namespace_key,
)
from registry.planning.resolve import Applied, Surroundings
from registry.planning.workloads import WorkloadView, holds_preset, is_preset

Place = tuple[str, str]


class World:
    """Caches and indexes; its `on_...` methods turn changes of objects into keys of the queue."""

    def __init__(self, queue: KeyQueue, excluded: Iterable[str]) -> None:
        self.catalogue = Catalogue()
        self.facts: Mapping[str, object] = {}
        self.applied: dict[Key, dict[str, Applied]] = {}
        self.namespaces: Cache[Namespace] = Cache(self.on_namespace)
        self.policies: Cache[LivePolicy] = Cache(self.on_policy)
        self.workloads: dict[tuple[str, str], Cache[Workload]] = {}
        self._queue = queue
        self._excluded = frozenset(excluded)
        self._own_write = False
        self._owned: defaultdict[Key, set[str]] = defaultdict(set)
        self._owners: dict[Place, Key] = {}
        self._expected: dict[Place, Key] = {}
        self._referring: defaultdict[str, set[Key]] = defaultdict(set)
        self._referring_workloads: set[Key] = set()
        self._members: defaultdict[str, set[Key]] = defaultdict(set)
        self._selecting: defaultdict[tuple[str, bytes], set[Key]] = defaultdict(set)

    # What the planner asks

    def workload(self, key: Key) -> Workload | None:
        """The workload of that key, if it exists and its kind is watched."""
        cache = self.workloads.get((key.group, key.kind))
        return cache.get(key.namespace, key.name) if cache else None

    def watches(self, key: Key) -> bool:
        """Whether all workloads of that kind are known; of others nothing may be concluded."""
        return (key.group, key.kind) in self.workloads

    def namespace(self, name: str) -> Namespace | None:
        """The Namespace, if it exists and this installation looks at it."""
        return self.namespaces.get("", name)

    def is_excluded(self, namespace: str) -> bool:
        """Whether the settings keep `namespace` from ever being managed."""
        return namespace in self._excluded

    def live(self, key: Key) -> tuple[LivePolicy, ...]:
        """The policies that `key` generated."""
        found = (self.policies.get(key.namespace, name) for name in sorted(self._owned.get(key, ())))
        return tuple(policy for policy in found if policy)

    def surroundings(self, namespace: Namespace) -> Surroundings:
        """What references in `namespace` are resolved against."""
        return Surroundings(self.catalogue, self.facts, namespace)

    def workload_view(self, key: Key) -> WorkloadView:
        """Everything known about a workload."""
        view = self._plain_view(key)
        namespace = self.namespace(key.namespace)
        if not view.workload or not namespace or not any(map(self._may_replace, view.workload.references)):
            return view
        around = self.surroundings(namespace)
        return WorkloadView(
            key=key,
            workload=view.workload,
            live=view.live,
            named=view.named,
            applied=view.applied,
            sharing=view.sharing,
            presets=tuple(self._presets(around, key)),
            defaults=allowing_selectors(self.namespace_view(namespace), around),
        )

    def namespace_view(self, namespace: Namespace) -> NamespaceView:
        """Everything known about a Namespace's own policies."""
        key = namespace.key
        return NamespaceView(
            key=key,
            live=self.live(key),
            named=lambda name: self.policies.get(namespace.name, name),
            applied=self.applied.get(key, {}),
            presets=tuple(self._presets(self.surroundings(namespace), None)) if namespace.managed else (),
            excluded=self.is_excluded(namespace.name),
        )

    def expect(self, key: Key, templates: Iterable[str]) -> None:
        """Remember which policy names `key` is answerable for, whatever becomes of their marks."""
        for template in templates:
            self._expected[key.namespace, policy_name(key, template)] = key

    @property
    def generated_policies(self) -> int:
        """How many of the policies that live are ours."""
        return len(self._owners)

    def enqueue_all(self) -> None:
        """Have every key that has references or policies reconciled; workloads before Namespaces."""
        for members in self._members.values():
            for key in members:
                self._queue.add(key)
        for namespace in self.namespaces:
            if namespace.managed or namespace.references or self._owned.get(namespace.key):
                self._queue.add(namespace.key)

    def _plain_view(self, key: Key) -> WorkloadView:
        workload = self.workload(key)
        return WorkloadView(
            key=key,
            workload=workload,
            live=self.live(key),
            named=lambda name: self.policies.get(key.namespace, name),
            applied=self.applied.get(key, {}),
            sharing=tuple(sorted(self._siblings(workload))) if workload else (),
        )

    def _presets(self, around: Surroundings, skip: Key | None) -> Iterator[Selector]:
        for key in self._members.get(around.namespace.name, ()):
            if not self.watches(key):
                yield from self._presets_unseen(key, around)
                continue
            workload = self.workload(key)
            if key == skip or not workload or not workload.selector:
                continue
            if any(self._holds_preset(workload, template, around) for template in workload.references):
                yield workload.selector

    def _presets_unseen(self, key: Key, around: Surroundings) -> Iterator[Selector]:
        """Of a kind that cannot be listed: what its policies say stays as it is."""
        for live in self.live(key):
            if is_preset(live, around.catalogue):
                yield msgspec.json.decode(live.spec).get("podSelector", {})

    def _holds_preset(self, workload: Workload, template: str, around: Surroundings) -> bool:
        if not self._may_replace(template):
            return False
        live = self.policies.get(workload.namespace, policy_name(workload.key, template))
        return bool(live and bears_mark(live) and holds_preset(self._plain_view(workload.key), live, around))

    def _may_replace(self, template: str) -> bool:
        entry = self.catalogue.entries.get(template)
        return entry is not None and entry.ever_replaced_defaults

    def _siblings(self, workload: Workload) -> set[Key]:
        return (
            self._selecting.get(_selection(workload), set()) - {workload.key} if workload.selector else set()
        )

    # What changes of objects mean

    def wrote(self, policy: LivePolicy) -> None:
        """Take in the answer to a write of ours; its key was just reconciled."""
        with self._own_writes():
            self.policies.put(policy)

    def deleted(self, policy: LivePolicy) -> None:
        """Take out what we deleted; its key was just reconciled."""
        with self._own_writes():
            self.policies.drop(policy, seen=False)

    @contextlib.contextmanager
    def _own_writes(self) -> Iterator[None]:
        self._own_write = True
        try:
            yield
        finally:
            self._own_write = False

    def on_workload(self, old: Workload | None, new: Workload | None) -> None:
        """A workload appeared, changed or went."""
        changed = new or old
        if changed is None:
            return
        key = changed.key
        before, after = old.references if old else {}, new.references if new else {}
        self._refer(key, before, after)
        self._keep_member(key, referring=bool(after))
        touched = self._reselect(old, new)
        if not (before or after or self._owned.get(key)) or (old and new and _same_workload(old, new)):
            return
        self._queue.add(key)
        for sibling in touched:
            self._queue.add(sibling)
        if any(self._may_replace(template) for template in {*before, *after}):
            self._queue.add(namespace_key(key.namespace))

    def on_namespace(self, old: Namespace | None, new: Namespace | None) -> None:
        """A Namespace appeared, changed or went."""
        changed = new or old
        if changed is None:
            return
        key = changed.key
        self._refer(key, old.references if old else {}, new.references if new else {})
        if new is None or (old and _same_namespace(old, new)):
            return
        # Enabling starts with the workloads' own policies, disabling with the namespace's denies.
        keys: list[Key] = [*self._members.get(new.name, ()), key] if new.managed else [key]
        if not new.managed and old:
            keys += self._members.get(new.name, ())
        for one in keys:
            self._queue.add(one)

    def on_policy(self, old: LivePolicy | None, new: LivePolicy | None) -> None:
        """A NetworkPolicy appeared, changed or went."""
        changed = new or old
        if changed is None:
            return
        place = (changed.namespace, changed.name)
        key = (owner_key(new) if new else None) or self._owners.get(place) or self._expected.get(place)
        if key is None:
            return
        self._own(place, key, new)
        if not self._own_write:
            self._queue.add(key)
        if not is_namespace(key) and any(map(self._may_replace, self._templates(key))):
            self._queue.add(namespace_key(key.namespace))

    def on_catalogue(self, catalogue: Catalogue, names: Iterable[str]) -> None:
        """Some templates changed: their users are looked at again, and where a default is concerned, all."""
        before, self.catalogue = self.catalogue, catalogue
        for name in names:
            for key in self._referring.get(name, ()):
                self._queue.add(key)
            if _is_default(before, name) or _is_default(catalogue, name):
                for namespace in self.namespaces:
                    if namespace.managed:
                        self._queue.add(namespace.key)

    def on_facts(self, facts: Mapping[str, object]) -> None:
        """Cluster facts changed: every reference whose template uses one of those is looked at again."""
        changed = {name for name in {*self.facts, *facts} if self.facts.get(name) != facts.get(name)}
        self.facts = facts
        for name, keys in self._referring.items():
            entry = self.catalogue.entries.get(name)
            if entry and changed & entry.variables:
                for key in keys:
                    self._queue.add(key)
        if any(
            changed & self.catalogue.entries[template.name].variables for template in self.catalogue.defaults
        ):
            for namespace in self.namespaces:
                self._queue.add(namespace.key)

    def _templates(self, key: Key) -> set[str]:
        workload = self.workload(key)
        return {*(workload.references if workload else ()), *self.applied.get(key, ())}

    def _own(self, place: Place, key: Key, new: LivePolicy | None) -> None:
        if new and bears_mark(new):
            self._owned[key].add(place[1])
            self._owners[place] = key
        else:
            self._owned[key].discard(place[1])
            self._owners.pop(place, None)
        if not is_namespace(key):
            self._keep_member(key, referring=key in self._referring_workloads)
        if not self._owned[key]:
            del self._owned[key]

    def _refer(self, key: Key, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        for template in before.keys() - after.keys():
            self._referring[template].discard(key)
            self._expected.pop((key.namespace, policy_name(key, template)), None)
        for template in after.keys() - before.keys():
            self._referring[template].add(key)

    def _keep_member(self, key: Key, *, referring: bool) -> None:
        if referring:
            self._referring_workloads.add(key)
        else:
            self._referring_workloads.discard(key)
        if referring or self._owned.get(key):
            self._members[key.namespace].add(key)
        else:
            self._members[key.namespace].discard(key)

    def _reselect(self, old: Workload | None, new: Workload | None) -> set[Key]:
        """Keep the index of equal selectors; what is returned shared, or shares now, a selector."""
        was = _selection(old) if old and old.references and old.selector else None
        now = _selection(new) if new and new.references and new.selector else None
        if was == now:
            return set()
        touched: set[Key] = set()
        if was and old:
            self._selecting[was].discard(old.key)
            touched |= self._selecting[was]
            if not self._selecting[was]:
                del self._selecting[was]
        if now and new:
            touched |= self._selecting[now]
            self._selecting[now].add(new.key)
        return touched


def _selection(workload: Workload) -> tuple[str, bytes]:
    return workload.namespace, canonical(workload.selector)


def _same_workload(old: Workload, new: Workload) -> bool:
    return (old.uid, old.references, old.parameters, old.selector, old.host_network, old.deleting) == (
        new.uid,
        new.references,
        new.parameters,
        new.selector,
        new.host_network,
        new.deleting,
    )


def _same_namespace(old: Namespace, new: Namespace) -> bool:
    return (old.uid, old.labels, old.parameters, old.deleting) == (
        new.uid,
        new.labels,
        new.parameters,
        new.deleting,
    )


def _is_default(catalogue: Catalogue, name: str) -> bool:
    entry = catalogue.get(name)
    return bool(entry and entry.current.template and entry.current.template.default_in is not None)
