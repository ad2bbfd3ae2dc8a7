"""The garbage collector of a long-running process."""

import gc
from typing import Final

THRESHOLD: Final = 20_000
"""New containers before the collector looks for cycles among them; Python's 700 is for short scripts."""


def keep_what_is_loaded() -> None:
    """Have the collector leave alone what is loaded now: it stays, and need not be gone through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(THRESHOLD)
