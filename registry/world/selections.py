"""Whose pods the selectors of workloads select, found without going through the workloads of a namespace.

By the labels of pods, as pod templates say them: where those of one workload satisfy the selector of another,
the other's policies reach its pods for certain. Selectors alone would not tell: nearly any two that ask for
different labels *could* select a pod that bears both.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from registry.planning.exclusion import matches
from registry.planning.objects import Key, Selector, Workload

Pair = tuple[str, str]
"""A label: key and value."""

_ANY: Final[Pair] = ("", "")
"""Stands for the label of a selector that names none, and of pods without one: no label has an empty key."""

Bearers = Key | set[Key]
"""One key or several: nearly all labels are those of one workload, and a set for each would take memory."""


class Selections:
    """The labels that pods bear, and those that selectors with references ask for, by namespace."""

    def __init__(self, find: Callable[[Key], Workload | None]) -> None:
        self._find = find
        self._bearing: defaultdict[str, dict[Pair, Bearers]] = defaultdict(dict)
        self._asking: defaultdict[str, dict[Pair, Bearers]] = defaultdict(dict)
        self._anchors: dict[Key, Pair] = {}

    def change(self, old: Workload | None, new: Workload | None) -> set[Key]:
        """Note that a workload changed; answers the others whose selector selected its pods, or does now."""
        was, now = _labels(old), _labels(new)
        changed = new or old
        if changed is None:
            return set()
        key = changed.key
        touched: set[Key] = set()
        if was != now or old is None or new is None:
            bearing = self._bearing[key.namespace]
            for pair in was:
                _drop(bearing, pair, key)
            for pair in now:
                _add(bearing, pair, key)
            touched = {
                one for labels in (was, now) if labels for one in self._selecting(key.namespace, labels)
            }
        self._ask(key, new.selector if new and new.references else None)
        return touched - {key}

    def selecting(self, workload: Workload) -> set[Key]:
        """The others with references whose selector selects its pods."""
        return set(self._selecting(workload.namespace, _labels(workload))) - {workload.key}

    def selected(self, workload: Workload) -> list[Workload]:
        """The other workloads of which pods are selected too, in the order of their keys."""
        if not workload.selector:
            return []
        found = (self._find(key) for key in self._candidates(workload) if key != workload.key)
        return sorted((one for one in found if one and selects(workload, one)), key=lambda one: one.key)

    def _candidates(self, workload: Workload) -> Iterable[Key]:
        """Those that bear the rarest of the labels that a selector names; all where it names none."""
        bearing = self._bearing.get(workload.namespace, {})
        named = (workload.selector or {}).get("matchLabels", {})
        for pair in named.items():
            if bearing.get(pair) == workload.key:
                return ()  # nearly always: a label that no other bears
        if named:
            rarest = min(named.items(), key=lambda pair: _count(bearing.get(pair)))
            return _keys(bearing.get(rarest))
        return {key for bearers in bearing.values() for key in _keys(bearers)}

    def _selecting(self, namespace: str, labels: Iterable[Pair]) -> Iterator[Key]:
        asking = self._asking.get(namespace)
        found = [bearers for pair in (_ANY, *labels) if (bearers := asking.get(pair))] if asking else []
        borne = dict(labels) if found else {}
        for key in (key for bearers in found for key in _keys(bearers)):
            one = self._find(key)
            if one is None or _selects(one.selector or {}, borne):
                yield key

    def _ask(self, key: Key, selector: Selector | None) -> None:
        """Note what a selector asks for by one of its labels: the one that the fewest others are noted by."""
        asking = self._asking[key.namespace]
        if before := self._anchors.pop(key, None):
            _drop(asking, before, key)
        if selector:
            named = selector.get("matchLabels", {}).items()
            anchor = min(named, key=lambda pair: _count(asking.get(pair)), default=_ANY)
            self._anchors[key] = anchor
            _add(asking, anchor, key)


def selects(one: Workload, other: Workload) -> bool:
    """Whether the selector of a workload selects pods of another, as their pod template says them."""
    return bool(one.selector and other.pods) and _selects(one.selector or {}, dict(_labels(other)))


def _selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    """As `matches`, which takes ten times as long for labels alone."""
    named = selector.get("matchLabels", {})
    if not named.items() <= labels.items():
        return False
    return not selector.get("matchExpressions") or matches(selector, labels)


def _labels(workload: Workload | None) -> tuple[Pair, ...]:
    """The labels of its pods: `_ANY` for pods that have none, nothing where no pods are known."""
    if workload is None or workload.pods is None:
        return ()
    return workload.pods.labels or (_ANY,)


def _keys(bearers: Bearers | None) -> Collection[Key]:
    if bearers is None:
        return ()
    return bearers if isinstance(bearers, set) else (bearers,)


def _count(bearers: Bearers | None) -> int:
    return len(_keys(bearers))


def _add(table: dict[Pair, Bearers], pair: Pair, key: Key) -> None:
    held = table.get(pair)
    if held is None:
        table[pair] = key
    elif isinstance(held, set):
        held.add(key)
    elif held != key:
        table[pair] = {held, key}


def _drop(table: dict[Pair, Bearers], pair: Pair, key: Key) -> None:
    held = table.get(pair)
    if isinstance(held, set):
        held.discard(key)
        if len(held) == 1:
            table[pair] = held.pop()
    elif held == key:
        del table[pair]
