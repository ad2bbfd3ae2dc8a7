"""What the rounds came to."""

import msgspec

from bench.soak import judge
from bench.soak.judge import Violation


class Figures(msgspec.Struct):
    """What one round came to; times in seconds.

    `fired` is how often the fault hit, `actions` what users did, `changes` what of it asked for something,
    `writes` what the controller wrote, `idle` what of that changed nothing, `turned_down` what was refused.
    `worst_gap` is the longest that a policy was missing while somebody could write, `longest_gap` in all.
    `recovered` passed until a controller led again, `settled` until all was as it should be. `stood_still` is
    left out of the gaps, since a bare client's write took too long as well.
    """

    name: str
    fired: int = 0
    actions: int = 0
    changes: int = 0
    writes: int = 0
    idle: int = 0
    turned_down: int = 0
    worst_gap: float = 0.0
    longest_gap: float = 0.0
    recovered: float = 0.0
    settled: float = 0.0
    stood_still: float = 0.0
    violations: list[Violation] = []


class Result(msgspec.Struct):
    """All rounds, and the memory in MiB of each main controller at its quiet points."""

    rounds: list[Figures] = []
    memory: dict[int, list[float]] = {}
    relists: int = 0

    def grown(self) -> list[Violation]:
        """Where memory went on growing."""
        return [one for points in self.memory.values() for one in judge.grown(points)]
