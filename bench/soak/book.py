"""What was seen of the cluster, and what follows from it for each reference. Pure: the time is handed in."""

import collections
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from bench.soak.model import NOTHING, Absent, Ask, Force, Heads, State, States, outcomes
from registry import contract
from registry.planning.names import policy_name
from registry.planning.objects import Key, is_namespace, namespace_key

DEFAULTS: Final = ("allow-namespace-communication", "deny-all-ingress")
"""Templates that every managed namespace has without asking."""

PRESET: Final = "soak-shut"
NOTE: Final = "example.com/note"
"""An annotation that somebody sets on generated policies, and that nobody removes."""

_IN_AND_OUT: Final = 2
_DEFAULT: Final[States] = frozenset({Force(0, "{}")})

Place = tuple[str, str]
"""Namespace and name of a policy."""


class Thing(msgspec.Struct, frozen=True, rename="camel"):
    """What counts of an object's metadata; `spec` of a policy's, else what its pods are found by."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owners: frozenset[str] = frozenset()
    deleting: bool = False
    spec: dict[str, Any] = {}


class Pair(NamedTuple):
    """One reference: who refers, to which template."""

    key: Key
    template: str

    @property
    def place(self) -> Place:
        """Its policy's."""
        return self.key.namespace, policy_name(self.key, self.template)

    def __str__(self) -> str:
        return f"{self.template} of {self.key}"


class Gap(NamedTuple):
    """A policy was missing while its reference asked for it; seconds of the monotonic clock."""

    pair: Pair
    began: float
    ended: float


class Line:
    """One reference: what may be in force, and what happened to it since the last quiet point."""

    def __init__(self) -> None:
        self.states: States = NOTHING
        self.ask = Ask()
        self.asked: set[Ask] = set()
        self.causes = 0
        self.missing_since: float | None = None
        self.blurred = False


class Book:
    """All that was seen; `forgetful` while a controller may lose its memory, as by a crash."""

    def __init__(self, templates: Iterable[str]) -> None:
        self.templates = tuple(templates)
        self.forgetful = False
        self.workloads: dict[Key, Thing] = {}
        self.namespaces: dict[str, Thing] = {}
        self.policies: dict[Place, Thing] = {}
        self.lines: dict[Pair, Line] = {}
        self.pairs: dict[Place, Pair] = {}
        self.heads: dict[str, int] = {}
        self.since: dict[str, set[int]] = collections.defaultdict(set)
        self.ended: set[str] = set()
        self.owners: dict[str, frozenset[str]] = {}
        self.notes: dict[str, str] = {}
        self.gaps: list[Gap] = []
        self.changes = 0

    def on_workload(self, key: Key, thing: Thing | None, now: float, *, sure: bool = True) -> None:
        """A workload came, changed or went; not `sure` when earlier changes may not have been seen."""
        before = self.workloads.pop(key, None)
        if before and (thing is None or thing.uid != before.uid):
            self.ended.add(before.uid)
        if thing:
            self.workloads[key] = thing
        moved = before is None or thing is None or thing.uid != before.uid or thing.spec != before.spec
        for template in self.templates:
            pair = Pair(key, template)
            line = self.line(pair)
            ask = self._ask(pair)
            if ask != line.ask or (moved and (ask.value or line.ask.value)):
                self._follow(pair, ask, now, sure=sure)

    def on_namespace(self, name: str, thing: Thing | None, now: float, *, sure: bool = True) -> None:
        """The same of a Namespace: whatever is in it follows."""
        self.namespaces.pop(name, None)
        if thing:
            self.namespaces[name] = thing
        for key in [key for key in self.workloads if key.namespace == name]:
            for template in self.templates:
                pair = Pair(key, template)
                if (ask := self._ask(pair)) != self.line(pair).ask:
                    self._follow(pair, ask, now, sure=sure)
        for template in DEFAULTS:
            pair = Pair(namespace_key(name), template)
            if (ask := self._ask(pair)) != self.line(pair).ask:
                self._follow(pair, ask, now, sure=sure)

    def on_head(self, template: str, head: int, now: float) -> None:
        """A template has a new current revision."""
        if template not in self.templates or head == self.heads.get(template):
            return
        self.heads[template] = head
        self.since[template].add(head)
        for pair in [pair for pair in self.lines if pair.template == template]:
            line = self.lines[pair]
            self._reach(pair, line)
            if template == PRESET and line.ask.value:  # one more or less for the defaults to leave out
                self._cause_defaults(pair)
            self._time(pair, line, now)

    def on_policy(self, place: Place, thing: Thing | None, now: float) -> None:
        """A policy came, changed or went."""
        self.policies.pop(place, None)
        if thing:
            self.policies[place] = thing
            self.owners[thing.uid] = thing.owners
            if NOTE in thing.annotations:
                self.notes[thing.uid] = thing.annotations[NOTE]
        if pair := self.pairs.get(place):
            line = self.lines[pair]
            if thing is None and self.forgetful:
                line.states |= {Absent(one) for one in line.states if isinstance(one, Force)}
            self._time(pair, line, now)

    def on_foreign_write(self, place: Place) -> None:
        """Somebody else than the controller wrote a policy."""
        if pair := self.pairs.get(place):
            self._cause(pair)

    def line(self, pair: Pair) -> Line:
        """The line of a reference."""
        if pair not in self.lines:
            self.lines[pair] = Line()
            self.pairs[pair.place] = pair
        return self.lines[pair]

    def targets(self, pair: Pair) -> States:
        """What may be in force of a reference once the controller has seen all."""
        line = self.lines[pair]
        if is_namespace(pair.key):
            return line.states
        return outcomes(line.states, line.ask, self._heads(pair.template, frozenset({self._head(pair)})))

    def settle(self, found: Mapping[Pair, State]) -> None:
        """Begin anew from what was found at a quiet point."""
        for template, heads in self.since.items():
            heads.intersection_update({self.heads[template]})
        for pair, line in self.lines.items():
            if not is_namespace(pair.key):
                absent = frozenset(one for one in self.targets(pair) if isinstance(one, Absent)) or NOTHING
                state = found.get(pair)
                line.states = frozenset({state}) if state else absent
            line.causes, line.blurred, line.asked = 0, False, {line.ask}
        self.changes = 0

    def missing(self) -> Iterator[tuple[Pair, float]]:
        """References whose policies are missing now, and since when."""
        for pair, line in self.lines.items():
            if line.missing_since is not None:
                yield pair, line.missing_since

    def _ask(self, pair: Pair) -> Ask:
        namespace = self.namespaces.get(pair.key.namespace)
        managed = namespace is not None and namespace.labels.get(contract.MANAGED_LABEL) == "true"
        thing = namespace if is_namespace(pair.key) else self.workloads.get(pair.key)
        if thing is None:
            return Ask(managed=managed)
        return Ask(
            there=True,
            managed=managed,
            value=thing.labels.get(contract.TEMPLATE_LABEL_PREFIX + pair.template),
            parameters=thing.annotations.get(contract.PARAMETERS_ANNOTATION_PREFIX + pair.template),
            selectable=bool(thing.spec) or is_namespace(pair.key),
            deleting=thing.deleting,
        )

    def allowed(self, pair: Pair) -> int:
        """How often the controller may have written a policy since the last quiet point.

        It may hear of a template later than of a label that was set after it: each revision counts.
        """
        return self.lines[pair].causes + max(0, len(self.since.get(pair.template, ())) - 1)

    def _follow(self, pair: Pair, ask: Ask, now: float, *, sure: bool = True) -> None:
        line = self.line(pair)
        line.ask = ask
        line.blurred |= not sure
        if is_namespace(pair.key):
            line.states = _DEFAULT if ask.there and ask.managed and ask.value != "false" else NOTHING
        else:
            line.asked.add(ask)
            self._reach(pair, line)
        self._cause(pair)
        self._time(pair, line, now)

    def _reach(self, pair: Pair, line: Line) -> None:
        """Add where a controller may lead that saw any of what happened since the last quiet point.

        It hears of workloads, namespaces and templates by different watches, so in any order among them.
        """
        heads = self._heads(pair.template, frozenset(self.since[pair.template]))
        asked = {one._replace(managed=other.managed) for one in line.asked for other in line.asked}
        before: States = frozenset()
        while before != line.states:
            before = line.states
            for ask in asked:
                line.states |= outcomes(line.states, ask, heads)

    def _cause(self, pair: Pair) -> None:
        self.changes += 1
        self.lines[pair].causes += 1
        if pair.template == PRESET:
            self._cause_defaults(pair)

    def _cause_defaults(self, pair: Pair) -> None:
        """A preset came or went: the namespace's defaults take its workload in and leave it out again."""
        for template in DEFAULTS:
            self.line(Pair(namespace_key(pair.key.namespace), template)).causes += _IN_AND_OUT

    def _time(self, pair: Pair, line: Line, now: float) -> None:
        wanted = all(isinstance(one, Force) for one in self.targets(pair))
        missing = wanted and pair.place not in self.policies
        if missing and line.missing_since is None:
            line.missing_since = now
        elif not missing and line.missing_since is not None:
            self.gaps.append(Gap(pair, line.missing_since, now))
            line.missing_since = None

    def _head(self, pair: Pair) -> int:
        return self.heads.get(pair.template, 0)

    def _heads(self, template: str, now: frozenset[int]) -> Heads:
        since = frozenset(self.since[template]) or now
        return Heads(now or since or frozenset({0}), since or frozenset({0}))
