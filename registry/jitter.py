"""Waits of random length, so that many who wait for the same thing do not come back at once."""

import random
from typing import Final

_SOURCE: Final = random.SystemRandom()
"""Without a state: processes that were forked from one do not wait alike."""


def between(least: float, most: float) -> float:
    """A number from `least` to `most`."""
    return _SOURCE.uniform(least, most)
