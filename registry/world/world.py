"""The watched cluster as the planner asks for it: everything known about one key, from memory."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from registry.cluster.cache import Cache
from registry.planning.catalogue import Catalogue
from registry.planning.names import bears_mark, policy_name, template_of
from registry.planning.namespaces import NamespaceView, allowing_selectors
from registry.planning.objects import Key, LivePolicy, Namespace, Selector, Workload, is_namespace
from registry.planning.pins import Recorded, unrecorded
from registry.planning.resolve import Applied, Surroundings, applied_from
from registry.planning.workloads import WorkloadView, holds_preset, is_preset
from registry.world.index import Index
from registry.world.selections import Selections


class Move(NamedTuple):
    """A rollout under way: to which revision of its template, and of whom."""

    revision: int
    users: frozenset[Key]


class World:
    """Watched copies, their index, the catalogue, the facts, and what was applied so far.

    `targets` are the revisions that rollouts move references to just now, by key and template; `moves`
    the rollouts under way, which another controller may be carrying out as well.
    """

    def __init__(
        self, namespaces: Cache[Namespace], policies: Cache[LivePolicy], excluded: Iterable[str]
    ) -> None:
        self.namespaces = namespaces
        self.policies = policies
        self.workloads: dict[tuple[str, str], Cache[Workload]] = {}
        self.index = Index()
        self.selections = Selections(self.workload)
        self.catalogue = Catalogue()
        self.facts: Mapping[str, object] = {}
        self.applied: dict[Key, dict[str, Applied]] = {}
        self.targets: dict[Key, dict[str, int]] = {}
        self.moves: dict[str, Move] = {}
        self.pin: Recorded = unrecorded
        """Whoever follows the store sets it."""
        self._excluded = frozenset(excluded)

    def aim(self, key: Key, template: str, revision: int) -> None:
        """Have the reference of `key` moved to `revision` when it is next planned."""
        self.targets.setdefault(key, {})[template] = revision

    def settle(self, key: Key, template: str) -> None:
        """End that: what is applied by then stays."""
        targets = self.targets.get(key, {})
        targets.pop(template, None)
        if not targets:
            self.targets.pop(key, None)

    def workload(self, key: Key) -> Workload | None:
        """The workload of that key, if it exists and its kind is watched."""
        cache = self.workloads.get((key.group, key.kind))
        return cache.get(key.namespace, key.name) if cache else None

    def referring(self, key: Key) -> Workload | Namespace | None:
        """The object of that key, on which its references sit."""
        return self.namespace(key.namespace) if is_namespace(key) else self.workload(key)

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
        found = [self.policies.get(key.namespace, name) for name in sorted(self.index.owned(key))]
        return tuple([policy for policy in found if policy])

    def may_replace(self, template: str) -> bool:
        """Whether any revision of `template` replaces a namespace's defaults."""
        entry = self.catalogue.entries.get(template)
        return entry is not None and entry.ever_replaced_defaults

    def lacks_preset(self, key: Key, namespace: Namespace) -> bool:
        """Whether a workload refers to a preset that is not in force: not yet, or no longer."""
        workload = self.workload(key)
        references = workload.references if workload else {}
        asked = {one for one, value in references.items() if value != "false" and self.may_replace(one)}
        return bool(workload and asked - set(self._held_presets(workload, self.surroundings(namespace))))

    def surroundings(self, namespace: Namespace) -> Surroundings:
        """What references in `namespace` are resolved against."""
        return Surroundings(self.catalogue, self.facts, namespace)

    def workload_view(self, key: Key) -> WorkloadView:
        """Everything known about a workload; about other presets and defaults only if it has a preset."""
        view = self._view(key)
        namespace = self.namespace(key.namespace)
        if not view.workload or not namespace or not any(map(self.may_replace, view.workload.references)):
            return view
        around = self.surroundings(namespace)
        return msgspec.structs.replace(
            view,
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
            targets=self._targets(key),
            pinned=self._pinned(key, {*namespace.references, *self._defaults()}),
            presets=tuple(self._presets(self.surroundings(namespace), None)) if namespace.managed else (),
            excluded=self.is_excluded(namespace.name),
        )

    def _targets(self, key: Key) -> Mapping[str, int]:
        """Where the references of `key` are moved; whom another controller moved there has not drifted."""
        if not self.moves:
            return self.targets.get(key, {})
        moved = {
            template: move.revision
            for template, move in self.moves.items()
            if key in move.users and self._bears(key, template, move.revision)
        }
        return {**moved, **self.targets.get(key, {})}

    def _defaults(self) -> Iterator[str]:
        return (template.name for template in self.catalogue.defaults)

    def _pinned(self, key: Key, templates: Iterable[str]) -> Mapping[str, Applied]:
        return {template: pin.applied() for template in templates if (pin := self.pin(template, key))}

    def _bears(self, key: Key, template: str, revision: int) -> bool:
        found = (applied_from(live) for live in self.live(key) if template_of(live) == template)
        return any(applied and applied.revision == revision for applied in found)

    def _view(self, key: Key) -> WorkloadView:
        workload = self.workload(key)
        selector = workload.selector if workload else None
        selected = self.selections.selected(workload) if workload and workload.references else ()
        return WorkloadView(
            key=key,
            workload=workload,
            live=self.live(key),
            named=lambda name: self.policies.get(key.namespace, name),
            applied=self.applied.get(key, {}),
            targets=self._targets(key),
            pinned=self._pinned(key, workload.references) if workload else {},
            sharing=tuple([one.key for one in selected if one.selector == selector]),
            overlapping=tuple([one.key for one in selected if one.selector != selector]),
        )

    def _presets(self, around: Surroundings, skip: Key | None) -> Iterator[Selector]:
        for key in self.index.workloads(around.namespace.name):
            if not self.watches(key):
                yield from self._presets_unseen(key, around)
            elif key != skip:
                yield from self._presets_of(self.workload(key), around)

    def _presets_unseen(self, key: Key, around: Surroundings) -> Iterator[Selector]:
        """Of a kind that cannot be listed: what its policies say stays as it is."""
        for live in self.live(key):
            if is_preset(live, around.catalogue):
                yield msgspec.json.decode(live.spec).get("podSelector", {})

    def _presets_of(self, workload: Workload | None, around: Surroundings) -> Iterator[Selector]:
        if workload and workload.selector and any(self._held_presets(workload, around)):
            yield workload.selector

    def _held_presets(self, workload: Workload, around: Surroundings) -> Iterator[str]:
        """Templates of the workload's presets in force."""
        for template in filter(self.may_replace, workload.references):
            live = self.policies.get(workload.namespace, policy_name(workload.key, template))
            if live and bears_mark(live) and holds_preset(self._view(workload.key), live, around):
                yield template
