"""From changes of objects to the keys they touch, and no others."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from registry.cluster.cache import Cache
from registry.planning.catalogue import Catalogue
from registry.planning.names import owner_key
from registry.planning.objects import Key, LivePolicy, Namespace, Workload, is_namespace, namespace_key
from registry.world.world import World

Watched = Workload | Namespace | LivePolicy


class Triggers:
    """Handlers of the watched copies: they keep the world's index, and call `touch` with each touched key."""

    def __init__(self, touch: Callable[[Key], object], excluded: Iterable[str]) -> None:
        self.world = World(Cache(self.on_namespace), Cache(self.on_policy), excluded)
        self.changes = 0
        """How many changes of objects were taken in."""
        self.noticed: Callable[[Workload | None, Workload | None], object] = lambda _old, _new: None
        """Hears of every workload that appeared, changed or went; whoever looks for facts in them sets it."""
        self.followed: Callable[[Watched | None, Watched | None], object] = lambda _old, _new: None
        """Hears of every object, also where planning does not look at what changed; a copy in another form
        is kept with it."""
        self._touch = touch
        self._own_write = False
        self._writing: set[tuple[str, str]] = set()

    def all(self) -> None:
        """Touch every key that has references or policies; workloads before Namespaces."""
        index = self.world.index
        self._touch_all(key for name in list(index.namespaces()) for key in index.workloads(name))
        self._touch_all(
            namespace.key
            for namespace in self.world.namespaces
            if namespace.managed or namespace.references or index.owned(namespace.key)
        )

    def of_kind(self, group: str, kind: str) -> None:
        """Touch the keys of a kind that is known from now on, and Namespaces whose presets it may hold.

        And whoever's policies reach pods of that kind: nobody could be told of them before.
        """
        index = self.world.index
        for name in list(index.namespaces()):
            keys = [key for key in index.workloads(name) if (key.group, key.kind) == (group, kind)]
            self._touch_all(keys)
            if keys:
                self._touch(namespace_key(name))
        for workload in self.world.workloads.get((group, kind), ()):
            self._touch_all(self.world.selections.selecting(workload))

    def on_workload(self, old: Workload | None, new: Workload | None) -> None:
        """A workload appeared, changed or went."""
        self.followed(old, new)
        changed = new or old
        if changed is None or (old and new and same_workload(old, new)):
            return
        self.changes += 1
        self.noticed(old, new)
        key, index = changed.key, self.world.index
        before, after = old.references if old else {}, new.references if new else {}
        index.refer(key, before, after)
        self._touch_all(self.world.selections.change(old, new))
        if not (before or after or index.owned(key)):
            return
        self._touch(key)
        if any(map(self.world.may_replace, {*before, *after})):
            self._touch(namespace_key(key.namespace))

    def on_namespace(self, old: Namespace | None, new: Namespace | None) -> None:
        """A Namespace appeared, changed or went."""
        self.followed(old, new)
        changed = new or old
        if changed is None or (old and new and _same_namespace(old, new)):
            return
        self.changes += 1
        index = self.world.index
        index.refer(changed.key, old.references if old else {}, new.references if new else {})
        if new is None:
            self._touch(changed.key)  # to be forgotten
            return
        # Enabling starts with the workloads' own policies, disabling with the namespace's denies.
        workloads = index.workloads(new.name)
        self._touch_all((*workloads, new.key) if new.managed else (new.key, *workloads))

    def on_policy(self, old: LivePolicy | None, new: LivePolicy | None) -> None:
        """A NetworkPolicy appeared, changed or went."""
        self.followed(old, new)
        self.changes += 1
        index = self.world.index
        key = index.owner(old, new)
        changed = new or old
        if key is None or changed is None:
            return
        if new:
            index.put_policy(key, new)
        elif old:
            index.drop_policy(key, old)
        if not self._own_write and (changed.namespace, changed.name) not in self._writing:
            self._touch(key)
        if not (self._own_write and new):  # else `wrote` does it
            self._touch_defaults(key)

    def on_catalogue(self, catalogue: Catalogue, names: Iterable[str]) -> None:
        """Some templates changed: their users are touched, and where a default changed, all managed."""
        before, self.world.catalogue = self.world.catalogue, catalogue
        defaults = False
        for name in names:
            self._touch_all(self.world.index.users(name))
            defaults = defaults or _is_default(before, name) or _is_default(catalogue, name)
        if defaults:
            self._touch_managed()

    def on_facts(self, facts: Mapping[str, object]) -> None:
        """Cluster facts changed: references whose template uses one of those are touched."""
        before, self.world.facts = self.world.facts, facts
        changed = {name for name in {*before, *facts} if before.get(name) != facts.get(name)}
        entries = self.world.catalogue.entries
        for name in list(self.world.index.templates()):
            if name in entries and changed & entries[name].variables:
                self._touch_all(self.world.index.users(name))
        if any(changed & entries[template.name].variables for template in self.world.catalogue.defaults):
            self._touch_managed()

    @contextlib.contextmanager
    def writing(self, namespace: str, name: str) -> Iterator[None]:
        """Until it ends, what a watch shows of that policy may be our own write: `wrote` decides."""
        self._writing.add((namespace, name))
        try:
            yield
        finally:
            self._writing.discard((namespace, name))

    def wrote(self, policy: LivePolicy) -> None:
        """Take in the answer to a write of ours; its key was just reconciled."""
        self._own_write = True
        try:
            self.world.policies.put(policy)
        finally:
            self._own_write = False
        held = self.world.policies.get(policy.namespace, policy.name)
        key = self.world.index.holder(policy) or owner_key(policy)
        if key and (held is None or held.resource_version != policy.resource_version):
            self._touch(key)  # somebody was quicker than the answer
        if key:
            self._touch_defaults(key)  # what is applied was not remembered yet when the watch showed it

    def deleted(self, policy: LivePolicy) -> None:
        """Take out what we deleted; its key was just reconciled."""
        self._own_write = True
        try:
            self.world.policies.drop(policy, for_good=True)
        finally:
            self._own_write = False

    def _touch_all(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._touch(key)

    def _touch_defaults(self, key: Key) -> None:
        """A namespace's defaults depend on the policies of workloads with presets."""
        if not is_namespace(key) and self._has_preset(key):
            self._touch(namespace_key(key.namespace))

    def _touch_managed(self) -> None:
        self._touch_all(namespace.key for namespace in self.world.namespaces if namespace.managed)

    def _has_preset(self, key: Key) -> bool:
        """Whether a workload asks for what may be a preset, or had it so far."""
        world = self.world
        workload = world.workload(key)
        asked = workload is not None and any(map(world.may_replace, workload.references))
        return asked or any(map(world.may_replace, world.applied.get(key, ())))


def same_workload(old: Workload, new: Workload) -> bool:
    """Whether only what planning does not look at changed, such as a status, or the ports of its pods."""
    return _looked_at(old) == _looked_at(new)


def _looked_at(one: Workload) -> tuple[object, ...]:
    labels = one.pods.labels if one.pods else None
    return one.uid, one.references, one.parameters, one.selector, one.host_network, one.deleting, labels


def _same_namespace(old: Namespace, new: Namespace) -> bool:
    return (old.uid, old.labels, old.parameters, old.leaving, old.deleting) == (
        new.uid,
        new.labels,
        new.parameters,
        new.leaving,
        new.deleting,
    )


def _is_default(catalogue: Catalogue, name: str) -> bool:
    entry = catalogue.get(name)
    return bool(entry and entry.current.template and entry.current.template.default_in is not None)
