"""Which fault hits which exchange, and how often that happened."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

from devcluster.faults.actions import Action, Stage
from registry.cluster.requests import resource_of

_REMEMBERED = 20_000
_Ender = Callable[["Fault"], None]


class Request(NamedTuple):
    """What is looked at of a request; `path` is without its query, `token` the bearer's."""

    method: str
    path: str
    watch: bool
    token: str


class Seen(NamedTuple):
    """A request that came: when (monotonic clock, seconds), and the code passed on; 0 for none."""

    at: float
    method: str
    path: str
    watch: bool
    code: int


@dataclass(frozen=True)
class Match:
    """Whom a fault hits: all that is given must fit, and what is not given fits everything.

    `path` is a prefix; `resource` a plural, in any namespace and also in front of a name.
    """

    methods: frozenset[str] = frozenset()
    path: str = ""
    resource: str = ""
    watch: bool | None = None
    token: str = ""

    def fits(self, request: Request) -> bool:
        """Whether a request is meant."""
        return (
            (not self.methods or request.method in self.methods)
            and request.path.startswith(self.path)
            and (not self.resource or self.resource == resource_of(request.path).partition(".")[0])
            and self.watch in {None, request.watch}
            and self.token in {"", request.token}
        )


class Fault:
    """A fault that was injected: ends by `end`, at the end of a `with`, or when `times` are used up.

    A fault without `times` hits again and again; a `Stall` holds whom it hit until its `end` in any case.
    """

    def __init__(
        self,
        action: Action,
        match: Match,
        times: int | None,
        probability: float,
        ender: "_Ender",
    ) -> None:
        self.action = action
        self.fired = 0
        self.over = asyncio.Event()
        self.number = 0
        self._ender = ender
        self._match = match
        self._times = times
        self._probability = probability

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let things be as they were; safe to call twice, and from any thread."""
        self._ender(self)

    def hits(self, request: Request, stage: Stage, dice: random.Random) -> bool:
        """Whether it hits now; counted."""
        if self.over.is_set() or stage not in self.action.stages or not self._match.fits(request):
            return False
        used_up = self._times is not None and self.fired >= self._times
        if used_up or dice.random() >= self._probability:
            return False
        self.fired += 1
        return True


class Rules:
    """The faults in force, and what was seen; lives in the proxy's own thread."""

    def __init__(self, seed: int | None) -> None:
        self.seen: deque[Seen] = deque(maxlen=_REMEMBERED)
        self.news = asyncio.Event()
        self.latest = 0
        self._faults: list[Fault] = []
        self._dice = random.Random(seed)  # noqa: S311 (faults, no secrets)

    async def add(self, fault: Fault) -> None:
        """Have it hit from now on, also the watches that are under way."""
        self.latest += 1
        fault.number = self.latest
        self._faults.append(fault)
        self.news.set()
        self.news = asyncio.Event()

    async def remove(self, fault: Fault | None) -> None:
        """End one, or all."""
        for one in [fault] if fault else list(self._faults):
            one.over.set()
        self._faults = [one for one in self._faults if not one.over.is_set()]

    def pick(self, request: Request, stage: Stage, *, after: int = 0) -> Fault | None:
        """The first fault that hits, of those younger than number `after`."""
        for fault in self._faults:
            if fault.number > after and fault.hits(request, stage, self._dice):
                return fault
        return None
