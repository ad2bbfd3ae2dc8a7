"""How much of a core each process uses, and of all cores of the machine together. Linux only."""

import os
import time
from collections.abc import Mapping
from typing import Final

from bench import machine

MACHINE: Final = "the machine"
"""All cores and everything that runs on them, in percent of what they have."""

_PERCENT: Final = 100


class Shares:
    """Counts from when it is made."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._began = time.perf_counter()
        self._before = self._seconds()
        self._busy = machine.busy_seconds()

    def so_far(self) -> dict[str, float]:
        """Percent of one core by process, and of all of them for MACHINE."""
        passed = time.perf_counter() - self._began
        used = {name: now - self._before[name] for name, now in self._seconds().items()}
        used[MACHINE] = (machine.busy_seconds() - self._busy) / (os.cpu_count() or 1)
        return {name: round(_PERCENT * seconds / passed, 1) for name, seconds in used.items()}

    def _seconds(self) -> dict[str, float]:
        return {name: machine.cpu_seconds(pid) for name, pid in self._pids.items()}
