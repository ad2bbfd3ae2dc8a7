"""One change and its policy, cut into stages by what the audit log noted of its two requests. Pure.

The API server may answer after a watch has told of the change: a stage can be less than nothing.
"""

import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from bench.audit import Request

STAGES: Final = ("sent", "change served", "reaction", "write served", "shown")
"""Until the change is received; answered; the policy's write received; answered; in the bench's watch."""

TOTAL: Final = "altogether"
_MILLISECONDS: Final = 1000
_SLOWEST: Final = 5
_CLOCK_SECONDS: Final = 0.001
"""By which a request may seem to come before it was sent: the log has microseconds, cut off."""

Target = tuple[str, str, str, str]
"""Verb, resource, namespace and name of a request."""

Stages = dict[str, float]
"""Milliseconds by stage, and altogether."""


class Span(NamedTuple):
    """A change from its start until its policy shows, in seconds since 1970, and its two requests."""

    began: float
    ended: float
    asked: Target
    written: Target


def cut(spans: Iterable[Span], requests: Iterable[Request]) -> list[Stages]:
    """The stages of each change. Raises LookupError where the log does not tell of its requests."""
    noted: defaultdict[Target, list[Request]] = defaultdict(list)
    for one in requests:
        if one.done:
            target = one.object_ref
            noted[one.verb, target.resource, target.namespace, target.name].append(one)
    return [
        _stages(span, *(_within(span, noted, one) for one in (span.asked, span.written))) for span in spans
    ]


def _within(span: Span, noted: dict[Target, list[Request]], target: Target) -> Request:
    for one in noted.get(target, ()):
        if span.began - _CLOCK_SECONDS <= one.received <= span.ended + _CLOCK_SECONDS:
            return one
    raise LookupError(f"the audit log does not tell of {' '.join(target)}")


def _stages(span: Span, asked: Request, written: Request) -> Stages:
    times = (span.began, asked.received, asked.served, written.received, written.served, span.ended)
    parts = [_milliseconds(one, later) for one, later in itertools.pairwise(times)]
    return {**dict(zip(STAGES, parts, strict=True)), TOTAL: _milliseconds(span.began, span.ended)}


def _milliseconds(began: float, ended: float) -> float:
    return round((ended - began) * _MILLISECONDS, 3)


def of_the_slowest(changes: Sequence[Stages], stage: str) -> float:
    """The mean of a stage over those 5 % of the changes, at least one, that took longest altogether."""
    count = max(1, len(changes) * _SLOWEST // 100)
    worst = sorted(changes, key=lambda one: one[TOTAL])[-count:]
    return round(statistics.mean(one[stage] for one in worst), 3)


Figure = Callable[[Sequence[Stages], str], float]
"""One number for a stage of many changes."""
