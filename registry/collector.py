"""The garbage collector of a long-running process."""

import gc
from typing import Final

THRESHOLD: Final = 20_000
"""New containers before the collector looks for cycles among them; Python's 700 is for short scripts."""


def look_seldom() -> None:
    """Have the collector begin only after many new containers: what is read at the start stays."""
    gc.set_threshold(THRESHOLD)


def keep_what_is_loaded() -> None:
    """Have the collector leave alone what is loaded now: it stays, and need not be gone through again."""
    look_seldom()
    gc.collect()
    gc.freeze()
