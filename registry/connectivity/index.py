"""The pods of one namespace by label: selectors become bits, one for each group of pods.

A whole number of Python is the set, bit `n` for the group at place `n`; a selector is answered once and kept
up to date, so that a change of labels costs what it touches. Bits are of one namespace only: over a whole
cluster their length would make everything grow with the square of its size.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from registry.connectivity.objects import PodGroup, PodKey
from registry.connectivity.selectors import Pair, Selector, anchors, selects
from registry.planning.exclusion import Requirement

Bits = int

REMEMBERED: Final = 4096
"""Selectors of peers that are kept up to date in one namespace; beyond it they are forgotten and asked
anew."""


class PodIndex:
    """The groups of pods of one namespace and the selectors that were asked for.

    `present` are all of them, `everyone` those that selectors can select.
    """

    def __init__(self) -> None:
        self.groups: list[PodGroup | None] = []
        self.places: dict[PodKey, int] = {}
        self.present: Bits = 0
        self.everyone: Bits = 0
        self._free: list[int] = []
        self._left: dict[PodKey, int] = {}
        self._reuses_places = True
        self._by_pair: dict[Pair, Bits] = {}
        self._by_key: dict[str, Bits] = {}
        self._known: dict[Selector, Bits] = {}
        self._anchored: dict[Pair, set[Selector]] = {}
        self._others: set[Selector] = set()
        self._kept: set[Selector] = set()

    def copy(self) -> "PodIndex":
        """One that can change by itself; a place means the same pods in both, so none is used for others."""
        made = PodIndex()
        made._reuses_places, made._left = False, dict(self._left)
        made.groups, made.places = self.groups[:], dict(self.places)
        made.present, made.everyone = self.present, self.everyone
        made._by_pair, made._by_key = dict(self._by_pair), dict(self._by_key)
        made._known = dict(self._known)
        made._anchored = {pair: set(selectors) for pair, selectors in self._anchored.items()}
        made._others, made._kept = set(self._others), set(self._kept)
        return made

    def put(self, group: PodGroup) -> int:
        """Take in pods, or others labels of known ones; answers their place."""
        place = self.places.get(group.key)
        if place is None:
            place = self._left.pop(group.key, None)
            if place is None:
                place = self._free.pop() if self._free else len(self.groups)
            self.places[group.key] = place
            if place == len(self.groups):
                self.groups.append(None)
        self._relabel(place, self.groups[place], group)
        return place

    def drop(self, key: PodKey) -> int | None:
        """Let go of pods; answers the place they had."""
        place = self.places.pop(key, None)
        if place is not None:
            self._relabel(place, self.groups[place], None)
            if self._reuses_places:
                self._free.append(place)
            else:
                self._left[key] = place
        return place

    def group(self, place: int) -> PodGroup:
        """The pods at a place. Raises KeyError where there are none."""
        group = self.groups[place]
        if group is None:
            raise KeyError(place)
        return group

    def bits(self, selector: Selector) -> Bits:
        """Those that a selector selects."""
        known = self._known.get(selector)
        if known is not None:
            return known
        found = self._select(selector)
        if found:
            if len(self._known) > len(self._kept) + REMEMBERED:
                self._forget_others()
            self._remember(selector, found)
        return found

    def keep(self, selector: Selector) -> Bits:
        """The same, remembered until `let_go`, as the pods of a policy are."""
        self._kept.add(selector)
        if selector not in self._known:
            self._remember(selector, self._select(selector))
        return self._known[selector]

    def let_go(self, selector: Selector) -> None:
        """End what `keep` began."""
        self._kept.discard(selector)
        self._forget(selector)

    def _remember(self, selector: Selector, found: Bits) -> None:
        self._known[selector] = found
        pairs = anchors(selector)
        for pair in pairs:
            self._anchored.setdefault(pair, set()).add(selector)
        if not pairs:
            self._others.add(selector)

    def _forget(self, selector: Selector) -> None:
        del self._known[selector]
        self._others.discard(selector)
        for pair in anchors(selector):
            self._anchored[pair].discard(selector)
            if not self._anchored[pair]:
                del self._anchored[pair]

    def _forget_others(self) -> None:
        for selector in self._known.keys() - self._kept:
            self._forget(selector)

    def _select(self, selector: Selector) -> Bits:
        found = self.everyone
        for requirement in selector:
            found &= self._satisfying(requirement)
            if not found:
                break
        return found

    def _satisfying(self, requirement: Requirement) -> Bits:
        key, operator, values = requirement
        if operator in ("Exists", "DoesNotExist"):
            found = self._by_key.get(key, 0)
        else:
            found = 0
            for value in values:
                found |= self._by_pair.get((key, value), 0)
        return found if operator in ("In", "Exists") else ~found

    def _relabel(self, place: int, old: PodGroup | None, new: PodGroup | None) -> None:
        """Pods on the host's network are nobody's peers by label, nor does a policy select them."""
        self.groups[place] = new
        bit = 1 << place
        self.present = self.present & ~bit if new is None else self.present | bit
        was = _labels(old)
        now = _labels(new)
        if was == now:
            return
        for pair in was or ():
            _clear(self._by_pair, pair, bit)
            _clear(self._by_key, pair[0], bit)
        for pair in now or ():
            self._by_pair[pair] = self._by_pair.get(pair, 0) | bit
            self._by_key[pair[0]] = self._by_key.get(pair[0], 0) | bit
        self.everyone = self.everyone & ~bit if now is None else self.everyone | bit
        for selector in self._touched(was, now):
            selected = now is not None and selects(selector, dict(now))
            known = self._known[selector]
            self._known[selector] = known | bit if selected else known & ~bit

    def candidates(self, labels: Iterable[Pair]) -> Iterator[Selector]:
        """Selectors asked for so far that may select pods with these labels; all others do not."""
        for pair in labels:
            yield from self._anchored.get(pair, ())
        yield from self._others

    def _touched(self, *labels: Iterable[Pair] | None) -> set[Selector]:
        return {selector for one in labels if one is not None for selector in self.candidates(one)}


def _labels(group: PodGroup | None) -> tuple[Pair, ...] | None:
    return None if group is None or group.host_network else group.labels


def _clear(table: dict[Any, Bits], key: Pair | str, bit: Bits) -> None:
    left = table[key] & ~bit
    if left:
        table[key] = left
    else:
        del table[key]


def places(bits: Bits) -> Iterator[int]:
    """The places of the bits that are set, lowest first."""
    digits = f"{bits:b}"
    last = len(digits) - 1
    found = digits.rfind("1")
    while found >= 0:
        yield last - found
        found = digits.rfind("1", 0, found)
