"""What was promised, held against what was seen. Pure.

1. At a quiet point the policies are what `model` says, and none is there that nobody asked for.
2. No policy was deleted but where a reference, a person or the garbage collector had a reason to.
3. None is missing while it is asked for, longer than `GAP_SECONDS` in which a writer could write.
4. No write without a change, and no more writes than changes.
"""

import collections
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from bench.soak.audit import Write
from bench.soak.book import DEFAULTS, NOTE, PRESET, Book, Gap, Pair, Thing
from bench.soak.model import Absent, Force, State, preset_spec, spec
from registry import contract
from registry.planning.objects import is_namespace

GAP_SECONDS: Final = 1.0

COLLECTED_TIMES: Final = 2
"""With one owner: a policy may be made anew once before it is known why it went."""

Markers = Mapping[tuple[str, int], int]
"""The marker of each template's revision."""


class Violation(NamedTuple):
    """A promise that was broken: which, and how that showed."""

    promise: str
    text: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.text}"


class Span(NamedTuple):
    """A time in which nobody could be expected to write; seconds of the monotonic clock."""

    began: float
    ended: float


def found(book: Book) -> dict[Pair, State]:
    """What is in force of each workload's reference, by its policy's own marks."""
    states: dict[Pair, State] = {}
    for place, thing in book.policies.items():
        pair = book.pairs.get(place)
        if pair and not is_namespace(pair.key):
            states[pair] = _state(thing)
    return states


def differences(book: Book, markers: Markers) -> list[Violation]:
    """Where the policies are not what they should be."""
    wrong = [text for pair in list(book.lines) if (text := _difference(book, pair, markers))]
    strange = [f"nobody asks for {name} in {namespace}" for namespace, name in _strangers(book)]
    return [Violation("equals the plan", text) for text in (*wrong, *strange)]


def deletions(book: Book, writes: Iterable[Write]) -> list[Violation]:
    """Policies that were deleted without a reason."""
    return [Violation("no needless deletion", text) for text in _needless(book, writes)]


def wasted(book: Book, writes: Sequence[Write]) -> list[Violation]:
    """Writes that changed nothing, and writes beyond the number of changes."""
    idle = [
        f"{one.verb} of {one.place[1]} in {one.place[0]} changed nothing"
        for one in writes
        if one.ours and one.done and not one.changed
    ]
    counts = collections.Counter(one.place for one in writes if one.ours and one.done)
    found = (*idle, *_too_many(book, counts), *_in_vain(book, writes))
    return [Violation("no write without a change", text) for text in found]


def late(gaps: Iterable[Gap], unable: Sequence[Span]) -> list[Violation]:
    """Policies that were missing for too long."""
    return [
        Violation("none missing", f"{gap.pair}: for {seconds:.2f} s")
        for gap in gaps
        if (seconds := able(gap.began, gap.ended, unable)) > GAP_SECONDS
    ]


def able(began: float, ended: float, unable: Iterable[Span]) -> float:
    """The seconds between two moments that are the product's own."""
    seconds = ended - began
    for span in merged(unable):
        seconds -= max(0.0, min(ended, span.ended) - max(began, span.began))
    return max(0.0, seconds)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and span.began <= whole[-1].ended:
            whole[-1] = Span(whole[-1].began, max(whole[-1].ended, span.ended))
        else:
            whole.append(span)
    return whole


def grown(memory: Sequence[float], factor: float = 1.25, spare: float = 16.0) -> list[Violation]:
    """Whether the memory of one process, in MiB at its quiet points, went on growing.

    The first point is right after the start, before everything has been used once: the second is the base.
    """
    if len(memory) < 3 or memory[-1] <= memory[1] * factor + spare:  # noqa: PLR2004 (a base and a later one)
        return []
    return [Violation("memory does not grow", f"{memory[1]:.0f} MiB became {memory[-1]:.0f} MiB")]


def _state(thing: Thing) -> Force:
    revision = thing.labels.get(contract.REVISION_LABEL, "")
    text = thing.annotations.get(contract.PARAMETERS_ANNOTATION, "{}")
    try:
        parameters = json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True)
    except ValueError:
        parameters = text
    return Force(int(revision) if revision.isdigit() else -1, parameters)


def _difference(book: Book, pair: Pair, markers: Markers) -> str:
    line, thing = book.lines[pair], book.policies.get(pair.place)
    targets = book.targets(pair)
    if is_namespace(pair.key):
        wanted = Absent() not in targets
        return "" if wanted == bool(thing) else f"{pair}: {'missing' if wanted else 'there'}"
    if line.blurred:
        return ""
    if thing is None:
        may_be_missing = any(isinstance(one, Absent) for one in targets)
        return "" if may_be_missing else f"{pair}: missing; {_told(line.ask, targets)}"
    state = _state(thing)
    if state not in targets:
        return f"{pair}: {_short(state)} is in force; {_told(line.ask, targets)}"
    return _content(book, pair, thing, markers)


def _content(book: Book, pair: Pair, thing: Thing, markers: Markers) -> str:
    owner, state = book.workloads[pair.key], _state(thing)
    if owner.deleting:
        return ""
    if thing.owners != {owner.uid}:
        return f"{pair}: has other owners than its workload"
    if thing.annotations.get(NOTE) != book.notes.get(thing.uid):
        return f"{pair}: an annotation of somebody else is gone"
    marker = markers.get((pair.template, state.revision))
    if marker is None:
        return f"{pair}: revision {state.revision} is not recorded"
    if pair.template == PRESET:
        wanted = preset_spec(marker, owner.spec)
    else:
        wanted = spec(marker, state.parameters, owner.spec)
    return "" if thing.spec == wanted else f"{pair}: {json.dumps(thing.spec)} instead of {json.dumps(wanted)}"


def _strangers(book: Book) -> Iterator[tuple[str, str]]:
    for place, thing in book.policies.items():
        parts = thing.labels.get(contract.TEMPLATE_LABEL) in DEFAULTS
        if place not in book.pairs and not parts and not _blurred(book, place[0]):
            yield place


def _blurred(book: Book, namespace: str) -> bool:
    return any(line.blurred for pair, line in book.lines.items() if pair.key.namespace == namespace)


def _needless(book: Book, writes: Iterable[Write]) -> Iterator[str]:
    for one in writes:
        pair = book.pairs.get(one.place)
        if one.verb != "delete" or not one.done or pair is None:
            continue
        line = book.lines[pair]
        if one.ours and not line.blurred and not _could_go(book, pair):
            yield f"the controller deleted the policy of {pair}; {_told(line.ask, book.targets(pair))}"
        owners = book.owners.get(one.uid, frozenset())
        if one.collected and owners and not owners & book.ended:
            yield f"the policy of {pair} was collected, and its owner never went"


def _could_go(book: Book, pair: Pair) -> bool:
    states = book.lines[pair].states | book.targets(pair)
    return is_namespace(pair.key) or any(isinstance(one, Absent) for one in states)


def _too_many(book: Book, counts: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for place, count in counts.items():
        pair = book.pairs.get(place)
        if pair is None or book.lines[pair].blurred:
            continue
        if count > (allowed := book.allowed(pair)):
            yield f"{count} writes of {pair} for {allowed} changes"


def _in_vain(book: Book, writes: Iterable[Write]) -> Iterator[str]:
    """Policies that were made anew for an owner that is gone, though they had been collected before."""
    collected = [one for one in writes if one.collected and one.verb == "delete" and one.done]
    counts = collections.Counter((one.place, book.owners.get(one.uid)) for one in collected)
    for (place, owners), count in counts.items():
        if owners and count > COLLECTED_TIMES:
            yield f"{place[1]} in {place[0]} was collected {count} times with one owner"


def _told(ask: object, targets: Iterable[State]) -> str:
    may = ", ".join(sorted(map(_short, targets)))
    return f"may be {may} by {ask}"


def _short(state: State) -> str:
    return f"revision {state.revision} with {state.parameters}" if isinstance(state, Force) else "none"
